// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

interface Endpoint {
  readonly address?: string;
  readonly port?: number;
  readonly path?: string;
}

interface Body {
  readonly size: number;
  readonly captured: number;
  readonly truncated: boolean;
  readonly contentEncoding?: string;
  readonly text?: string;
  readonly base64?: string;
}

interface Message {
  readonly httpVersion: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly trailers?: readonly (readonly [string, string])[];
  readonly body: Body;
}

interface Gap {
  readonly direction: 'ingress' | 'egress';
  readonly offset: number;
  readonly bytes: number;
  readonly reason: string;
}

interface ConversationMessage {
  readonly type: string;
  readonly sender: 'client' | 'server';
  readonly offsetMs: number;
  readonly content: Body;
  readonly compressed?: true;
  readonly closeCode?: number;
}

interface EventStream {
  readonly events: readonly { readonly event: string; readonly id?: string; readonly content: Body }[];
  readonly eventCount: number;
}

interface Failure {
  readonly code: string;
  readonly message: string;
}

/** A flow as the JSON lines have it. */
export interface Flow {
  readonly schema: 1;
  readonly kind: 'flow' | 'opaque';
  readonly id: string;
  readonly protocol: string;
  readonly scheme?: string;
  readonly tls: boolean;
  readonly role: 'client' | 'server' | 'unknown';
  readonly startTime: string;
  readonly durationMs: number;
  readonly source?: Endpoint;
  readonly destination?: Endpoint;
  readonly process: {
    readonly pid: number;
    readonly comm: string;
    readonly exe?: string;
    readonly containerId?: string;
  };
  readonly container?: {
    readonly id: string;
    readonly name: string;
    readonly image: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly sourceContainer?: string;
  readonly destinationContainer?: string;
  readonly connectionId: number;
  readonly fdSource?: 'set-fd' | 'nested-call' | 'last-read' | 'go' | 'unknown';
  readonly request?: Message & { readonly method: string; readonly target: string; readonly authority?: string };
  readonly response?: Message & {
    readonly status: number;
    readonly reason: string;
    readonly eventStream?: EventStream;
  };
  readonly messages?: readonly ConversationMessage[];
  readonly messageCount?: number;
  readonly complete?: boolean;
  readonly headersIncomplete?: true;
  readonly joined?: 'late';
  readonly error?: Failure;
  readonly gaps?: readonly Gap[];
  readonly local?: Endpoint;
  readonly remote?: Endpoint;
  readonly sni?: string;
  readonly alpn?: readonly string[];
  readonly bytes?: { readonly ingress: number; readonly egress: number };
  readonly reason?: Failure;
}

/** The one flow that there is. */
export function only(flows: readonly Flow[]): Flow {
  const [flow] = flows;
  if (flow === undefined || flows.length > 1) throw new Error(`there are ${flows.length} flows and not one`);
  return flow;
}

/** Complete lines of a file of JSON lines; none when there is no file yet. */
export function readJsonLines<T>(path: string): readonly T[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  return parseJsonLines<T>(text);
}

export function parseJsonLines<T>(text: string): readonly T[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as T);
}

export function header(message: Message | undefined, name: string): string | undefined {
  return message?.headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

/** Targets of the requests, in the order of the flows. */
export function targets(flows: readonly Flow[]): readonly (string | undefined)[] {
  return flows.map((flow) => flow.request?.target);
}

/** Value of the query parameter `id`. */
export function requestId(flow: Flow): string | undefined {
  const target = flow.request?.target;
  return target === undefined ? undefined : (new URL(target, 'http://x').searchParams.get('id') ?? undefined);
}
