// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)));

it.each(['api/api', 'flowtap/v1/flow', 'flowtap/v1/flowtap'])(
  'the code of %s was generated from what it says now',
  (name) => {
    const hash = createHash('sha256')
      .update(read(`proto/${name}.proto`))
      .digest('hex');
    const code = read(`src/gen/${name}.ts`).toString('utf8');
    expect(code, 'run: npm run generate -w @flowtap/grpc-exporter').toContain(
      `// proto/${name}.proto sha256 ${hash}\n`,
    );
  },
);
