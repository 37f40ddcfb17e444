// SPDX-License-Identifier: Apache-2.0
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const ZERO = 0x30;
const POWERS_OF_TEN = Array.from({ length: 10 }, (_, exponent) => 10 ** exponent);
const MAX_DIGITS_VALUE = 2 ** 31 - 1;
const HEX = Buffer.from('0123456789abcdef');
/** Longest escape of one byte: `\u001f`. */
const MAX_ESCAPE_BYTES = 6;
const SLICE_BYTES = 4096;
/** From here on the engine's own quoting beats a loop over the characters. */
const LONG_STRING = 512;
/** Objects whose JSON is remembered: those of a thousand connections. A power of two. */
const PLACES = 8192;
/** Longer JSON is not remembered. */
const MAX_REMEMBERED_BYTES = 4096;

/** The letter after the backslash of the short escapes (RFC 8259 §7), 0 for the others. */
const SHORT_ESCAPES = new Uint8Array(128);
for (const [character, letter] of ['\bb', '\tt', '\nn', '\ff', '\rr', '""', '\\\\'].map((pair) => [...pair])) {
  SHORT_ESCAPES[character?.charCodeAt(0) ?? 0] = letter?.charCodeAt(0) ?? 0;
}

/** What was written last at a place, and its JSON when that was not the first time. */
interface Remembered {
  object: object;
  json: Buffer | undefined;
}

/**
 * Writes JSON text straight into bytes. Text that is on its way to a file need not become a string, its parts a rope,
 * the rope a flat string and that UTF-8 again: this takes half the time of it. The text is the one that
 * `JSON.stringify` gives for the same values.
 */
export class JsonWriter {
  readonly #initialBytes: number;
  #bytes: Buffer;
  #length = 0;
  readonly #memory = new Map<number, Remembered>();

  /** @param initialBytes The buffer grows as needed and shrinks to this when it is cleared. */
  constructor(initialBytes: number = 64 * 1024) {
    this.#initialBytes = initialBytes;
    this.#bytes = Buffer.allocUnsafe(initialBytes);
  }

  /** Written bytes. */
  get length(): number {
    return this.#length;
  }

  /** What was written. Borrowed until the next write or `clear`. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets what was written after `length`. */
  truncate(length: number): void {
    this.#length = Math.min(length, this.#length);
  }

  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > this.#initialBytes) this.#bytes = Buffer.allocUnsafe(this.#initialBytes);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  /** Text that is JSON already and ASCII: punctuation, keys, numbers, base64. */
  ascii(text: string): void {
    const { length } = text;
    this.#reserve(length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < length; i++) bytes[at++] = text.charCodeAt(i);
    this.#length = at;
  }

  /** Text that is JSON already. */
  json(text: string): void {
    this.#reserve(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length, 'utf8');
  }

  /** Bytes as they are. */
  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /**
   * Writes the JSON of this very object again. False when it is not known: then write it and call `remember`.
   *
   * @param place a whole number from 0 on, equal for objects of which the next one is often the same
   */
  repeat(place: number, object: object): boolean {
    const known = this.#memory.get(place & (PLACES - 1));
    if (known?.object !== object || known.json === undefined) return false;
    this.bytes(known.json);
    return true;
  }

