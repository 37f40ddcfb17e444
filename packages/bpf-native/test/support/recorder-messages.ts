// SPDX-License-Identifier: Apache-2.0
import type { CloseEvent, ConnectEvent, DataEvent, GetsocknameEvent, LostEvent, ProcessEvent } from '@flowtap/core';
import type { BpfSourceOptions } from '../../src/index.js';

export type RunningTarget =
  | { readonly pid: number }
  | { readonly cgroup: string }
  | { readonly container: string; readonly pid?: number; readonly files?: readonly string[] };

/** What a test tells the program recorder.ts to do. */
export type Order = { readonly id: number } & OrderKind;

export type OrderKind =
  | { readonly do: 'start'; readonly options: BpfSourceOptions }
  | { readonly do: 'add'; readonly target: RunningTarget }
  | { readonly do: 'remove'; readonly handle: number }
  | { readonly do: 'spawn'; readonly command: string; readonly args: readonly string[] }
  | { readonly do: 'block'; readonly milliseconds: number }
  | { readonly do: 'counters' }
  | { readonly do: 'libraries' }
  | { readonly do: 'give-way' }
  | { readonly do: 'yield'; readonly times: number }
  | { readonly do: 'stop' };

/** The bytes as latin1 text: one character for each byte. */
export type SentData = Omit<DataEvent, 'bytes'> & { readonly bytes: string };
export type SentEvent = ConnectEvent | GetsocknameEvent | SentData | CloseEvent | ProcessEvent | LostEvent;

export interface ChildEnd {
  readonly pid: number;
  readonly code: number | null;
  readonly signal: string | null;
}

/** What recorder.ts tells the test. */
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly message: string; readonly code?: string | undefined } }
  | { readonly event: SentEvent }
  | { readonly exited: ChildEnd }
  | { readonly sourceError: string };
