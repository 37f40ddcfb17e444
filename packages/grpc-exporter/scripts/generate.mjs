// SPDX-License-Identifier: Apache-2.0
// npm run generate: checks the .proto files with buf and writes src/gen anew. Needs the npm registry, once: buf is 90 MB
// and needed by nobody who does not change these files. test/generated.test.ts tells when it was forgotten.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const buf = '@bufbuild/buf@1.75.0';
const plugin = 'ts-proto@2.18.0';
const options = [
  'importSuffix=.js',
  'oneof=unions',
  'useMapType=true',
  'enumsAsLiterals=true',
  'forceLong=number',
  'outputServices=none',
  'outputJsonMethods=false',
  'outputPartialMethods=false',
  'esModuleInterop=true',
];

const root = fileURLToPath(new URL('..', import.meta.url));
const generated = join(root, 'src/gen');
const tools = mkdtempSync(join(tmpdir(), 'flowtap-generate-'));
try {
  run('npm', ['install', '--prefix', tools, '--ignore-scripts', '--no-audit', '--no-fund', buf, plugin]);
  const bin = join(tools, 'node_modules/.bin');
  run(join(bin, 'buf'), ['format', '--diff', '--exit-code', 'proto']);
  run(join(bin, 'buf'), ['lint', 'proto']);
  const template = {
    version: 'v2',
    plugins: [{ local: join(bin, 'protoc-gen-ts_proto'), out: generated, opt: options }],
  };
  rmSync(generated, { recursive: true, force: true });
  run(join(bin, 'buf'), ['generate', 'proto', '--template', JSON.stringify(template)]);
  for (const name of readdirSync(generated, { recursive: true }).filter((path) => path.endsWith('.ts'))) {
    const path = join(generated, name);
    const source = `proto/${name.replace(/ts$/, 'proto')}`;
    const hash = createHash('sha256')
      .update(readFileSync(join(root, source)))
      .digest('hex');
    const head = `// SPDX-License-Identifier: Apache-2.0\n// ${source} sha256 ${hash}\n`;
    writeFileSync(path, head + readFileSync(path, 'utf8'));
  }
} finally {
  rmSync(tools, { recursive: true, force: true });
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw error ?? new Error(`${command} ended with status ${status}.`);
}
