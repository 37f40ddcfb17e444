// SPDX-License-Identifier: Apache-2.0

type Paint = (text: string) => string;

/** Colours by meaning. Only the sixteen that every terminal theme defines. */
export interface Palette {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly arrow: Paint;
  readonly process: Paint;
  readonly method: Paint;
  readonly problem: Paint;
  readonly headerName: Paint;
  status(code: number): Paint;
}

const sequence =
  (start: string): Paint =>
  (text) =>
    `\u001b[${start}m${text}\u001b[0m`;
const plain: Paint = (text) => text;

const red = sequence('1;31');
const green = sequence('1;32');
const yellow = sequence('1;33');
const cyan = sequence('1;36');

export const coloured: Palette = {
  bold: sequence('1'),
  dim: sequence('2'),
  arrow: cyan,
  process: sequence('35'),
  method: sequence('1'),
  problem: red,
  headerName: sequence('36'),
  status: (code) => (code >= 500 ? red : code >= 400 ? yellow : code >= 300 ? cyan : green),
};

export const uncoloured: Palette = {
  bold: plain,
  dim: plain,
  arrow: plain,
  process: plain,
  method: plain,
  problem: plain,
  headerName: plain,
  status: () => plain,
};
