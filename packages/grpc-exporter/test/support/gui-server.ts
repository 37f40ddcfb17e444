// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from './until.js';

const PROGRAM = fileURLToPath(new URL('../programs/gui-server.mjs', import.meta.url));

export interface GuiMessage {
  readonly headers: Readonly<Record<string, { readonly values: readonly string[] }>>;
  /** As text, or in base64 for gRPC. */
  readonly payload: string;
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly http_version?: string;
  readonly status?: number;
  readonly status_msg?: string;
}

/** A flow as the GUI got it. */
export interface GuiFlow {
  readonly uuid: string;
  readonly source_addr: string;
  readonly dest_addr: string;
  readonly l7_protocol: string;
  readonly request?: string;
  readonly response?: string;
  readonly http_request?: GuiMessage;
  readonly http_response?: GuiMessage;
  readonly grpc_request?: GuiMessage;
  readonly grpc_response?: GuiMessage;
}

export interface GuiContainer {
  readonly id: string;
  readonly image: string;
  readonly ip: string;
  readonly name: string;
  readonly status: string;
}

type Answer = 'at once' | 'never' | { readonly afterMs: number };

interface Fact {
  readonly listening?: number;
  readonly agent?: string;
  readonly containers?: readonly GuiContainer[];
  readonly atMs?: number;
  readonly flow?: GuiFlow;
  readonly violation?: string;
  readonly done?: unknown;
}

/** The GUI's side as a process of its own, which remembers across restarts what it was told. */
export class GuiServer {
  readonly agents: string[] = [];
  readonly reports: { readonly containers: readonly GuiContainer[]; readonly atMs: number }[] = [];
  readonly flows: GuiFlow[] = [];
  readonly violations: string[] = [];
  readonly #launcher: readonly string[];
  #port = 0;
  #done = 0;
  #child: ChildProcess | undefined;

  /** @param launcher command that starts the program, such as nsenter with its options */
  constructor(launcher: readonly string[] = []) {
    this.#launcher = launcher;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Requests in the order of their first arrival, with what came for them later. */
  get exchanges(): readonly { readonly request: GuiFlow; readonly response: GuiFlow | undefined }[] {
    const responses = new Map(
      this.flows.filter(({ response }) => response !== undefined).map((flow) => [flow.uuid, flow]),
    );
    const requests = new Map<string, GuiFlow>();
    for (const flow of this.flows) {
      if (flow.request !== undefined && !requests.has(flow.uuid)) requests.set(flow.uuid, flow);
    }
    return [...requests.values()].map((request) => ({ request, response: responses.get(request.uuid) }));
  }

  /** Starts, or starts again at the same port. */
  async start(): Promise<void> {
    const [command = process.execPath, ...args] = [...this.#launcher, process.execPath, PROGRAM, String(this.#port)];
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    let listening = false;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const fact: Fact = JSON.parse(line);
      if (fact.listening !== undefined) {
        this.#port = fact.listening;
        listening = true;
      }
      this.#take(fact);
    });
    await until('it listens', () => listening);
  }

  /** At once, with everything that it has not answered. Resolves when all that it said has been read. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await closed;
  }

  setSettings(ids: readonly string[]): Promise<void> {
    return this.#command({ set_settings: ids });
  }

  answer(answer: Answer): Promise<void> {
    return this.#command({ answer });
  }

  async #command(command: object): Promise<void> {
    const before = this.#done;
    this.#child?.stdin?.write(`${JSON.stringify(command)}\n`);
    await until('the command is done', () => this.#done > before);
  }

  #take({ agent, containers, atMs = 0, flow, violation, done }: Fact): void {
    if (agent !== undefined) this.agents.push(agent);
    if (containers !== undefined) this.reports.push({ containers, atMs });
    if (flow !== undefined) this.flows.push(flow);
    if (violation !== undefined) this.violations.push(violation);
    if (done !== undefined) this.#done += 1;
  }
}
