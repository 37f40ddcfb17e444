// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { blocksOf } from './blocks.js';

const block = (info: string, text = 'true') => `\`\`\`${info}\n${text}\n\`\`\`\n`;

describe('the blocks of a document', () => {
  it('are found with their lines, languages and files', () => {
    const text = `# Title\n\n${block('sh')}\nand\n\n${block('ts tool.ts', 'a\nb')}`;
    expect(blocksOf('a.md', text)).toEqual([
      { line: 4, language: 'sh', text: 'true\n' },
      { line: 10, language: 'ts', file: 'tool.ts', text: 'a\nb\n' },
    ]);
  });

  it.each(['', 'bash', 'console', 'typescript', 'sh a.sh b.sh'])(
    'are refused as "%s": nothing would test them',
    (info) => {
      expect(() => blocksOf('a.md', block(info))).toThrow(/a\.md:2/);
    },
  );

  it('are refused as a file without a name, and outside of their directory', () => {
    expect(() => blocksOf('a.md', block('yaml'))).toThrow('which file is it?');
    expect(() => blocksOf('a.md', block('ts ../a.ts'))).toThrow('"../a.ts"');
  });

  it('must end', () => {
    expect(() => blocksOf('a.md', '```sh\ntrue\n')).toThrow('does not end');
  });
});
