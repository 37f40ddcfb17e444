// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundle } from './bundle.js';
import { type CliResult, runProcess, runUnprivileged } from './cli-process.js';
import { EXCHANGES, SECRET, writeEventLog } from './event-log.js';

let cli: Bundle;
let directory: string;
let log: string;

beforeAll(async () => {
  cli = await bundle('src/cli.ts');
  directory = mkdtempSync(join(tmpdir(), 'flowtap-cli-'));
  log = join(directory, 'run.flowlog');
  await writeEventLog(log);
}, 60_000);

afterAll(async () => {
  await cli.remove();
  rmSync(directory, { recursive: true });
});

const flowtap = (...args: readonly string[]): Promise<CliResult> => runProcess(process.execPath, [cli.script, ...args]);

const flowsOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('flowtap replay', () => {
  it('prints for people by default, and about itself on stderr only', async () => {
    const { status, stdout, stderr } = await flowtap('replay', log);
    expect(stdout).toMatch(/GET .*\/a\?/);
    expect(stdout).toContain('404');
    expect(stdout).not.toContain('flowtap:');
    expect(stderr).toMatch(/^flowtap: 3 flows.*\n$/);
    expect(status).toBe(0);
  });

  it('prints one JSON object a line with --output json', async () => {
    const { stdout, status } = await flowtap('replay', log, '--output', 'json');
    const flows = flowsOf(stdout);
    expect(flows).toHaveLength(EXCHANGES);
    expect(flows[0]).toMatchObject({
      schema: 1,
      kind: 'flow',
      tls: true,
      role: 'client',
      process: { pid: 700, comm: 'curl', exe: '/usr/bin/curl' },
      destination: { address: '127.0.0.1', port: 443 },
      response: { status: 200, body: { text: 'hello' } },
      complete: true,
    });
    expect(status).toBe(0);
  });

  it('gives the same flows each time, ids aside', async () => {
    const [first, second] = await Promise.all([1, 2].map(() => flowtap('replay', log, '--output', 'json')));
    const withoutIds = (text = '') => flowsOf(text).map(({ id: _, ...flow }) => flow);
    expect(withoutIds(first?.stdout)).toEqual(withoutIds(second?.stdout));
  });

  it('writes several outputs and the statistics, captured traffic for its owner only', async () => {
    const [lines, archive, stats] = ['flows.jsonl', 'flows.har', 'stats.json'].map((name) => join(directory, name));
    const args = ['--output', `jsonl:${lines}`, '--output', `har:${archive}`, '--stats', `${stats}`];
    const { status, stdout } = await flowtap('replay', log, ...args);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(flowsOf(readFileSync(`${lines}`, 'utf8'))).toHaveLength(EXCHANGES);
    expect(JSON.parse(readFileSync(`${archive}`, 'utf8')).log.entries).toHaveLength(EXCHANGES);
    expect(statSync(`${lines}`).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(`${stats}`, 'utf8'))).toMatchObject({
      flows: EXCHANGES,
      events: expect.any(Number),
      droppedEvents: 0,
      droppedBytes: 0,
      gaps: 0,
      opaqueConnections: 0,
      exporters: expect.anything(),
    });
  });

  it('shows only what the filters ask for', async () => {
    const shown = async (...filters: string[]) => {
      const { stdout } = await flowtap('replay', log, '--output', 'json', ...filters);
      return stdout === '' ? [] : flowsOf(stdout).map((flow) => flow.response.status);
    };
    expect(await shown('--status', '4xx', '--status', '503')).toEqual([404, 503]);
    expect(await shown('--host', 'example.org', '--method', 'get')).toEqual([200]);
    expect(await shown('--host', 'example.com')).toEqual([]);
  });

  it('redacts secrets before every output unless told not to', async () => {
    const json = ['--output', 'json'];
    const { stdout: redacted } = await flowtap('replay', log, ...json, '--redact-header', 'x-session');
    expect(redacted).not.toContain(SECRET);
    expect(redacted).not.toContain('access_token=abc');
    expect(redacted).not.toContain('["X-Session","abc"]');
    const { stdout: shown } = await flowtap('replay', log, ...json, '--no-redact');
    expect(shown).toContain(SECRET);
    expect(shown).toContain('access_token=abc&b=c');
  });

  it('keeps no more of a body than --max-body', async () => {
    const { stdout } = await flowtap('replay', log, '--output', 'json', '--max-body', '2');
    expect(flowsOf(stdout)[0].response.body).toMatchObject({ size: 5, captured: 2, truncated: true, text: 'he' });
  });

  it('reports a full disk once, goes on for the other outputs and ends with 1', async () => {
    const { status, stdout, stderr } = await flowtap('replay', log, '--output', 'jsonl:/dev/full', '--output', 'json');
    expect(flowsOf(stdout)).toHaveLength(EXCHANGES);
    expect(stderr.match(/ENOSPC/g)).toHaveLength(1);
    expect(status).toBe(1);
  });

  it('survives a reader that goes away', async () => {
    const script = `"${process.execPath}" "${cli.script}" replay "${log}" --output json | true; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await runProcess('bash', ['-c', script]);
    expect(stdout).toMatch(/^[01]\n$/);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe('an event log that cannot be read', () => {
  const oneSentence = /^flowtap: [^\n]+\n$/;

  it('is told in one line when it is missing', async () => {
    const { status, stderr, stdout } = await flowtap('replay', join(directory, 'missing'));
    expect(stderr).toMatch(oneSentence);
    expect(stderr).toContain('missing');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  });

  it.each([
    ['is a directory', () => directory],
    ['is empty', () => write('empty', '')],
    ['is something else', () => write('other', 'GET / HTTP/1.1\r\n\r\n')],
  ])('is told in one line when it %s', async (_name, path) => {
    const { status, stderr } = await flowtap('replay', path());
    expect(stderr).toMatch(oneSentence);
    expect(status).toBe(1);
  });

  it.runIf(process.platform === 'linux')('is told in one line when it may not be read (Linux only)', async () => {
    const closed = write('closed', readFileSync(log));
    chmodSync(closed, 0o000);
    const { status, stderr } = await runUnprivileged(process.execPath, [cli.script, 'replay', closed]);
    expect(stderr).toMatch(oneSentence);
    expect(stderr).toMatch(/no permission to read/);
    expect(status).toBe(1);
  });

  it('is told when it is cut in the middle, after the flows before the cut', async () => {
    const whole = readFileSync(log);
    const { stderr } = await flowtap('replay', write('cut', whole.subarray(0, whole.length - 20)), '--output', 'json');
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stderr).toMatch(/^flowtap: /);
  });

  function write(name: string, content: string | Buffer): string {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  }
});
