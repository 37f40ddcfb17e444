import { defineConfig } from 'tsup';

export default defineConfig({ entry: ['src/place-order.ts'], format: 'esm', target: 'node20', clean: true });
