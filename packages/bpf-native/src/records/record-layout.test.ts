// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as layout from './record-layout.js';

const bpfDirectory = fileURLToPath(new URL('../../bpf', import.meta.url));
let directory: string;
let measured: Record<string, number>;

/** Name in the dump → C expression. */
const expressions: Record<string, string> = {
  'HEADER.bytes': 'sizeof(struct flowtap_header)',
  'CONNECT.bytes': 'sizeof(struct flowtap_connect_record)',
  'DATA.bytes': 'sizeof(struct flowtap_data_record)',
  'CLOSE.bytes': 'sizeof(struct flowtap_close_record)',
  'PROCESS.bytes': 'sizeof(struct flowtap_process_record)',
  'PROCESS.filenameBytes': 'FLOWTAP_NAME_BYTES',
  'MAP.bytes': 'sizeof(struct flowtap_map_record)',
  'PROCESS_ENTRY.bytes': 'sizeof(struct flowtap_process)',
  'PROCESS_ENTRY.byCgroup': 'FLOWTAP_PROCESS_BY_CGROUP',
  'CGROUP_KEY.bytes': 'sizeof(struct flowtap_cgroup_key)',
  'CGROUP_NAME.bytes': 'sizeof(struct flowtap_cgroup_name)',
  'CLOSE.plaintextId': 'offsetof(struct flowtap_close_record, plaintext_id)',
  'FILE_KEY.bytes': 'sizeof(struct flowtap_file_key)',
  'FILE_KEY.minorBits': 'FLOWTAP_DEVICE_MINOR_BITS',
  'CONNECTION_ENTRY.bytes': 'sizeof(struct connection)',
  'CONNECTION_ENTRY.rawIngress': 'offsetof(struct connection, bytes[FLOWTAP_RAW][FLOWTAP_INGRESS])',
  'CONNECTION_ENTRY.rawEgress': 'offsetof(struct connection, bytes[FLOWTAP_RAW][FLOWTAP_EGRESS])',
  'CONNECTION_ENTRY.tlsIngress': 'offsetof(struct connection, bytes[FLOWTAP_TLS][FLOWTAP_INGRESS])',
  'CONNECTION_ENTRY.tlsEgress': 'offsetof(struct connection, bytes[FLOWTAP_TLS][FLOWTAP_EGRESS])',
  'CLOSE.rawIngress': 'offsetof(struct flowtap_close_record, bytes[FLOWTAP_RAW][FLOWTAP_INGRESS])',
  'CLOSE.rawEgress': 'offsetof(struct flowtap_close_record, bytes[FLOWTAP_RAW][FLOWTAP_EGRESS])',
  'CLOSE.tlsIngress': 'offsetof(struct flowtap_close_record, bytes[FLOWTAP_TLS][FLOWTAP_INGRESS])',
  'CLOSE.tlsEgress': 'offsetof(struct flowtap_close_record, bytes[FLOWTAP_TLS][FLOWTAP_EGRESS])',
};

const structs: Record<string, string> = {
  HEADER: 'flowtap_header',
  CONNECT: 'flowtap_connect_record',
  DATA: 'flowtap_data_record',
  PROCESS: 'flowtap_process_record',
  MAP: 'flowtap_map_record',
  PROCESS_ENTRY: 'flowtap_process',
  CGROUP_KEY: 'flowtap_cgroup_key',
  CGROUP_NAME: 'flowtap_cgroup_name',
  CONNECTION_ENTRY: 'connection',
  FILE_KEY: 'flowtap_file_key',
};

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const COPY_PLACES = ['ssl', 'type', 'peek'] as const;
const ANY_COOKIE = 0x123456;

