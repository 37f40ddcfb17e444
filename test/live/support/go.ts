// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll } from 'vitest';
import type { Certificate } from './certificate.js';
import { readJsonLines } from './flow.js';
import { cleanEnvironment, type Program } from './program.js';
import type { ServedRequest } from './python.js';
import type { Scene } from './scene.js';

const sources = fileURLToPath(new URL('./go', import.meta.url));
const cache = fileURLToPath(new URL('../../../.cache', import.meta.url));

/** The system's, or one that `npm run setup` has fetched. */
export type Toolchain = 'system' | 'stack-abi' | 'newest';

export interface GoBuild {
  readonly toolchain?: Toolchain;
  /** Without symbol table and debugging information. */
  readonly stripped?: boolean;
  readonly pie?: boolean;
  /** Without inlining, so that crypto/tls is compiled otherwise. */
  readonly plainCalls?: boolean;
}

/** What a test is called: "go (system), stripped". */
export function buildName(build: GoBuild): string {
  return [`go (${build.toolchain ?? 'system'})`, ...variants(build)].join(', ');
}

function variants({ stripped = false, pie = false, plainCalls = false }: GoBuild): readonly string[] {
  return [...(stripped ? ['stripped'] : []), ...(pie ? ['pie'] : []), ...(plainCalls ? ['not inlined'] : [])];
}

function goRoot(toolchain: Toolchain): string | undefined {
  if (toolchain === 'system') return undefined;
  const directory = join(cache, 'go-toolchains', toolchain);
  const name = readFileSync(join(directory, 'complete'), 'utf8').trim();
  return join(directory, 'usr/lib', name);
}

/** FLOWTAP_TEST_PROGRAMS: where the programs lie that another machine has compiled. */
const compiled = process.env['FLOWTAP_TEST_PROGRAMS'];

export function hasToolchain(toolchain: Toolchain): boolean {
  if (compiled !== undefined) return existsSync(compiled);
  if (toolchain === 'system') return spawnSync('go', ['version'], { env: cleanEnvironment }).status === 0;
  return existsSync(join(cache, 'go-toolchains', toolchain, 'complete'));
}

/** Programs of this process that are compiled. */
const built = new Set<string>();

/** Compiles one of the programs in support/go, with nothing from the network. Compiled packages are kept for the next time. */
export function buildGo(program: 'server' | 'client', build: GoBuild = {}): string {
  const { toolchain = 'system', stripped = false, pie = false, plainCalls = false } = build;
  const file = [program, toolchain, ...variants(build)].join('-').replace(' ', '-');
  if (compiled !== undefined) return join(compiled, file);
  const root = goRoot(toolchain);
  const directory = join(cache, 'go-programs');
  mkdirSync(directory, { recursive: true });
  const output = join(directory, file);
  if (built.has(output)) return output;
  const flags = [
    ...(stripped ? ['-ldflags', '-s -w'] : []),
    ...(pie ? ['-buildmode=pie'] : []),
    ...(plainCalls ? ['-gcflags=all=-l'] : []),
  ];
  execFileSync(root === undefined ? 'go' : join(root, 'bin/go'), ['build', ...flags, '-o', output, `./${program}`], {
    cwd: sources,
    env: {
      ...cleanEnvironment,
      ...(root === undefined ? {} : { GOROOT: root }),
      GOCACHE: join(cache, `go-build-${toolchain}`),
      GOPATH: join(cache, 'go-path'),
      GO111MODULE: 'off',
      GOTOOLCHAIN: 'local',
      GOPROXY: 'off',
      GOFLAGS: '',
      CGO_ENABLED: '0',
    },
  });
  built.add(output);
  return output;
}

/** The first time, a compiler compiles its whole library. */
const BUILD_TIMEOUT_MS = 300_000;

/** Compiles both programs before the tests of a group. */
export function useGoPrograms(...builds: readonly GoBuild[]): void {
  for (const build of builds) {
    beforeAll(() => {
      for (const program of ['server', 'client'] as const) buildGo(program, build);
    }, BUILD_TIMEOUT_MS);
  }
}

export interface GoServerOptions {
  readonly certificate?: Certificate;
  /** What stands between crypto/tls and the TCP connection. */
  readonly wrap?: 'embedded' | 'hidden';
  /** HTTP/2 by ALPN, beside HTTP/1.1. Needs a certificate. */
  readonly http2?: boolean;
}

let logs = 0;

/** net/http's server, with a log of its own; see go/server/main.go. */
export class GoServer {
  readonly program: Program;
  readonly port: number;
  readonly #log: string;
  readonly #scheme: string;

  private constructor(program: Program, port: number, log: string, scheme: string) {
    this.program = program;
    this.port = port;
    this.#log = log;
    this.#scheme = scheme;
  }

  static async start(scene: Scene, executable: string, options: GoServerOptions = {}): Promise<GoServer> {
    logs += 1;
    const log = scene.path(`go-server-${logs}.log`);
    const program = await scene.start(executable, GoServer.arguments(log, options));
    return GoServer.of(program, log, options);
  }

  static arguments(log: string, { certificate, wrap, http2 = false }: GoServerOptions): readonly string[] {
    return [
      ...['-log', log],
      ...(certificate === undefined ? [] : ['-certificate', certificate.file, '-key', certificate.key]),
      ...(wrap === undefined ? [] : ['-wrap', wrap]),
      ...(http2 ? ['-http2'] : []),
    ];
  }

  /** A server that something else has started, with its output on the program's. */
  static async of(program: Program, log: string, { certificate }: GoServerOptions): Promise<GoServer> {
    const { port } = JSON.parse(await program.line()) as { port: number };
    return new GoServer(program, port, log, certificate === undefined ? 'http' : 'https');
  }

  get pid(): number {
    return this.program.pid;
  }

  url(target: string): string {
    return `${this.#scheme}://127.0.0.1:${this.port}${target}`;
  }

  requests(): readonly ServedRequest[] {
    return readJsonLines(this.#log);
  }

  /** Port of the client by the id of its request. */
  clientPorts(): ReadonlyMap<string, number> {
    return new Map(this.requests().map(({ id, client }) => [id, client?.[1] ?? 0]));
  }
}

/** What the client prints about a request. */
export interface GoAnswer {
  readonly url: string;
  readonly status: number;
  readonly text: string;
  /** Of its end of the connection. */
  readonly port: number;
  readonly error?: string;
}
