// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Block } from './blocks.js';
import { type Document, rootDirectory } from './documents.js';

const COMPILE_TIMEOUT_MS = 60_000;

/** Where the blocks of all documents are: a directory for each document, in one package that has the built packages. */
export class Workplace {
  readonly directory = mkdtempSync(join(tmpdir(), 'flowtap-docs-'));

  constructor(documents: readonly Document[]) {
    symlinkSync(join(rootDirectory, 'node_modules'), join(this.directory, 'node_modules'));
    this.#write('package.json', JSON.stringify({ type: 'module' }));
    const compilerOptions = { declaration: false, sourceMap: false };
    const base = join(rootDirectory, 'tsconfig.base.json');
    this.#write(
      'tsconfig.json',
      JSON.stringify({ extends: base, compilerOptions, include: ['*/**/*.ts'], exclude: ['node_modules'] }),
    );
    for (const { path, blocks } of documents) {
      mkdirSync(this.of(path));
      for (const block of blocks) {
        if (isFile(block)) this.#write(join(slug(path), fileOf(block)), block.text);
      }
    }
  }

  /** The directory of a document. */
  of(document: string): string {
    return join(this.directory, slug(document));
  }

  /** Path of a block of a document, compiled if it is TypeScript. */
  program(document: string, block: Block): string {
    return join(this.of(document), fileOf(block).replace(/\.ts$/, '.js'));
  }

  /** What the compiler says about the block of a document, with the lines of the document. */
  errorsIn(document: string, block: Block): readonly string[] {
    const prefix = `${join(slug(document), fileOf(block))}(`;
    return this.#errors
      .filter((error) => error.startsWith(prefix))
      .map((error) =>
        error
          .slice(prefix.length)
          .replace(/^(\d+),(\d+)\)/, (_, line, column) => `${document}:${Number(line) + block.line - 1}:${column}`),
      );
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #errors: readonly string[] = [];

  compile(): void {
    const compiler = join(rootDirectory, 'node_modules/typescript/bin/tsc');
    const args = [compiler, '--project', join(this.directory, 'tsconfig.json'), '--pretty', 'false'];
    const options = { cwd: this.directory, encoding: 'utf8', timeout: COMPILE_TIMEOUT_MS } as const;
    const { stdout, status, error } = spawnSync(process.execPath, args, options);
    if (error !== undefined) throw error;
    this.#errors = stdout.split('\n').filter((line) => line.includes('): error TS'));
    if (status !== 0 && this.#errors.length === 0) throw new Error(`the compiler ended with ${status}: ${stdout}`);
  }

  #write(name: string, text: string): void {
    const path = join(this.directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

function isFile({ language, file }: Block): boolean {
  return file !== undefined || language === 'ts';
}

function fileOf({ line, language, file }: Block): string {
  return file ?? `line-${line}.${language}`;
}

function slug(document: string): string {
  return document.replace(/\.md$/, '').replaceAll('/', '-');
}
