// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { documentOf } from './matrix/document.js';
import { measure } from './matrix/measure.js';
import { goBuilds } from './matrix/rows/go.js';
import { subjects } from './matrix/rows.js';
import { cellKey, columns, formatTable, type MeasuredRow } from './matrix/table.js';
import { useCertificate } from './support/certificate.js';
import { useGoPrograms } from './support/go.js';
import { describeLive } from './support/needs.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();

const documentPath = fileURLToPath(new URL('../../docs/support-matrix.md', import.meta.url));
/** `npm run matrix` writes the document; a test run compares. */
const writes = process.env['FLOWTAP_WRITE_MATRIX'] === '1';

const needs = [...new Set(subjects.flatMap((subject) => subject.needs))];

describeLive('the support matrix', ['openssl', ...needs], () => {
  useGoPrograms(...goBuilds);
  const rows: MeasuredRow[] = subjects.map(({ program, role, library }) => ({
    ...{ program, role, library, cells: new Map<string, string>() },
  }));

  describe.each(subjects.map((subject, index) => ({ subject, index, ...subject })))(
    '$program as $role',
    ({ subject, index }) => {
      test.each(['after', 'before'] as const)('started %s Flowtap', async (order) => {
        const results = await measure(subject, order, scene, certificate);
        for (const [scheme, result] of results) rows[index]?.cells.set(cellKey(scheme, order), result);
      });
    },
  );

  test('has every cell measured, and the document says what was measured', () => {
    process.stdout.write(`\n${formatTable(rows)}\n`);
    for (const { program, role, cells } of rows) {
      for (const { scheme, order } of columns) {
        expect(cells.get(cellKey(scheme, order)), `${program} as ${role}, ${scheme}, ${order}`).toBeDefined();
      }
    }
    const document = documentOf(rows);
    if (writes) writeFileSync(documentPath, document);
    expect(readFileSync(documentPath, 'utf8'), 'npm run matrix writes it anew').toBe(document);
  });
});
