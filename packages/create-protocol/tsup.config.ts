import { fileURLToPath } from 'node:url';
import { defineConfig } from 'tsup';
import { assembleTemplate } from './assemble-template.js';

export default defineConfig({
  entry: ['src/cli.ts'],
  format: 'esm',
  target: 'node20',
  clean: true,
  onSuccess: () => assembleTemplate(fileURLToPath(new URL('dist/template', import.meta.url))),
});
