// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { type Backend, BpfSource } from '@flowtap/bpf-native';
import { expect, test } from 'vitest';
import { describeLive } from '../live/support/needs.js';
import { useScene } from '../live/support/scene.js';
import { until } from '../live/support/until.js';

const scene = useScene();
/** The verifier's own limit (BPF_COMPLEXITY_LIMIT_INSNS). */
const VERIFIER_LIMIT = 1_000_000;

interface Loaded {
  readonly name: string;
  readonly instructions: number;
}

/** The programs that this process holds, with how many instructions the verifier went through. */
async function loadedPrograms(): Promise<readonly Loaded[]> {
  const { stdout } = await scene.run('bpftool', ['-j', 'prog', 'show']);
  const listed = JSON.parse(stdout) as readonly { readonly id: number; readonly name?: string }[];
  const names = new Map(listed.map(({ id, name }) => [id, name ?? '?']));
  return readdirSync('/proc/self/fdinfo').flatMap((fd) => {
    const info = readInfo(fd);
    const id = /^prog_id:\s+(\d+)$/m.exec(info)?.[1];
    const instructions = /^verified_insns:\s+(\d+)$/m.exec(info)?.[1];
    // The description of a link names its program too.
    if (id === undefined || instructions === undefined) return [];
    return [{ name: names.get(Number(id)) ?? '?', instructions: Number(instructions) }];
  });
}

function readInfo(fd: string): string {
  try {
    return readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
  } catch {
    return ''; // the descriptor of the directory itself
  }
}

describeLive('the programs', ['bpftool'], () => {
  test('pass the verifier and are attached', async () => {
    const backend = (process.env['FLOWTAP_TEST_BACKEND'] ?? 'auto') as Backend | 'auto';
    const source = new BpfSource({ backend });
    const begin = performance.now();
    await source.start();
    const loadMs = Math.round(performance.now() - begin);
    // Those for Go follow.
    const programs = await until('all programs were loaded', async () => {
      const loaded = await loadedPrograms();
      return loaded.some(({ name }) => name === 'go_tls_return') ? loaded : undefined;
    });
    await source.stop();
    expect(programs.length).toBeGreaterThan(5);
    for (const { instructions } of programs) expect(instructions).toBeLessThan(VERIFIER_LIMIT);
    // For the table, as a line of main.js.
    process.stdout.write(`\n@flowtap ${JSON.stringify({ note: 'programs', loadMs, programs })}\n`);
  });
});
