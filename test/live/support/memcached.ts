// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net';
import type { Program } from './program.js';
import type { Scene } from './scene.js';
import { until } from './until.js';

/** Debian's memcached on loopback, when it answers. It does not run as root. */
export async function startMemcached(scene: Scene, port: number): Promise<Program> {
  const program = await scene.start('memcached', ['-l', '127.0.0.1', '-p', String(port), '-U', '0', '-u', 'nobody']);
  await until('memcached listens', () => canConnect(port));
  return program;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
