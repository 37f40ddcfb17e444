import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/ship.ts', 'src/consume.ts'],
  format: 'esm',
  target: 'node20',
  clean: true,
});
