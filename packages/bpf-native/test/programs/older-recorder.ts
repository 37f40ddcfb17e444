// SPDX-License-Identifier: Apache-2.0
// The recorder on a kernel that seems to have no uprobe sessions (Linux 6.13): TLS calls are observed by two programs then.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const KERNEL_TYPES = '/sys/kernel/btf/vmlinux';
const SESSION = 'BPF_TRACE_UPROBE_SESSION';

const { readFileSync } = fs;
const readWithoutSession = (path: fs.PathOrFileDescriptor, options?: undefined) => {
  const content = readFileSync(path, options);
  const name = path === KERNEL_TYPES ? content.indexOf(SESSION) : -1;
  if (name >= 0) content.fill('-', name, name + SESSION.length);
  return content;
};
fs.readFileSync = readWithoutSession as typeof fs.readFileSync;
syncBuiltinESMExports();

await import('./recorder.js');
