// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { useCertificate } from './certificate.js';
import { makeImage } from './container-image.js';
import { type DockerEngine, useDockerEngine } from './docker-engine.js';
import { attach, type Capture } from './flowtap.js';
import type { Program } from './program.js';
import { python } from './python.js';
import type { Scene } from './scene.js';
import { until } from './until.js';

const scripts = fileURLToPath(new URL('./python', import.meta.url));

/** What tests of containers need beside an engine's commands. */
export const containerNeeds = ['dockerd', 'containerd', '/usr/bin/docker', 'unshare', 'curl', 'nginx', 'openssl'];

/** With curl, Python, nginx and a shell, as they are on this machine. */
export const TOOLS = 'tools:1';

/** Containers of an engine of our own. Their names are taken again by the next test. */
export class Containers {
  readonly engine: () => DockerEngine;
  readonly #scene: Scene;
  readonly #certificateDirectory: () => string;

  constructor(engine: () => DockerEngine, scene: Scene, certificateDirectory: () => string) {
    this.engine = engine;
    this.#scene = scene;
    this.#certificateDirectory = certificateDirectory;
  }

  /** Starts a container that goes on until the test ends. `options` and command as for `docker run`. */
  async start(name: string, ...args: readonly string[]): Promise<void> {
    this.#removeLater(name);
    await this.engine().run('run', '--detach', '--name', name, ...args);
  }

  /** Makes a container that is started by `docker start`, and gone after the test. */
  async create(name: string, ...args: readonly string[]): Promise<void> {
    this.#removeLater(name);
    await this.engine().run('create', '--name', name, ...args);
  }

  /** Runs a container to its end, and leaves nothing of it. */
  run(name: string, ...args: readonly string[]): Promise<string> {
    return this.engine().run('run', '--rm', '--name', name, ...args);
  }

  /** An HTTPS server that tells what it is asked (python/server.py). Returns its URL. */
  async startServer(name: string, ...options: readonly string[]): Promise<string> {
    await this.start(name, ...this.serverCommand('https', options));
    return this.urlOf(name);
  }

  /** Options that bring certificate.pem and key.pem into /certificate. */
  get certificateVolume(): readonly string[] {
    return ['-v', `${this.#certificateDirectory()}:/certificate:ro`];
  }

  serverCommand(scheme: 'http' | 'https', options: readonly string[] = []): readonly string[] {
    const volumes = ['-v', `${scripts}:/python:ro`, ...this.certificateVolume];
    const tls = scheme === 'https' ? ['--tls', '/certificate/certificate.pem', '/certificate/key.pem'] : [];
    return [...volumes, ...options, TOOLS, 'python3', '/python/server.py', '--host', '0.0.0.0', ...tls];
  }

  /** @param runs how often the container has been started. */
  async urlOf(name: string, runs = 1, scheme = 'https'): Promise<string> {
    const port = await until(`${name} listens`, async () => {
      const ports = [...(await this.engine().docker('logs', name)).stdout.matchAll(/"port": (\d+)/g)];
      return ports[runs - 1]?.[1];
    });
    return `${scheme}://${await this.engine().address(name)}:${port}`;
  }

  /** `flowtap attach` to containers of this engine. */
  attach(...selection: readonly string[]): Promise<Capture> {
    return attach(this.#scene, ['--docker-host', this.engine().host, ...selection]);
  }

  #removeLater(name: string): void {
    this.#scene.onClose(async () => {
      await this.engine().docker('rm', '--force', name);
    });
  }

  /** A docker command that reads what is written to it. */
  async interactive(...args: readonly string[]): Promise<Program> {
    const program = await this.engine().start(args);
    this.#scene.onClose(() => program.kill());
    return program;
  }
}

function standardLibrary(): string {
  const program = 'import sysconfig; print(sysconfig.get_path("stdlib"))';
  return execFileSync(python, ['-c', program], { encoding: 'utf8' }).trim();
}

/** An engine for the tests of a file with two servers, `server` (HTTPS) and `plain`, that nobody captures by default. */
export function useContainers(
  scene: Scene,
  prepare: (engine: DockerEngine) => void | Promise<void> = () => {},
): { readonly containers: Containers; readonly urls: { readonly server: string; readonly plain: string } } {
  const certificate = useCertificate();
  const urls = { server: '', plain: '' };
  let made: DockerEngine | undefined;
  const engine = useDockerEngine(async (fresh) => {
    made = fresh;
    makeImage(fresh, TOOLS, {
      programs: ['/usr/bin/curl', '/bin/sh', '/bin/sleep', '/bin/cat', python, '/usr/sbin/nginx'],
      copies: {
        [standardLibrary()]: standardLibrary(),
        '/etc/passwd': '/etc/passwd',
        '/etc/group': '/etc/group',
      },
    });
    for (const [name, scheme] of [['server', 'https'] as const, ['plain', 'http'] as const]) {
      await fresh.run('run', '--detach', '--name', name, ...containers.serverCommand(scheme));
      urls[name] = await containers.urlOf(name, 1, scheme);
    }
    await prepare(fresh);
  });
  const containers = new Containers(
    () => made ?? engine(),
    scene,
    () => dirname(certificate.file),
  );
  return { containers, urls };
}
