// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { describeMessage, heldBytesOf } from './message-description.js';

class Question {
  readonly text = 'who';
  get summary(): string {
    return `ASK ${this.text}`;
  }
  get heldBytes(): number {
    return 3;
  }
}

class Broken {
  get summary(): string {
    throw new Error('no');
  }
  get heldBytes(): number {
    throw new Error('no');
  }
}

describe('what a message says of itself', () => {
  it('is for people and queues, and no part of its JSON', () => {
    expect(describeMessage(new Question())).toEqual({ summary: 'ASK who', isFailure: false, heldBytes: 3 });
    expect(heldBytesOf(new Question())).toBe(3);
    expect(JSON.stringify(new Question())).toBe('{"text":"who"}');
  });

  it.each([undefined, null, 'text', 1, {}, { summary: 1 }, new Broken()])('is nothing for %o', (message) => {
    expect(describeMessage(message)).toBeUndefined();
  });

  it.each([{}, { heldBytes: 'many' }, { heldBytes: Number.NaN }, new Broken()])('is no size for %o', (message) => {
    expect(heldBytesOf(message)).toBeUndefined();
  });
});
