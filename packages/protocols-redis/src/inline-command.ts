// SPDX-License-Identifier: Apache-2.0

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };
const BLANK = /[\s\0]/;

/**
 * The words of a line as Redis splits it: by blanks, with `"…"` (backslash escapes, `\xff`) and `'…'` (`\'`). MONITOR
 * writes its lines in the same way. Undefined when quotes are not balanced, which Redis refuses.
 */
export function splitWords(line: string): readonly string[] | undefined {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && BLANK.test(line.charAt(at))) at++;
    if (at === line.length) return words;
    const word = readWord(line, at);
    if (word === undefined) return undefined;
    words.push(word.text);
    at = word.end;
  }
}

function readWord(line: string, start: number): { readonly text: string; readonly end: number } | undefined {
  const parts: string[] = [];
  let quote = '';
  let at = start;
  for (; at < line.length; at++) {
    const character = line.charAt(at);
    if (quote === '') {
      if (BLANK.test(character)) break;
      if (character === '"' || character === "'") quote = character;
      else parts.push(character);
    } else if (character === quote) {
      quote = '';
      // A closing quote ends a word.
      if (at + 1 < line.length && !BLANK.test(line.charAt(at + 1))) return undefined;
    } else if (character === '\\' && at + 1 < line.length && (quote === '"' || line.charAt(at + 1) === "'")) {
      const hex = quote === '"' ? /^x[0-9a-fA-F]{2}/.exec(line.slice(at + 1, at + 4)) : null;
      const escaped = line.charAt(at + 1);
      if (hex !== null) parts.push(String.fromCharCode(Number.parseInt(hex[0].slice(1), 16)));
      else parts.push(quote === '"' ? (ESCAPES[escaped] ?? escaped) : escaped);
      at += hex === null ? 1 : 3;
    } else {
      parts.push(character);
    }
  }
  return quote === '' ? { text: parts.join(''), end: at } : undefined;
}
