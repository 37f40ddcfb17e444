// SPDX-License-Identifier: Apache-2.0

/** What the project promises, beside what was measured. */
export interface Target {
  readonly name: string;
  readonly wanted: string;
  readonly measured: string;
  readonly met: boolean;
}

export function formatTargets(targets: readonly Target[]): string {
  const width = Math.max(...targets.map(({ name }) => name.length));
  return targets
    .map(
      ({ name, wanted, measured, met }) =>
        `  ${met ? 'met   ' : 'MISSED'}  ${name.padEnd(width)}  ${measured}, target ${wanted}\n`,
    )
    .join('');
}
