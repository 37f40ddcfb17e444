// SPDX-License-Identifier: Apache-2.0

const MAX_SHOWN_LENGTH = 200;

/** A value in the message of an assertion that failed. */
export function shown(value: unknown): string {
  const text = value instanceof RegExp ? String(value) : value instanceof Uint8Array ? bytesText(value) : json(value);
  return text.length <= MAX_SHOWN_LENGTH ? text : `${text.slice(0, MAX_SHOWN_LENGTH)}…`;
}

function bytesText(bytes: Uint8Array): string {
  return `${bytes.length} bytes ${Buffer.from(bytes.subarray(0, MAX_SHOWN_LENGTH)).toString('hex')}`;
}

function json(value: unknown): string {
  if (value === undefined) return 'nothing';
  return JSON.stringify(value, (_, member: unknown) => readable(member)) ?? String(value);
}

/** Expressions, and placeholders such as `expect.objectContaining`, whose own members say nothing to a reader. */
function readable(member: unknown): unknown {
  if (member instanceof RegExp) return String(member);
  if (typeof member !== 'object' || member === null || !('asymmetricMatch' in member)) return member;
  const sample = 'sample' in member ? member.sample : undefined;
  // Of `expect.any` it is a class.
  return typeof sample === 'function' ? `${member}<${sample.name}>` : { [String(member)]: sample };
}
