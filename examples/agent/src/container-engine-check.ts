// SPDX-License-Identifier: Apache-2.0
import type { PreflightCheck } from '@flowtap/bpf-native';
import { FlowtapError } from '@flowtap/core';

/** Whether containers can be captured by name, and by which engine. */
export async function containerEngineCheck(): Promise<PreflightCheck> {
  const { findEngine } = await import('@flowtap/docker-tracker');
  const common = { name: 'container engine', required: false };
  try {
    const { kind, version, apiVersion, host, foundBy } = await findEngine();
    return { ...common, ok: true, detail: `${kind} ${version} at ${host} (${foundBy}), API ${apiVersion}` };
  } catch (error) {
    if (!FlowtapError.isInstance(error)) throw error;
    const { message, hint = '' } = error;
    const detail = message.replace(hint, '').trim().replace(/\.$/, '');
    return { ...common, ok: false, detail, ...(hint === '' ? {} : { remedy: hint }) };
  }
}
