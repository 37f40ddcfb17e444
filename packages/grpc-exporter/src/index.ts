// SPDX-License-Identifier: Apache-2.0
export { CallError } from './call-error.js';
export { type FlowtapCollectorOptions, flowtapCollector } from './collector/flowtap-collector.js';
export { type TrayceGuiOptions, trayceGui } from './gui/trayce-gui.js';
export type { ConnectionOptions, TlsOptions } from './options.js';
export type * from './reported-container.js';
