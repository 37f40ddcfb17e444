// SPDX-License-Identifier: Apache-2.0

// The package brings no types; this is the part that is used here.
declare module 'hpack.js' {
  interface Decompressor {
    write(block: Buffer): void;
    execute(): void;
    read(): { readonly name: string; readonly value: string } | null;
    updateTableSize(size: number): void;
  }

  export const decompressor: { create(options: { readonly table: { readonly maxSize: number } }): Decompressor };
  const hpack: { readonly decompressor: typeof decompressor };
  export default hpack;
}
