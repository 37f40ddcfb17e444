// SPDX-License-Identifier: Apache-2.0

export type { TargetHandle } from './bpf-source.js';
export { BpfSource } from './bpf-source.js';
export type { BpfErrorCode, NativeLoadErrorCode, TargetErrorCode } from './errors.js';
export { BpfError, NativeLoadError, TargetError } from './errors.js';
export type { BlindSpot } from './inspect/blind-spots.js';
export type { ProcessDescription } from './inspect/describe-process.js';
export { describeProcess } from './inspect/describe-process.js';
export type { ConnectionTraffic, Measurement, MeasureOptions } from './inspect/measure-connections.js';
export { measureConnections } from './inspect/measure-connections.js';
export type { ProcessRuntime } from './inspect/runtime.js';
export type { ProcessTlsLibrary } from './inspect/tls-in-process.js';
export type { Backend } from './kernel/backend.js';
export type { PreflightCheck, PreflightReport } from './kernel/preflight.js';
export { preflight } from './kernel/preflight.js';
export type { BpfSourceOptions, Target } from './options.js';
export type { ConnectionTotals } from './records/connection-totals.js';
export type { SpawnOptions } from './targets/spawn.js';
export type { ContainerTarget } from './targets/targets.js';
export type { TlsLibrary } from './tls/tls-attacher.js';
export type { TlsPlace } from './tls/tls-plan.js';
export type { TlsLibraryName } from './tls/tls-probes.js';
