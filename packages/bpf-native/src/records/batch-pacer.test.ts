// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BatchPacer } from './batch-pacer.js';

describe('the next batch', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('comes after the event loop has turned', () => {
    const release = vi.fn();
    new BatchPacer().schedule(release);
    expect(release).not.toHaveBeenCalled();
    vi.runAllTicks();
    expect(release).not.toHaveBeenCalled();
    vi.runAllTimers();
    expect(release).toHaveBeenCalledTimes(1);
  });

  it('waits until the consumers have room', async () => {
    const pacer = new BatchPacer();
    let makeRoom = () => {};
    const room = new Promise<void>((resolve) => {
      makeRoom = resolve;
    });
    pacer.paceBy(() => room);
    const release = vi.fn();
    pacer.schedule(release);
    await vi.advanceTimersByTimeAsync(50);
    expect(release).not.toHaveBeenCalled();
    makeRoom();
    await vi.advanceTimersByTimeAsync(0);
    expect(release).toHaveBeenCalledTimes(1);
  });

  it('does not wait for a consumer that is stuck for longer than a tenth of a second', async () => {
    const pacer = new BatchPacer();
    pacer.paceBy(() => new Promise(() => {}));
    const release = vi.fn();
    pacer.schedule(release);
    await vi.advanceTimersByTimeAsync(99);
    expect(release).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(release).toHaveBeenCalledTimes(1);
  });
});
