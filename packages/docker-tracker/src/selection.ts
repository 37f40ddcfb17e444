// SPDX-License-Identifier: Apache-2.0
import type { Container } from './container.js';

/** Which containers are meant. Several selections mean those that any of them means. */
export type ContainerSelection =
  | { readonly name: string }
  /** The whole id, or what it begins with. */
  | { readonly id: string }
  /** As in `nginx` (any tag) or `nginx:1.27`. */
  | { readonly image: string }
  /** `value` absent: whatever it is. */
  | { readonly label: string; readonly value?: string }
  | { readonly composeProject: string }
  /** Every container but the one that this process runs in. */
  | { readonly all: true };
