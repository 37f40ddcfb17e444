// SPDX-License-Identifier: Apache-2.0
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type EngineEvent, followEvents, labelsOf, parseEvent } from './engine-event.js';

const id = 'ab'.repeat(32);
/** As engine 20.10 writes it, without the members that older clients want. */
const created = {
  Type: 'container',
  Action: 'create',
  Actor: { ID: id, Attributes: { image: 'nginx:1.27', name: 'web', tier: 'front' } },
  time: 1,
  timeNano: 1000000001,
};

describe('an event of the engine', () => {
  it('tells the container, its name and its labels', () => {
    const event = parseEvent(JSON.stringify(created)) as EngineEvent;
    expect(event).toEqual({
      action: 'create',
      containerId: id,
      attributes: { image: 'nginx:1.27', name: 'web', tier: 'front' },
    });
    expect(labelsOf(event)).toEqual({ tier: 'front' });
  });

  it('of a network tells the container that joined it', () => {
    const attributes = { container: id, name: 'bridge', type: 'bridge' };
    const event = { Type: 'network', Action: 'connect', Actor: { ID: 'net', Attributes: attributes } };
    expect(parseEvent(JSON.stringify(event))).toEqual({
      ...{ action: 'connect', containerId: id, networkId: 'net', attributes: {} },
    });
  });

  it('does not repeat the command that is executed', () => {
    const event = { ...created, Action: 'exec_start: sh -c secret' };
    expect(parseEvent(JSON.stringify(event))?.action).toBe('exec_start');
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{"Type":'],
    ['no object', 'null'],
    ['a number', '7'],
    ['no action', '{"Type":"container"}'],
    ['no container', '{"Type":"container","Action":"create"}'],
    ['a network without a container', '{"Type":"network","Action":"create","Actor":{"ID":"x"}}'],
    ['an id of another type', '{"Type":"container","Action":"create","Actor":{"ID":7}}'],
  ])('is ignored when it is %s', (_, line) => {
    expect(parseEvent(line)).toBeUndefined();
  });
});

describe('a stream of events', () => {
  it('may be cut anywhere, and says so when it ends', async () => {
    const stream = new PassThrough();
    const seen: string[] = [];
    const ended = followEvents(stream, ({ action }) => seen.push(action));
    const text = `${JSON.stringify(created)}\nnonsense\n${JSON.stringify({ ...created, Action: 'start' })}\n`;
    for (const byte of Buffer.from(text)) stream.write(Buffer.from([byte]));
    stream.end();
    expect((await ended).message).toBe('the stream of events ended');
    expect(seen).toEqual(['create', 'start']);
  });

  it('ends when it is destroyed by whoever follows it', async () => {
    const stream = new PassThrough();
    const ended = followEvents(stream, () => {});
    stream.destroy();
    expect((await ended).message).toBe('the stream of events ended');
  });

  it('says what it broke off with', async () => {
    const stream = new PassThrough();
    const ended = followEvents(stream, () => {});
    stream.destroy(new Error('socket hang up'));
    expect((await ended).message).toBe('socket hang up');
  });
});
