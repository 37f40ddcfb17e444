import { test, vi } from 'vitest';
import { useScene } from '/work/wt-mysql/test/live/support/scene.js';
import { useCertificate } from '/work/wt-mysql/test/live/support/certificate.js';
import { startMariadb, mariadbArguments } from '/work/wt-mysql/test/live/support/mariadb.js';
import { startRun } from '/work/wt-mysql/test/live/support/flowtap.js';
import { cleanEnvironment } from '/work/wt-mysql/test/live/support/program.js';
import { readFileSync, copyFileSync } from 'node:fs';
const scene = useScene(); const certificate = useCertificate();
test('x', async () => {
  const server = await startMariadb(scene, certificate);
  for (const mode of ['plain', 'tls']) {
  const c = await startRun(scene, [process.execPath, '/work/wt-mysql/test/live/support/node/mysql-client.mjs', String(server.port), mode, server.user, server.password], ['--record', scene.path(mode + '.rec')]);
  await c.program.line(0);
  let n = 1;
  for (const st of [{ sql: 'SELECT ? + 1 as x', values: [1] }, { sql: 'SELECT ? + 1 as x', values: [3] }, { sql: 'select 1' }, null]) { c.program.write(JSON.stringify(st) + '\n'); console.log(await c.program.line(n++)); }
  c.program.closeInput();
  const { flows, stats, stderr } = await c.end();
  console.log(stderr, JSON.stringify(stats), flows.map((f: any) => JSON.stringify({ tls: f.tls, p: f.protocol, r: f.request, e: f.error , x: f.response, k:f.kind, reason: f.reason})).join('\n'));
  copyFileSync(scene.path(mode + '.rec'), '/tmp/mysqlwork/' + mode + '.rec');
  }
}, 60000);
