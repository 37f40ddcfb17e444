// SPDX-License-Identifier: Apache-2.0
import { FlowtapError, type FlowtapErrorOptions } from '@flowtap/core';

export type NativeLoadErrorCode = 'NATIVE_UNSUPPORTED_PLATFORM' | 'NATIVE_BINARY_MISSING' | 'NATIVE_LOAD_FAILED';

/** The addon cannot be used on this machine. */
export class NativeLoadError extends FlowtapError {
  declare readonly code: NativeLoadErrorCode;

  constructor(code: NativeLoadErrorCode, message: string, options?: FlowtapErrorOptions) {
    super(code, message, options);
  }
}

export type BpfErrorCode =
  /** A capability is missing or the kernel is locked down. */
  | 'BPF_PERMISSION'
  /** The kernel was built without type information. */
  | 'BPF_NO_BTF'
  | 'BPF_KERNEL_TOO_OLD'
  /** Neither back end can see system calls on this kernel. */
  | 'BPF_NO_BACKEND'
  /** The kernel refused the programs: a bug of Flowtap or a kernel that is not supported. */
  | 'BPF_VERIFIER'
  | 'BPF_LOAD'
  | 'BPF_ATTACH'
  | 'BPF_MAP'
  /** The capture runs in a pid namespace of its own. */
  | 'BPF_PID_NAMESPACE';

export interface BpfErrorOptions extends FlowtapErrorOptions {
  readonly operation?: string;
  readonly errno?: number;
  readonly log?: string;
}

/** The kernel did not let the capture start, or an operation on it failed. */
export class BpfError extends FlowtapError {
  declare readonly code: BpfErrorCode;
  /** What was tried, such as `load` or `attach syscall_exit`. */
  readonly operation: string | undefined;
  readonly errno: number | undefined;
  /** The end of what libbpf and the verifier said. */
  readonly log: string | undefined;

  constructor(code: BpfErrorCode, message: string, options: BpfErrorOptions = {}) {
    super(code, message, options);
    this.operation = options.operation;
    this.errno = options.errno;
    this.log = options.log;
  }
}

export type TargetErrorCode = 'TARGET_NOT_FOUND' | 'TARGET_INVALID' | 'TARGET_LIMIT';

/** A target does not exist or cannot be captured. */
export class TargetError extends FlowtapError {
  declare readonly code: TargetErrorCode;

  constructor(code: TargetErrorCode, message: string, options?: FlowtapErrorOptions) {
    super(code, message, options);
  }
}
