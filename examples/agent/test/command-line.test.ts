// SPDX-License-Identifier: Apache-2.0

import manifest from '@flowtap/agent/package.json' with { type: 'json' };
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundle } from './bundle.js';
import { type CliResult, runProcess, runUnprivileged } from './cli-process.js';

let cli: Bundle;

beforeAll(async () => {
  cli = await bundle('src/cli.ts');
}, 60_000);

afterAll(() => cli.remove());

const flowtap = (...args: readonly string[]): Promise<CliResult> => runProcess(process.execPath, [cli.script, ...args]);

describe('help and version', () => {
  it('prints the version', async () => {
    expect(await flowtap('--version')).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  it('lists the commands, with examples', async () => {
    const { status, stdout } = await flowtap('--help');
    expect(status).toBe(0);
    for (const text of ['run', 'attach', 'replay', 'doctor', 'Examples:']) expect(stdout).toContain(text);
  });

  it.each([
    ['run', ['--output', '--record', '--user', '--ready-file', '--no-redact', '126']],
    ['attach', ['--pid', '--cgroup', '--duration', '--ring-size', '--backend']],
    ['attach', ['--container', '--image', '--label', '--compose', '--all-containers', '--docker-host']],
    ['replay', ['<event-log>', '--max-body', '--redact-header', '--stats', '--host', '--status', '--method']],
    ['doctor', ['--json']],
  ])('explains %s', async (command, texts) => {
    const { status, stdout } = await flowtap(command, '--help');
    expect(status).toBe(0);
    for (const text of texts) expect(stdout).toContain(text);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it('shows the help on stderr when there is no command', async () => {
    const { status, stdout, stderr } = await flowtap();
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('Usage: flowtap');
  });
});

describe('a wrong command line is told in one sentence', () => {
  it.concurrent.each<[readonly string[], number, string]>([
    [['zork'], 2, "unknown command 'zork'; see flowtap --help"],
    [['reply'], 2, "unknown command 'reply' (did you mean replay?); see flowtap --help"],
    [['--nonsense'], 2, "unknown option '--nonsense'; see flowtap --help"],
    [['replay', '--nonsense', 'x'], 2, "unknown option '--nonsense'; see flowtap replay --help"],
    [['replay', '--outptu', 'x'], 2, "unknown option '--outptu' (did you mean --output?); see flowtap replay --help"],
    [['replay'], 2, 'there is no event log to replay; make one with --record, then: flowtap replay <event-log>'],
    [
      ['replay', 'a', 'b'],
      2,
      "too many arguments for 'replay'. Expected 1 argument but got 2; see flowtap replay --help",
    ],
    [['replay', 'x', '--output'], 2, "option '-o, --output <spec>' argument missing; see flowtap replay --help"],
    [
      ['replay', 'x', '--output', 'xml'],
      2,
      "--output: 'xml' is not an output; write stdout, json, jsonl:<file>, har:<file>, grpc:<host:port>, flowtap:<host:port>, otlp:http://<host:port> or otlp+grpc://<host:port>.",
    ],
    [
      ['replay', 'x', '--max-body', 'big'],
      2,
      "--max-body: 'big' is not a number of bytes; write for example 65536, 64k or 1m.",
    ],
    [
      ['replay', 'x', '--no-redact', '--redact-header', 'a'],
      2,
      '--redact-header and --no-redact contradict each other; give one of them.',
    ],
    [
      ['replay', 'x', '--output', 'har:a', '--output', 'jsonl:./a'],
      2,
      "--output twice would write to the same file './a'; give each its own file.",
    ],
    [
      ['replay', 'x', '--stats', '/nonexistent/s'],
      1,
      "--stats: cannot write '/nonexistent/s': ENOENT: no such file or directory.",
    ],
    [
      ['replay', 'x', '--proto-path', '/tmp'],
      2,
      '--proto-path says where .proto files are; give --proto <file> as well.',
    ],
    [
      ['replay', 'x', '--proto', 'a.proto', '--protocols', 'http1'],
      2,
      '--proto needs http2, which --protocols leaves out; add it, or leave --proto out.',
    ],
    [
      ['replay', 'x', '--proto', '/nonexistent/a.proto'],
      1,
      "The gRPC schema /nonexistent/a.proto cannot be used: ENOENT: no such file or directory, open '/nonexistent/a.proto'.",
    ],
    [['agent'], 2, "required option '-s, --server <host:port>' not specified; see flowtap agent --help"],
    [['agent', '-s', 'flowtap:'], 2, '--server: flowtap needs a server; write flowtap:localhost:50052.'],
    [
      ['replay', 'x', '-o', 'grpc:192.0.2.1:50052'],
      2,
      '192.0.2.1:50052 is another host, and flows would go there unencrypted; give --tls, or --plaintext where nobody else can listen.',
    ],
    [['attach', '--pid', 'nginx'], 2, "--pid: 'nginx' is not a process id; find one with pgrep or ps."],
    [['attach', '--pid', '999999999'], 1, 'there is no process 999999999; find one with pgrep or ps.'],
    [['attach', '--pid', '1', '--user', 'x'], 2, "unknown option '--user'; see flowtap attach --help"],
    [['attach', '--pid', '1', '--backend', 'x'], 2, "--backend: 'x' is not one of auto, tracepoint, kprobe."],
    [
      ['attach', '--pid', '1', '--duration', '0'],
      2,
      "--duration: '0' is not a number of seconds between 0 and 2147483; write for example 30 or 0.5.",
    ],
    [['attach'], 2, 'there is nothing to attach to; give --pid <n>, --container <name> or --cgroup <path>.'],
    [['attach', '--label', '=x'], 2, "--label: '=x' is not a label; write key or key=value."],
    [
      ['attach', '--container', 'web', '--docker-host', 'unix:///no/such.sock'],
      1,
      'No container engine answers at unix:///no/such.sock (the option host): there is no such socket. Start it, or name another place with DOCKER_HOST.',
    ],
    [['run'], 125, 'there is no command to run; write it after --, as in: flowtap run -- curl https://example.org'],
    [
      ['run', '--'],
      125,
      'there is no command to run; write it after --, as in: flowtap run -- curl https://example.org',
    ],
    [['run', '--nonsense', '--', 'true'], 125, "unknown option '--nonsense'; see flowtap run --help"],
    [['run', '--pid', '1', '--', 'true'], 125, "unknown option '--pid'; see flowtap run --help"],
    [
      ['run', '--output', 'json', '--', 'true'],
      125,
      '--output json would mix with what the command prints on stdout; write the flows to a file with --output jsonl:<file>.',
    ],
    [['run', '--user', 'no-such-user', '--', 'true'], 125, "--user: there is no user 'no-such-user' on this machine."],
  ])('%j', async (args, status, message) => {
    expect(await flowtap(...args)).toEqual({ status, stdout: '', stderr: `flowtap: ${message}\n` });
  });
});

describe.runIf(process.platform === 'linux')('without privileges (Linux only)', () => {
  const unprivileged = (...args: readonly string[]): Promise<CliResult> =>
    runUnprivileged(process.execPath, [cli.script, ...args]);

  it('run says in one sentence why it cannot, and does not start the command', async () => {
    const { status, stdout, stderr } = await unprivileged('run', '--', 'echo', 'started');
    expect(stderr).toMatch(/^flowtap: [^\n]+\n$/);
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
  });

  it('attach says in one sentence why it cannot', async () => {
    const { status, stdout, stderr } = await unprivileged('attach', '--pid', String(process.pid));
    expect(stderr).toMatch(/^flowtap: [^\n]+\n$/);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  });

  it('doctor says what is missing, as text and as JSON', async () => {
    const text = await unprivileged('doctor');
    expect(text.status).toBe(1);
    expect(text.stdout).toContain('MISSING');
    const json = await unprivileged('doctor', '--json');
    expect(json.status).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false });
  });
});
