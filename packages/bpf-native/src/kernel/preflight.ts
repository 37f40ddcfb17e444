// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { release } from 'node:os';
import type { FlowtapError } from '@flowtap/core';
import { BpfError, type BpfErrorCode } from '../errors.js';
import { assertSupportedPlatform, loadAddon } from '../load-addon.js';
import { availableBackends } from './kernel-features.js';

/** One condition for capturing on this machine. */
export interface PreflightCheck {
  readonly name: string;
  readonly ok: boolean;
  /** Capturing is impossible without it. */
  readonly required: boolean;
  /** What was found. */
  readonly detail: string;
  /** What to do, one sentence. Absent when `ok`. */
  readonly remedy?: string;
}

export interface PreflightReport {
  /** Every required check passed. */
  readonly ok: boolean;
  readonly checks: readonly PreflightCheck[];
}

type Check = PreflightCheck & { readonly code: BpfErrorCode | undefined };

/** bpf_task_pt_regs and bpf_get_attach_cookie, and everything else that the programs use, are there since 5.15. */
const MINIMUM_KERNEL = [5, 15] as const;

/** Bit numbers of capabilities(7). */
const CAPABILITY = { sysAdmin: 21, perfmon: 38, bpf: 39 } as const;

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function kernelCheck(): Check {
  const version = release();
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const ok = major > MINIMUM_KERNEL[0] || (major === MINIMUM_KERNEL[0] && minor >= MINIMUM_KERNEL[1]);
  const remedy = `Use a kernel of ${MINIMUM_KERNEL.join('.')} or newer.`;
  return {
    name: 'kernel',
    ok,
    required: true,
    detail: `Linux ${version}`,
    code: 'BPF_KERNEL_TOO_OLD',
    ...(ok ? {} : { remedy }),
  };
}

function btfCheck(): Check {
  const ok = existsSync('/sys/kernel/btf/vmlinux');
  const remedy =
    'Use a kernel that was built with CONFIG_DEBUG_INFO_BTF=y (the standard kernels of all large distributions are).';
  const detail = ok
    ? 'the kernel describes its types (/sys/kernel/btf/vmlinux)'
    : 'there is no /sys/kernel/btf/vmlinux';
  return { name: 'btf', ok, required: true, detail, code: 'BPF_NO_BTF', ...(ok ? {} : { remedy }) };
}

function effectiveCapabilities(): bigint {
  const line = /^CapEff:\s*([0-9a-f]+)/m.exec(readText('/proc/self/status') ?? '');
  return BigInt(`0x${line?.[1] ?? '0'}`);
}

function capabilityCheck(): Check {
  const effective = effectiveCapabilities();
  const has = (bit: number) => ((effective >> BigInt(bit)) & 1n) === 1n;
  const ok = has(CAPABILITY.sysAdmin) || (has(CAPABILITY.bpf) && has(CAPABILITY.perfmon));
  const detail = has(CAPABILITY.sysAdmin)
    ? 'CAP_SYS_ADMIN'
    : `${has(CAPABILITY.bpf) ? 'CAP_BPF' : 'no CAP_BPF'}, ${has(CAPABILITY.perfmon) ? 'CAP_PERFMON' : 'no CAP_PERFMON'}, no CAP_SYS_ADMIN`;
  const remedy = 'Run as root (sudo), or give the process CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN.';
  return { name: 'privileges', ok, required: true, detail, code: 'BPF_PERMISSION', ...(ok ? {} : { remedy }) };
}

function uprobeCheck(): Check {
  const exists = existsSync('/sys/bus/event_source/devices/uprobe/type');
  const privileged = ((effectiveCapabilities() >> BigInt(CAPABILITY.sysAdmin)) & 1n) === 1n;
  const ok = exists && privileged;
  const detail = !exists
    ? 'the kernel has no uprobes'
    : privileged
      ? 'TLS libraries can be probed'
      : 'uprobes may be refused';
  const remedy = exists
    ? 'Recent stable kernels demand CAP_SYS_ADMIN for uprobes: without it TLS stays encrypted.'
    : 'Use a kernel that was built with CONFIG_UPROBE_EVENTS=y: without it TLS stays encrypted.';
  return { name: 'uprobes', ok, required: false, detail, code: undefined, ...(ok ? {} : { remedy }) };
}

function lockdownCheck(): Check {
  const mode = /\[(\w+)\]/.exec(readText('/sys/kernel/security/lockdown') ?? '')?.[1] ?? 'none';
  const ok = mode !== 'confidentiality';
  const remedy = 'Boot without lockdown=confidentiality: in that mode the kernel lets no program read memory.';
  return {
    name: 'lockdown',
    ok,
    required: true,
    detail: `lockdown mode: ${mode}`,
    code: 'BPF_PERMISSION',
    ...(ok ? {} : { remedy }),
  };
}

function pidNamespaceCheck(): Check {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // No /proc: other checks tell.
  }
  // PROC_PID_INIT_INO, include/linux/proc_ns.h: the inode number of the initial pid namespace is fixed.
  const ok = namespace === 'pid:[4026531836]';
  const remedy = "Run in the host's pid namespace (docker run --pid=host): process ids mean something else in here.";
  const detail = ok ? 'the initial one' : `${namespace || 'unknown'}, not the initial one`;
  return { name: 'pid-namespace', ok, required: true, detail, code: 'BPF_PID_NAMESPACE', ...(ok ? {} : { remedy }) };
}

function backendCheck(): Check {
  const backends = availableBackends();
  const ok = backends.length > 0;
  const remedy =
    'Use a kernel with CONFIG_FTRACE_SYSCALLS=y (raw tracepoints of system calls) or CONFIG_KPROBES=y; mounting tracefs is not needed.';
  const detail = ok
    ? `${backends.join(', ')} (auto takes ${backends[0]})`
    : 'neither raw tracepoints of system calls nor kprobes';
  return { name: 'backend', ok, required: true, detail, code: 'BPF_NO_BACKEND', ...(ok ? {} : { remedy }) };
}

const CHECKS = [kernelCheck, btfCheck, capabilityCheck, lockdownCheck, pidNamespaceCheck, backendCheck, uprobeCheck];

function platformCheck(): PreflightCheck {
  try {
    loadAddon();
    return { name: 'addon', ok: true, required: true, detail: `${process.platform}-${process.arch}` };
  } catch (error) {
    const { message, hint } = error as FlowtapError;
    return {
      name: 'addon',
      ok: false,
      required: true,
      detail: message,
      ...(hint === undefined ? {} : { remedy: hint }),
    };
  }
}

/** What this machine allows. Changes nothing and needs no privileges. */
export function preflight(): Promise<PreflightReport> {
  const checks: PreflightCheck[] = [platformCheck()];
  if (process.platform === 'linux') checks.push(...CHECKS.map((check) => withoutCode(check())));
  return Promise.resolve({ ok: checks.every(({ ok, required }) => ok || !required), checks });
}

function withoutCode({ code: _, ...check }: Check): PreflightCheck {
  return check;
}

/**
 * @throws NativeLoadError or BpfError for the first required condition that is not met.
 */
export function assertCapturePossible(): void {
  assertSupportedPlatform();
  for (const check of CHECKS) {
    const { ok, required, code, detail, name, remedy } = check();
    if (ok || !required || code === undefined) continue;
    throw new BpfError(code, `Cannot capture, ${name}: ${detail}.`, remedy === undefined ? {} : { hint: remedy });
  }
}
