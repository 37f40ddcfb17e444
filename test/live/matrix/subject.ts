// SPDX-License-Identifier: Apache-2.0
import type { Certificate } from '../support/certificate.js';
import type { Flow } from '../support/flow.js';
import type { Program, ProgramOptions } from '../support/program.js';
import type { Scene } from '../support/scene.js';
import type { Reply, Wanted } from './exchange.js';
import type { ReferenceServer } from './reference-server.js';

export type Scheme = 'http' | 'https';

/** `after`: the program starts when Flowtap captures. `before`: it runs already, with an open connection that it has used. */
export type Order = 'after' | 'before';

export interface Setting {
  readonly scene: Scene;
  readonly scheme: Scheme;
  readonly order: Order;
  /** For a server: what it shall listen with. */
  readonly certificate: Certificate;
  /** A directory of this program alone. */
  readonly directory: string;
  /** A process that turns into this command when the test wants it to start. */
  launch(command: string, args: readonly string[], options?: ProgramOptions): Promise<Program>;
}

export interface ServerSetting extends Setting {
  /** What a server that forwards forwards to. */
  readonly backend: ReferenceServer;
}

export interface ClientSetting extends Setting {
  readonly server: ReferenceServer;
  /** What the client will be asked to request, for those that have to know it from the start. */
  readonly requests: readonly Wanted[];
}

export interface Prepared<Running> {
  readonly program: Program;
  /** Resolves when the program, which has been started meanwhile, can be used. */
  ready(): Promise<Running>;
}

export interface RunningServer {
  readonly port: number;
  /** Whether a flow is none of those that the test asked for, such as one to a backend. */
  isOther?(flow: Flow): boolean;
}

export interface RunningClient {
  /** Makes a request; resolves with what the program says it got, or undefined when it does not say. */
  request(wanted: Wanted): Promise<Reply | undefined>;
  /** GETs the target with `&id=1` to `&id=<count>`, many at once; resolves with what went wrong. */
  load?(target: string, count: number, concurrency: number): Promise<readonly string[]>;
  isOther?(flow: Flow): boolean;
  /** The port that it is connected to, where that is not the server's own. */
  readonly port?: number;
  /** Request target as it stands in the request line, where it is not the plain path. */
  targetOf?(wanted: Wanted): string;
}

interface Described {
  /** Name in the table. */
  readonly program: string;
  /** What encrypts, for the table. */
  readonly library: string;
  /** Commands that have to be there. */
  readonly needs: readonly string[];
  /**
   * Neither running nor in the dynamic linker's cache when the capture begins: what encrypts is found when the program
   * maps it, and what passes until then is missed.
   */
  readonly isFoundLate?: boolean;
}

/** Why the TLS of a program cannot be read: what its opaque flows have to say, and what the table says then. */
export interface Unreadable {
  readonly code: string;
  readonly message: RegExp;
  readonly cell: string;
}

export interface ServerSubject extends Described {
  readonly role: 'server';
  prepare(setting: ServerSetting): Promise<Prepared<RunningServer>>;
}

export interface ClientSubject extends Described {
  readonly role: 'client';
  /** Makes all its requests one after the other without being asked, as command-line tools do. */
  readonly runsAlone?: boolean;
  readonly unreadable?: Unreadable;
  prepare(setting: ClientSetting): Promise<Prepared<RunningClient>>;
}

/** What is no HTTP client or server: it says itself what its cells are. */
export interface MeasuredSubject extends Described {
  readonly role: 'client' | 'server';
  measure(order: Order, scene: Scene, certificate: Certificate): Promise<ReadonlyMap<Scheme, string>>;
}

/** One row of the table. */
export type Subject = ServerSubject | ClientSubject | MeasuredSubject;
