// SPDX-License-Identifier: Apache-2.0
import { Script } from 'node:vm';
import { CreateError } from './create-error.js';

/** The ways in which code writes the name of a protocol. */
export interface Names {
  /** `key-value` */
  readonly kebab: string;
  /** `keyValue` */
  readonly camel: string;
  /** `KeyValue` */
  readonly pascal: string;
}

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const MAX_LENGTH = 64;

/** @throws CreateError when it cannot be the name of a protocol, a package and a function. */
export function namesOf(name: string): Names {
  if (!NAME.test(name) || name.length > MAX_LENGTH) {
    throw new CreateError(`'${name}' cannot be the name; use lower-case letters, digits and hyphens, as in key-value.`);
  }
  const pascal = name.split('-').map(capitalized).join('');
  const camel = pascal.charAt(0).toLowerCase() + pascal.slice(1);
  if (isReserved(camel)) throw new CreateError(`'${name}' is a word of JavaScript; try ${name}-protocol.`);
  return { kebab: name, camel, pascal };
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function isReserved(identifier: string): boolean {
  try {
    // Compiled only. In a module `await` is reserved as well.
    new Script(`'use strict'; async () => { let ${identifier}; };`);
    return false;
  } catch {
    return true;
  }
}
