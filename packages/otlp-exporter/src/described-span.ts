// SPDX-License-Identifier: Apache-2.0
import type { Attributes } from '@opentelemetry/api';

/** What a protocol's conventions say of a flow. */
export interface DescribedSpan {
  /** Of low cardinality. */
  readonly name: string;
  readonly attributes: Attributes;
  /** `error.type`. Absent when it went well. */
  readonly errorType?: string | undefined;
  /** For people. */
  readonly errorMessage?: string | undefined;
}

/** Longer texts are cut: receivers refuse messages above 4 MiB. */
const MAX_TEXT_LENGTH = 4096;

export function cut(text: string): string {
  return text.length <= MAX_TEXT_LENGTH ? text : text.slice(0, MAX_TEXT_LENGTH);
}
