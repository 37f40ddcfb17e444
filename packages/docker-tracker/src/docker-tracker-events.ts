// SPDX-License-Identifier: Apache-2.0
import type { Container } from './container.js';

export interface DockerTrackerEvents {
  /** Made and not started: it has no process and no cgroup yet. */
  'container:create': [container: Container];
  /** Its first process was started; a short-lived one may have ended already, and then has no `pid`. */
  'container:start': [container: Container];
  /** Its last process ended. */
  'container:stop': [container: Container];
  /** Renamed, paused, unpaused, or on other networks. */
  'container:update': [container: Container];
  /** Gone for good. */
  'container:remove': [container: Container];
  /** The engine's event stream broke off, as when it restarts; tracking goes on as soon as it answers again. */
  disconnected: [reason: Error];
  /** The event stream is there (again) and `list()` is up to date. */
  connected: [];
  /** The engine did not answer a question; what was asked about is as it was known before. */
  error: [error: Error];
}
