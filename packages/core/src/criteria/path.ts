// SPDX-License-Identifier: Apache-2.0
import type { Flow } from '../flow/flow.js';
import { isHttpMessage, pathOfTarget } from '../http/http-flow.js';
import { criterionError } from './criterion-error.js';
import { matchesPath } from './path-pattern.js';

/** @throws ConfigError `CONFIG_INVALID_OPTION` */
export function pathTest(pattern: string | RegExp): (flow: Flow) => boolean {
  const matches = pathMatcher(pattern);
  return (flow) => {
    if (flow.kind !== 'flow' || !isHttpMessage(flow.request)) return false;
    const path = pathOfTarget(flow.request.target);
    return path !== undefined && matches(path);
  };
}

function pathMatcher(pattern: string | RegExp): (path: string) => boolean {
  if (pattern instanceof RegExp) {
    // With g or y an expression remembers where its last match ended.
    const stateless = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
    return (path) => stateless.test(path);
  }
  if (typeof pattern !== 'string' || !/^[/*][^?#\s]*$/.test(pattern)) {
    const hint = 'Give a path such as /users/*, where * stands for one segment and ** for any number, without a query.';
    throw criterionError('path', pattern, hint);
  }
  return (path) => matchesPath(pattern, path);
}
