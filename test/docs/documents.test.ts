// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { containerNeeds } from '../live/support/containers.js';
import { describeLive } from '../live/support/needs.js';
import type { Block } from './support/blocks.js';
import { findDocuments } from './support/documents.js';
import { useEngine } from './support/engine.js';
import { Workplace } from './support/workplace.js';
import { World } from './support/world.js';

const documents = findDocuments();
const workplace = new Workplace(documents);
const withBlocks = (wanted: (block: Block) => boolean) =>
  documents
    .map(({ path, blocks }) => ({ path, blocks: blocks.filter(wanted) }))
    .filter(({ blocks }) => blocks.length > 0);
const titleOf = ({ line, language }: Block) => `line ${line}, ${language}`;

beforeAll(() => workplace.compile());
afterAll(() => workplace.remove());

test.each(documents)('$path has no block that nothing would test', ({ problem }) => {
  expect(problem).toBeUndefined();
});

describe.each(withBlocks(({ language }) => language === 'json'))('$path', ({ blocks }) => {
  test.each(blocks.map((block) => [titleOf(block), block] as const))('%s is JSON', (_, { text }) => {
    expect(() => JSON.parse(text)).not.toThrow();
  });
});

describe.each(withBlocks(({ language }) => language === 'ts'))('$path', ({ path, blocks }) => {
  test.each(blocks.map((block) => [titleOf(block), block] as const))('%s compiles', (_, block) => {
    expect(workplace.errorsIn(path, block)).toEqual([]);
  });
});

describeLive('done step by step', ['unshare', 'nsenter', 'ip', 'bash', ...containerNeeds], () => {
  let world: World;
  const engine = useEngine();
  beforeAll(async () => {
    world = await World.start(workplace.directory, engine());
  });
  afterAll(() => world.stop());

  const isStep = ({ language, file }: Block) => language === 'sh' || (language === 'ts' && file === undefined);
  describe.each(withBlocks(isStep))('$path', ({ path, blocks }) => {
    afterAll(() => world.clear());

    test.each(blocks.map((block) => [titleOf(block), block] as const))('%s', async (_, block) => {
      const command =
        block.language === 'sh'
          ? ['bash', '-euo', 'pipefail', '-c', block.text]
          : [process.execPath, workplace.program(path, block)];
      const { status, output } = await world.run(workplace.of(path), ...command);
      expect(status, output).toBe(0);
    });
  });
});
