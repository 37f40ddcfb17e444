// SPDX-License-Identifier: Apache-2.0
import type { FlowMessage } from '../flow/flow-message.js';
import type { Handover, OpenExchange, ParsedExchange, ParserContext } from '../parsing/protocol-plugin.js';

/** Keeps what a parser did until the tap does it. */
export type KeepAct = (act: () => void) => void;

/**
 * The surroundings of a parser that may be interrupted at any instruction. Nothing of the tap runs inside of it: what the
 * parser hands out is written down, and done by the tap afterwards. What it reads are plain values.
 *
 * @param onHandover the parser has nothing more to read, as soon as it says so.
 */
export function guardedContext(context: ParserContext, keep: KeepAct, onHandover: () => void): ParserContext {
  const { layer, tls, limits, upgraded } = context;
  return {
    get connection() {
      return context.connection;
    },
    get role() {
      return context.role;
    },
    get joinedLate() {
      return context.joinedLate;
    },
    get wantsUpdates() {
      return context.wantsUpdates;
    },
    layer,
    tls,
    limits,
    upgraded,
    open: (exchange) => {
      const announced = new AnnouncedLater(keep);
      keep(() => {
        announced.opened = context.open(asAnnounced(exchange));
      });
      return announced;
    },
    emit: (exchange) => keep(() => context.emit(asAnnounced(exchange))),
    handover: (handover) => {
      onHandover();
      keep(() => context.handover(withExchange(handover)));
    },
    count: (code, by) => keep(() => context.count(code, by)),
  };
}

/** Stands for an exchange that the tap has not been told of yet. */
class AnnouncedLater implements OpenExchange {
  /** Undefined before, and when nobody is to hear of it. */
  opened: OpenExchange | undefined;
  readonly #keep: KeepAct;

  constructor(keep: KeepAct) {
    this.#keep = keep;
  }

  get flowId(): string {
    return this.opened?.flowId ?? '';
  }

  message(message: FlowMessage): void {
    this.#keep(() => this.opened?.message(message));
  }
}

/** The exchange with what the tap itself returned when it was announced. */
function asAnnounced(exchange: ParsedExchange): ParsedExchange {
  if (!(exchange.opened instanceof AnnouncedLater)) return exchange;
  const { opened, ...rest } = exchange;
  const real = opened.opened;
  return real === undefined ? rest : { ...rest, opened: real };
}

function withExchange(handover: Handover): Handover {
  return handover.exchange === undefined ? handover : { ...handover, exchange: asAnnounced(handover.exchange) };
}
