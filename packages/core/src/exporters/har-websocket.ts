// SPDX-License-Identifier: Apache-2.0
import type { ExchangeFlow } from '../flow/flow.js';
import type { FlowMessage } from '../flow/flow-message.js';

/** RFC 6455 §11.8. Control frames have no place in what browsers write. */
const OPCODES: Partial<Record<FlowMessage['type'], number>> = { text: 1, binary: 2 };

/** What Chrome's developer tools add to an entry for a WebSocket. `time`: seconds since the Unix epoch. */
export function harWebSocket({ messages = [], startTimeMs, messageCount, messagesLost }: ExchangeFlow): object {
  return {
    _webSocketMessages: messages.flatMap((message) => {
      const { type, sender, offsetMs, content } = message;
      const opcode = OPCODES[type];
      if (opcode === undefined) return [];
      const text = type === 'text' ? content.text() : undefined;
      return {
        type: sender === 'client' ? 'send' : 'receive',
        time: (startTimeMs + offsetMs) / 1000,
        opcode,
        data: text ?? content.decoded().bytes.toString('base64'),
        ...(content.truncated ? { _truncated: true } : {}),
      };
    }),
    _messageCount: messageCount,
    _messagesLost: messagesLost,
  };
}