function collectExpressions(): void {
  for (const [table, struct] of Object.entries(structs)) {
    for (const member of Object.keys(layout[table as keyof typeof layout] as object)) {
      expressions[`${table}.${member}`] ??= `offsetof(struct ${struct}, ${snake(member)})`;
    }
  }
  for (const member of Object.keys(layout.ADDRESSES)) {
    expressions[`ADDRESSES.${member}`] =
      `offsetof(struct flowtap_data_record, addresses) + offsetof(struct flowtap_addresses, ${snake(member)})`;
  }
  for (const type of Object.keys(layout.RecordType))
    expressions[`RecordType.${type}`] = `FLOWTAP_${type.toUpperCase()}`;
  for (const flag of Object.keys(layout.HeaderFlag)) {
    expressions[`HeaderFlag.${flag}`] = `FLOWTAP_FLAG_${snake(flag).toUpperCase()}`;
  }
  for (const flag of Object.keys(layout.ConnectionFlag)) {
    expressions[`ConnectionFlag.${flag}`] = `CONNECTION_${snake(flag).toUpperCase()}`;
  }
  for (const name of Object.keys(layout.TlsFunction)) {
    expressions[`TlsFunction.${name}`] = `FLOWTAP_TLS_${snake(name).toUpperCase()}`;
  }
  for (const name of Object.keys(layout.GoPlace)) {
    expressions[`GoPlace.${name}`] = `FLOWTAP_GO_${name.toUpperCase()}`;
  }
  for (const name of Object.keys(layout.GoFlag)) {
    expressions[`GoFlag.${name}`] = `FLOWTAP_GO_${snake(name).toUpperCase()}`;
  }
  layout.COUNTERS.forEach((name, index) => {
    expressions[`COUNTERS.${index}`] = `FLOWTAP_COUNT_${name.replaceAll('-', '_').toUpperCase()}`;
  });
  expressions['COUNTERS.length'] = 'FLOWTAP_COUNTERS';
  expressions['PROBED_FILES'] = 'FLOWTAP_PROBED_FILES';
  expressions['COPY_COOKIE.firstRegister'] = 'FLOWTAP_PLACE_REGISTER';
  for (const place of COPY_PLACES) {
    expressions[`COPY_COOKIE.${place}`] = `FLOWTAP_COPY_${place.toUpperCase()}(${ANY_COOKIE})`;
  }
}

beforeAll(() => {
  collectExpressions();
  directory = mkdtempSync(join(tmpdir(), 'flowtap-layout-'));
  const lines = Object.entries(expressions).map(
    ([name, c]) => `printf("%s%s:%lu", comma, "\\"${name}\\"", (unsigned long)(${c})); comma = ",";`,
  );
  writeFileSync(
    join(directory, 'dump.c'),
    `#include <linux/types.h>\n#include <stddef.h>\n#include <stdio.h>\n#include "event.h"\nint main(void) { const char *comma = ""; printf("{"); ${lines.join('\n')} printf("}"); return 0; }\n`,
  );
  execFileSync('cc', [
    '-Wall',
    '-Werror',
    '-I',
    bpfDirectory,
    '-o',
    join(directory, 'dump'),
    join(directory, 'dump.c'),
  ]);
  measured = JSON.parse(execFileSync(join(directory, 'dump'), { encoding: 'utf8' })) as Record<string, number>;
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('agrees with the C compiler on every offset, size and number of event.h', () => {
  const ours: Record<string, number> = {};
  const numbers = ['RecordType', 'HeaderFlag', 'ConnectionFlag', 'TlsFunction', 'GoPlace', 'GoFlag'];
  for (const table of [...Object.keys(structs), 'ADDRESSES', 'CLOSE', ...numbers]) {
    const members = layout[table as keyof typeof layout] as Record<string, number>;
    for (const [member, value] of Object.entries(members)) ours[`${table}.${member}`] = value;
  }
  layout.COUNTERS.forEach((_, index) => {
    ours[`COUNTERS.${index}`] = index;
  });
  ours['COUNTERS.length'] = layout.COUNTERS.length;
  ours['PROBED_FILES'] = layout.PROBED_FILES;
  ours['COPY_COOKIE.firstRegister'] = layout.COPY_COOKIE.firstRegister;
  for (const place of COPY_PLACES) {
    ours[`COPY_COOKIE.${place}`] = Math.floor(ANY_COOKIE / layout.COPY_COOKIE[place]) % 256;
  }
  expect(ours).toEqual(measured);
});
