// SPDX-License-Identifier: Apache-2.0

/** A fenced block of a document. */
export interface Block {
  /** Of its first line of text, from 1. */
  readonly line: number;
  readonly language: Language;
  /** The second word of its info string: the block is the content of this file. */
  readonly file?: string;
  readonly text: string;
}

/**
 * What is done with a block: `ts` is compiled and run as a program, `sh` is run, `json` must be JSON. `text` is what is seen,
 * not typed, and nothing is done with it. The other ones are files, which programs and commands that follow use.
 */
export const LANGUAGES = ['ts', 'sh', 'json', 'text', 'js', 'proto', 'yaml'] as const;
export type Language = (typeof LANGUAGES)[number];

const FILES_ONLY: readonly Language[] = ['js', 'proto', 'yaml'];

/** @throws Error for a block that would not be tested, though it looks like one that is. */
export function blocksOf(document: string, text: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { readonly line: number; readonly info: string; readonly lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*```(.*)$/.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open === undefined) open = { line: index + 2, info: (fence[1] ?? '').trim(), lines: [] };
    else {
      blocks.push(makeBlock(`${document}:${open.line}`, open.line, open.info, `${open.lines.join('\n')}\n`));
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${document}:${open.line}: the block does not end.`);
  return blocks;
}

function makeBlock(place: string, line: number, info: string, text: string): Block {
  const [name = '', file, ...rest] = info.split(/\s+/);
  const language = LANGUAGES.find((known) => known === name);
  if (language === undefined || rest.length > 0) {
    throw new Error(
      `${place}: "${info}" is none of ${LANGUAGES.join(', ')}, with the name of a file after it or without.`,
    );
  }
  if (file === undefined && FILES_ONLY.includes(language)) {
    throw new Error(`${place}: which file is it? Write its name after "${language}".`);
  }
  if (file !== undefined && !/^[\w-]+(?:[./][\w-]+)*$/.test(file)) {
    throw new Error(`${place}: "${file}" is no name of a file in the directory of the document.`);
  }
  return { line, language, text, ...(file === undefined ? {} : { file }) };
}
