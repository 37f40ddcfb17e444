// SPDX-License-Identifier: Apache-2.0
import type { Program } from './program.js';

/** Arguments of gnutls-cli for a server on loopback. `plain`: it never begins with TLS, as nobody tells it to (STARTTLS). */
export function gnutlsCliArguments(port: number, { plain = false } = {}): readonly string[] {
  return ['--insecure', ...(plain ? ['--starttls'] : []), '--port', String(port), '127.0.0.1'];
}

/** Resolves when it passes on what it reads from its stdin. */
export async function gnutlsCliConnected(program: Program): Promise<void> {
  await program.printed(/Simple Client Mode/);
}
