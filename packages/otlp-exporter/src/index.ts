// SPDX-License-Identifier: Apache-2.0
export type { OtlpOptions, OtlpTlsOptions } from './options.js';
export { otlp } from './otlp-exporter.js';
