// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProgramFacts } from './program-facts.js';

/** What a process runs on. */
export interface ProcessRuntime {
  /** `CPython`, `Ruby`, `Node.js`, `Go`, `JVM`, `.NET`, `PHP`, `Perl`, or `native` for everything else. */
  readonly name: string;
  readonly version?: string;
}

/** Shared libraries and executables by their file name; the first group is the version. */
const BY_FILE_NAME: readonly (readonly [name: string, file: RegExp])[] = [
  ['JVM', /^libjvm\.so$/],
  ['.NET', /^libcoreclr\.so$/],
  ['CPython', /^(?:lib)?python(\d\.\d+)\w*(?:\.so\S*)?$/],
  ['Ruby', /^(?:lib)?ruby-?(\d\.\d+)\w*(?:\.so\S*)?$/],
  ['PHP', /^php(?:-fpm)?(\d\.\d+)$/],
  ['Perl', /^(?:lib)?perl(?:\.so\.)?(\d\.\d+)?(?:\.\d+)?$/],
];

/** @param root the process's root directory as this process sees it */
export function detectRuntime(
  exe: string | undefined,
  mapped: readonly string[],
  facts: ProgramFacts,
  root: string,
): ProcessRuntime {
  const paths = exe === undefined ? mapped : [exe, ...mapped];
  for (const [name, file] of BY_FILE_NAME) {
    for (const path of paths) {
      const match = file.exec(path.slice(path.lastIndexOf('/') + 1));
      if (match === null) continue;
      return withVersion(name, name === 'JVM' ? javaVersion(root, path) : match[1]);
    }
  }
  if (facts.nodejs !== undefined) return withVersion('Node.js', facts.nodejs);
  if (facts.go !== undefined) return withVersion('Go', facts.go === '' ? undefined : facts.go);
  return { name: 'native' };
}

function withVersion(name: string, version: string | undefined): ProcessRuntime {
  return version === undefined ? { name } : { name, version };
}

/** `<home>/lib/server/libjvm.so`, before Java 9 `<home>/jre/lib/<arch>/server/libjvm.so`; `<home>/release` is a list. */
function javaVersion(root: string, libjvm: string): string | undefined {
  for (let directory = dirname(libjvm); directory !== '/'; directory = dirname(directory)) {
    try {
      const match = /^JAVA_VERSION="([^"]+)"$/m.exec(readFileSync(join(root, directory, 'release'), 'utf8'));
      if (match !== null) return match[1];
    } catch {
      // Not this directory.
    }
  }
  return undefined;
}
