// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { header } from './support/flow.js';
import { run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();
const secrets = ['hunter2', 'c00kie-value', 'api-key-value', 'token-value', 's3t-cookie'];

async function curlWithSecrets(): Promise<readonly string[]> {
  const server = await PythonServer.start(scene, { certificate });
  const headers = [
    'Authorization: Bearer hunter2',
    'Cookie: session=c00kie-value',
    'X-Api-Key: api-key-value',
    'X-Team: blue',
  ];
  const url = server.url('/?id=1&access_token=token-value&cookie=s3t-cookie&page=2');
  return ['curl', '-sk', '-o', '/dev/null', ...headers.flatMap((line) => ['-H', line]), url, url];
}

describeLive('secrets', ['curl', 'openssl'], () => {
  test('are in no output by default, and equal values stay equal', async () => {
    const outputs = ['--output', `har:${scene.path('a.har')}`, '--output', 'stdout'];
    const command = await curlWithSecrets();
    const { stderr, flows } = await run(scene, command, ['--max-body', '0', ...outputs]);
    expect(flows).toHaveLength(2);
    const written = [JSON.stringify(flows), readFileSync(scene.path('a.har'), 'utf8'), stderr].join('\n');
    // A value in a parameter with an ordinary name is no secret.
    for (const secret of secrets.slice(0, 4)) expect(written).not.toContain(secret);
    const [first, second] = flows;
    for (const name of ['authorization', 'cookie', 'x-api-key']) {
      expect(header(first?.request, name)).toMatch(/redacted/);
      expect(header(first?.request, name)).toBe(header(second?.request, name));
    }
    expect(header(first?.response, 'set-cookie')).toMatch(/redacted/);
    expect(header(first?.response, 'set-cookie')).not.toContain('s3t-cookie');
    expect(header(first?.request, 'x-team')).toBe('blue');
    expect(first?.request?.target).toMatch(/^\/\?id=1&access_token=[^&]*redacted[^&]*&cookie=s3t-cookie&page=2$/);
    expect(first?.request?.target).toBe(second?.request?.target);
  });

  test('of other headers are replaced with --redact-header', async () => {
    const { flows } = await run(scene, await curlWithSecrets(), ['--redact-header', 'x-team']);
    expect(header(flows[0]?.request, 'x-team')).toMatch(/redacted/);
    expect(header(flows[0]?.request, 'authorization')).toMatch(/redacted/);
  });

  test('are shown with --no-redact', async () => {
    const { flows } = await run(scene, await curlWithSecrets(), ['--no-redact']);
    const text = JSON.stringify(flows);
    for (const secret of secrets) expect(text).toContain(secret);
    expect(header(flows[0]?.request, 'authorization')).toBe('Bearer hunter2');
  });
});
