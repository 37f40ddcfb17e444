// SPDX-License-Identifier: Apache-2.0
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageDetails } from './docker-client.js';
import { findLibraries } from './layer-libraries.js';
import { findInLayers } from './layered-path.js';

/** What execvp(3) and engines take where a container has no PATH. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const MAX_WORDS = 64;
/** `#!` lines are cut at this length by the kernel (BINPRM_BUF_SIZE). */
const MAX_SHEBANG_BYTES = 256;
const MAX_LAYERS = 512;

/**
 * Finds what a container may load as soon as it starts, while it does not run: TLS libraries anywhere in its layers, and
 * the programs that its command names, which may have such a library inside.
 */
export class ImageFiles {
  /** By layer: those of images never change. */
  readonly #libraries = new Map<string, Promise<readonly string[]>>();

  /** @param command as a shell would show it. */
  async filesOf({ layers, environment, command }: ImageDetails & { readonly command: string }) {
    const reachable = layers.map(reachablePath).filter((layer) => layer !== undefined);
    const libraries = await Promise.all(reachable.map((layer) => this.#librariesOf(layer)));
    return [...new Set([...programsOf(reachable, command, environment), ...libraries.flat()])];
  }

  #librariesOf(layer: string): Promise<readonly string[]> {
    const known = this.#libraries.get(layer);
    if (known !== undefined) return known;
    const libraries = findLibraries(layer);
    this.#libraries.set(layer, libraries);
    if (this.#libraries.size > MAX_LAYERS) {
      for (const oldest of this.#libraries.keys()) {
        this.#libraries.delete(oldest);
        break;
      }
    }
    return libraries;
  }
}

/** In a container with the host's processes in view, the host's files are below its first process's root. */
function reachablePath(path: string): string | undefined {
  return [path, join('/proc/1/root', path)].find((candidate) => existsSync(candidate));
}

/** Programs that the words of a command mean, also those of `sh -c "exec node server.js"`, with their interpreters. */
function programsOf(layers: readonly string[], command: string, environment: readonly string[]): string[] {
  const path = environment.find((entry) => entry.startsWith('PATH='))?.slice('PATH='.length) || DEFAULT_PATH;
  const words = command.split(/[\s;&|()"']+/).filter((word) => word !== '');
  const programs = new Set<string>();
  for (let i = 0; i < words.length && i < MAX_WORDS; i++) {
    const program = findProgram(layers, words[i] ?? '', path.split(':'));
    if (program === undefined || programs.has(program)) continue;
    programs.add(program);
    words.push(...interpreterOf(program));
  }
  return [...programs];
}

function findProgram(layers: readonly string[], word: string, path: readonly string[]): string | undefined {
  if (word.startsWith('/')) return findInLayers(layers, word);
  // Words of a command that are no program are many: options, addresses, code.
  if (!/^[\w.+-]+$/.test(word) || word.startsWith('-')) return undefined;
  for (const directory of path) {
    const program = findInLayers(layers, join(directory, word));
    if (program !== undefined) return program;
  }
  return undefined;
}

/** `#!/usr/bin/env node`: both words (execve(2)). */
function interpreterOf(program: string): readonly string[] {
  const head = Buffer.alloc(MAX_SHEBANG_BYTES);
  let bytes = 0;
  try {
    const fd = openSync(program, 'r');
    bytes = readSync(fd, head);
    closeSync(fd);
  } catch {
    return []; // gone meanwhile
  }
  const [line = ''] = head.toString('latin1', 0, bytes).split('\n');
  return line.startsWith('#!') ? line.slice(2).trim().split(/\s+/) : [];
}
