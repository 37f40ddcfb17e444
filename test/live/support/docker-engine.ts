// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { cleanEnvironment, type Ended, Program } from './program.js';

/** What is in PATH before it may be something else. */
const DOCKER = '/usr/bin/docker';
const CGROUP = `flowtap-engine-${process.pid}`;

/**
 * A Docker engine of our own: its containerd, its files and its network namespace, in which the containers' bridge is.
 * The machine's engine, if it has one, is not touched.
 */
export class DockerEngine {
  readonly #directory = mkdtempSync(join(tmpdir(), 'flowtap-engine-'));
  #containerd: Program | undefined;
  #dockerd: Program | undefined;

  static async start(): Promise<DockerEngine> {
    const engine = new DockerEngine();
    try {
      await engine.#startContainerd();
      await engine.#startDockerd();
    } catch (error) {
      await engine.stop();
      throw error;
    }
    return engine;
  }

  get host(): string {
    return `unix://${this.path('docker.sock')}`;
  }

  path(name: string): string {
    return join(this.#directory, name);
  }

  /** Runs the docker command to its end. */
  async docker(...args: readonly string[]): Promise<Ended> {
    return (await this.start(args, '')).ended;
  }

  /** The same where any status but 0 is an error. */
  async run(...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.docker(...args);
    if (status !== 0) throw new Error(`docker ${args.join(' ')} ended with ${status}: ${stderr}`);
    return stdout.trim();
  }

  /** Starts the docker command. */
  start(args: readonly string[], input?: string): Promise<Program> {
    const options = { env: { ...cleanEnvironment, HOME: this.#directory }, ...(input === undefined ? {} : { input }) };
    return Program.start(DOCKER, ['--host', this.host, ...args], options);
  }

  /** Makes an image of a directory. */
  import(directory: string, image: string, changes: readonly string[] = []): void {
    const options = changes.flatMap((change) => ['--change', `'${change}'`]).join(' ');
    const command = `tar --create --directory '${directory}' . | ${DOCKER} --host ${this.host} import ${options} - ${image}`;
    const { status, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8', env: cleanEnvironment });
    if (status !== 0) throw new Error(`cannot make the image ${image}: ${stderr}`);
  }

  async address(container: string): Promise<string> {
    return this.run('inspect', '--format', '{{.NetworkSettings.IPAddress}}', container);
  }

  /** Ends the engine, with its containers running on, and starts it again. */
  async restart(whileAway: () => Promise<void> = async () => {}): Promise<void> {
    await this.#dockerd?.stop();
    await whileAway();
    await this.#startDockerd();
  }

  async removeContainers(): Promise<void> {
    const ids = (await this.run('ps', '--all', '--quiet')).split('\n').filter((id) => id !== '');
    if (ids.length > 0) await this.docker('rm', '--force', ...ids);
  }

  async stop(): Promise<void> {
    if (this.#dockerd?.isRunning) await this.removeContainers();
    await this.#dockerd?.stop();
    await this.#containerd?.stop();
    killAllWith(this.#directory);
    unmountAllBelow(this.#directory);
    for (const hierarchy of ['', ...readdirSync('/sys/fs/cgroup')])
      removeGroup(join('/sys/fs/cgroup', hierarchy, CGROUP));
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #startContainerd(): Promise<void> {
    const address = this.path('containerd.sock');
    const configuration = [
      'version = 2',
      'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
      `root = "${this.path('containerd')}"`,
      `state = "${this.path('containerd-state')}"`,
      `[grpc]\naddress = "${address}"`,
    ];
    writeFileSync(this.path('containerd.toml'), `${configuration.join('\n')}\n`);
    this.#containerd = await Program.start('containerd', ['--config', this.path('containerd.toml')], {});
    await this.#containerd.says('containerd successfully booted');
  }

  async #startDockerd(): Promise<void> {
    const options = [
      ...['--containerd', this.path('containerd.sock'), '--host', this.host, '--pidfile', this.path('docker.pid')],
      ...['--data-root', this.path('root'), '--exec-root', this.path('exec'), '--storage-driver', 'overlay2'],
      // A network namespace of its own is a bridge of its own, and no rule of the machine is touched.
      ...['--iptables=false', '--ip6tables=false', '--live-restore', '--cgroup-parent', `/${CGROUP}`],
    ];
    const namespace = this.path('network');
    // Kept by a file, so that an engine that starts again finds its containers' bridge.
    const script = `[ -e ${namespace} ] || { touch ${namespace}; unshare --net=${namespace} ip link set lo up; }
      exec nsenter --net=${namespace} dockerd ${options.join(' ')}`;
    this.#dockerd = await Program.start('sh', ['-c', script], {});
    await this.#dockerd.says('API listen on');
  }
}

/** An engine for the tests of a file. */
export function useDockerEngine(prepare: (engine: DockerEngine) => Promise<void>): () => DockerEngine {
  let engine: DockerEngine | undefined;
  beforeAll(async () => {
    engine = await DockerEngine.start();
    await prepare(engine);
  }, 120_000);
  afterAll(() => engine?.stop(), 60_000);
  return () => {
    if (engine === undefined) throw new Error('there is an engine during the tests only');
    return engine;
  };
}

/** Shims outlive their engine. What is ours has our directory in its command line. */
function killAllWith(directory: string): void {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (readFileSync(`/proc/${entry}/cmdline`, 'latin1').includes(directory)) process.kill(Number(entry), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Innermost first: network namespaces that files keep, and what an engine that was killed has left. */
function unmountAllBelow(directory: string): void {
  const places = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[1] ?? [])
    .filter((place) => place.startsWith(`${directory}/`));
  for (const place of places.reverse()) spawnSync('umount', ['--lazy', place]);
}

function removeGroup(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // This hierarchy has none.
  }
}
