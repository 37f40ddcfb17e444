// SPDX-License-Identifier: Apache-2.0

export type { Container, ContainerStatus } from './container.js';
export { isLive } from './container.js';
export type { ContainerTarget, TargetHost } from './container-capture.js';
export { ContainerCapture } from './container-capture.js';
export { DockerTracker } from './docker-tracker.js';
export type { DockerTrackerEvents } from './docker-tracker-events.js';
export type { DockerTrackerOptions } from './docker-tracker-options.js';
export type { Engine } from './engine.js';
export type { DockerErrorCode } from './errors.js';
export { DockerError } from './errors.js';
export { findEngine } from './find-engine.js';
export type { ContainerSelection } from './selection.js';