  /** What was written from `start` on is the JSON of this object, which does not change any more. */
  remember(place: number, object: object, start: number): void {
    const key = place & (PLACES - 1);
    const known = this.#memory.get(key);
    if (known === undefined) {
      this.#memory.set(key, { object, json: undefined });
    } else if (known.object !== object) {
      // Not every object comes again: its JSON is kept from the second time on.
      known.object = object;
      known.json = undefined;
    } else if (this.#length - start <= MAX_REMEMBERED_BYTES) {
      known.json = Buffer.from(this.#bytes.subarray(start, this.#length));
    }
  }

  number(value: number): void {
    if (value >= 0 && value <= MAX_DIGITS_VALUE && Math.floor(value) === value && !Object.is(value, -0)) {
      this.digits(value, 1);
    } else {
      this.ascii(Number.isFinite(value) ? String(value) : 'null');
    }
  }

  /** A whole number from 0 to 2^31 - 1 in decimal digits, at least so many. */
  digits(value: number, atLeast: number): void {
    let count = atLeast;
    for (let limit = POWERS_OF_TEN[atLeast] ?? 10; limit <= value; limit *= 10) count++;
    this.#reserve(count);
    const bytes = this.#bytes;
    let rest = value | 0;
    for (let at = this.#length + count - 1; at >= this.#length; at--) {
      const tens = (rest / 10) | 0;
      bytes[at] = ZERO + rest - tens * 10;
      rest = tens;
    }
    this.#length += count;
  }

  /** Thousandths of a number, as `JSON.stringify(thousandths / 1000)` has it. */
  thousandths(value: number): void {
    if (!(value >= 0 && value <= MAX_DIGITS_VALUE && Math.floor(value) === value)) {
      this.number(value / 1000);
      return;
    }
    const whole = Math.floor(value / 1000);
    const rest = value - whole * 1000;
    this.digits(whole, 1);
    if (rest === 0) return;
    this.ascii('.');
    if (rest % 100 === 0) this.digits(rest / 100, 1);
    else if (rest % 10 === 0) this.digits(rest / 10, 2);
    else this.digits(rest, 3);
  }

  /** A string, quoted. */
  string(text: string): void {
    const { length } = text;
    if (length > LONG_STRING) {
      this.json(JSON.stringify(text));
      return;
    }
    this.#reserve(2 * length + 2);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = QUOTE;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < SPACE || code === QUOTE || code === BACKSLASH || code > 0xff) {
        this.json(JSON.stringify(text));
        return;
      }
      if (code < 0x80) {
        bytes[at++] = code;
      } else {
        bytes[at++] = 0xc0 | (code >> 6);
        bytes[at++] = 0x80 | (code & 0x3f);
      }
    }
    bytes[at++] = QUOTE;
    this.#length = at;
  }

  /** A string whose valid UTF-8 is at hand, quoted. */
  utf8(text: Uint8Array): void {
    this.ascii('"');
    const plain = plainPrefix(text);
    if (plain > 0) this.bytes(plain === text.length ? text : text.subarray(0, plain));
    for (let start = plain; start < text.length; start += SLICE_BYTES) {
      this.#utf8Slice(text, start, Math.min(start + SLICE_BYTES, text.length));
    }
    this.ascii('"');
  }

  #utf8Slice(text: Uint8Array, start: number, end: number): void {
    this.#reserve((end - start) * MAX_ESCAPE_BYTES);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = start; i < end; i++) {
      const byte = text[i] ?? 0;
      if (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH) {
        bytes[at++] = byte;
        continue;
      }
      bytes[at++] = BACKSLASH;
      const letter = SHORT_ESCAPES[byte] ?? 0;
      if (letter !== 0) {
        bytes[at++] = letter;
        continue;
      }
      bytes[at++] = 0x75; // u
      bytes[at++] = 0x30;
      bytes[at++] = 0x30;
      bytes[at++] = HEX[byte >> 4] ?? 0;
      bytes[at++] = HEX[byte & 15] ?? 0;
    }
    this.#length = at;
  }
}

/**
 * Bytes before the first word with a character to escape, four at a time. Bytes from 0x80 on are never escaped: they
 * drop out by `& ~word`. A false alarm, from a borrow between bytes, comes only after a true one.
 */
function plainPrefix(text: Uint8Array): number {
  if ((text.byteOffset & 3) !== 0 || text.length < 64) return 0;
  const words = new Int32Array(text.buffer, text.byteOffset, text.length >> 2);
  const { length } = words;
  let i = 0;
  // Two at a time: one branch for both is a quarter faster.
  for (; i + 1 < length; i += 2) {
    if (((escapes(words[i] ?? 0) | escapes(words[i + 1] ?? 0)) & 0x80808080) !== 0) break;
  }
  return i << 2;
}

/** High bits are set where a byte of the word is to be escaped. */
function escapes(word: number): number {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  return ((word - 0x20202020) & ~word) | ((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash);
}
