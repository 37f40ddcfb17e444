// SPDX-License-Identifier: Apache-2.0
import type { Detection, Probe } from '@flowtap/core';
import { type CommandShape, commandShape } from './command-shape.js';
import { HEADER_BYTES, PROBE_BYTES } from './constants.js';
import { beginsGreeting } from './greeting.js';
import { beginsLogin } from './login.js';
import type { Beginning } from './packets/message.js';

/**
 * A server greets first, then the client logs in; under TLS the login comes first. A connection that was joined late is known
 * by a command: by its words alone, or by a short one and what answers it.
 */
export function detect({ ingress, egress, joinedLate }: Probe): Detection {
  const ends = [begins(ingress), begins(egress)];
  if (ends.includes('yes')) return 'match';
  const isOpen = ends.includes('more') && !ends.includes('no');
  if (!joinedLate) return isOpen ? 'need-more' : 'no-match';
  const commands = [command(ingress, egress), command(egress, ingress)];
  if (commands.includes('yes')) return 'match';
  return isOpen || commands.includes('more') ? 'need-more' : 'no-match';
}

/** One direction's beginning of a connection. */
function begins(bytes: Buffer): Beginning | 'nothing' {
  if (bytes.length === 0) return 'nothing';
  const greeting = beginsGreeting(bytes);
  const login = greeting === 'yes' ? greeting : beginsLogin(bytes);
  if (greeting === 'yes' || login === 'yes') return 'yes';
  if (bytes.length >= PROBE_BYTES) return 'no';
  return greeting === 'more' || login === 'more' ? 'more' : 'no';
}

function command(client: Buffer, server: Buffer): Beginning {
  if (client.length === 0) return 'no';
  const shape: CommandShape = commandShape(client);
  if (shape === 'certain') return 'yes';
  if (shape === 'weak') return answers(server);
  return shape === 'no' || client.length >= PROBE_BYTES ? 'no' : 'more';
}

/** Shape of the packets that answer short commands: OK, EOF, or an error with its SQLSTATE. */
function answers(server: Buffer): Beginning {
  if (server.length < HEADER_BYTES + 5) return (server[3] ?? 1) === 1 ? 'more' : 'no';
  const length = server.readUIntLE(0, 3);
  if (server[3] !== 1) return 'no';
  const [header, , , mark] = server.subarray(HEADER_BYTES);
  if (header === 0) return length >= 7 && length < PROBE_BYTES ? 'yes' : 'no';
  if (header === 0xfe) return length === 5 ? 'yes' : 'no';
  return header === 0xff && mark === 0x23 ? 'yes' : 'no';
}
