// SPDX-License-Identifier: Apache-2.0
// A protocol of lines `EVIL <words>`, each answered by a line, whose parser loops for ever or throws when it is asked to.

class EvilParser {
  #context;
  #asked = [];

  constructor(context) {
    this.#context = context;
  }

  data({ direction, bytes, timestampNs }) {
    const text = bytes.toString('latin1');
    if (text.includes('hang')) for (;;);
    if (text.includes('throw')) throw new Error('thrown on purpose');
    if (text.startsWith('EVIL ')) {
      this.#asked.push({ requestDirection: direction, startNs: timestampNs, request: { text: text.trim() } });
      return;
    }
    const asked = this.#asked.shift();
    const response = { text: text.trim() };
    if (asked === undefined) return;
    this.#context.emit({ ...asked, protocol: 'evil', scheme: 'evil', endNs: timestampNs, response, complete: true });
  }

  gap() {}

  close() {}
}

export default () => ({
  apiVersion: 1,
  name: 'evil',
  probeBytes: 5,
  detect: ({ ingress, egress }) => {
    const starts = [ingress, egress].map((bytes) => bytes.toString('latin1', 0, 5));
    if (starts.includes('EVIL ')) return 'match';
    return starts.some((start) => start !== '' && 'EVIL '.startsWith(start)) ? 'need-more' : 'no-match';
  },
  createParser: (context) => new EvilParser(context),
});
