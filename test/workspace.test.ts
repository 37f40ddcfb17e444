// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('..', import.meta.url));

/** What the sources of a package may import at run time, besides Node's own modules and themselves. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  '@flowtap/core': ['eventemitter3'],
  '@flowtap/create-protocol': [],
  '@flowtap/protocols-http1': ['@flowtap/core'],
  '@flowtap/protocols-http2': ['@flowtap/core'],
  '@flowtap/protocols-mysql': ['@flowtap/core'],
  '@flowtap/protocols-postgres': ['@flowtap/core'],
  '@flowtap/protocols-redis': ['@flowtap/core'],
  '@flowtap/protocols-websocket': ['@flowtap/core'],
  '@flowtap/grpc-schema': ['@flowtap/core', 'protobufjs'],
  '@flowtap/docker-tracker': ['@flowtap/core', 'dockerode', 'eventemitter3'],
  '@flowtap/grpc-exporter': ['@bufbuild/protobuf', '@flowtap/core', '@grpc/grpc-js'],
  '@flowtap/otlp-exporter': [
    '@flowtap/core',
    '@grpc/grpc-js',
    '@opentelemetry/api',
    '@opentelemetry/core',
    '@opentelemetry/exporter-trace-otlp-grpc',
    '@opentelemetry/exporter-trace-otlp-proto',
    '@opentelemetry/resources',
    '@opentelemetry/sdk-trace-base',
    '@opentelemetry/semantic-conventions',
  ],
  '@flowtap/bpf-native': ['@flowtap/core', 'eventemitter3', 'iced-x86', 'node-gyp-build'],
};

const packages = readdirSync(join(root, 'packages')).map((name) => {
  const directory = join(root, 'packages', name);
  const manifest: Manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return { directory, manifest };
});

function sourcesBelow(path: string): string[] {
  if (statSync(path).isDirectory()) return readdirSync(path).flatMap((name) => sourcesBelow(join(path, name)));
  return path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.includes('__fixtures__') ? [path] : [];
}

/** Module names after `from`, and those of imports for effect and of `import()`. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const pattern = /(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s*'([^']+)'|\bimport\s*\(?\s*'([^']+)'/g;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? '');
}

function packageNameOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

describe.each(packages)('$manifest.name', ({ directory, manifest }) => {
  const imports = sourcesBelow(join(directory, 'src')).flatMap((file) =>
    importsOf(file).map((specifier) => ({ file, specifier })),
  );

  it('has a rule for what it may depend on', () => {
    expect(Object.keys(allowed)).toContain(manifest.name);
  });

  it('depends only on what lies before it in the data path', () => {
    expect(allowed[manifest.name]).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies ?? {})));
  });

  it('imports only what it declares', () => {
    expect(imports.length).toBeGreaterThan(0);
    const foreign = imports
      .filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
      .map(({ specifier }) => packageNameOf(specifier));
    // A package's own test kit may import the package by its name.
    const declared = [...Object.keys(manifest.dependencies ?? {}), manifest.name];
    expect(declared).toEqual(expect.arrayContaining([...new Set(foreign)]));
  });

  it('reaches into no other package by a relative path', () => {
    const outside = imports.filter(
      ({ file, specifier }) =>
        specifier.startsWith('.') && !resolve(dirname(file), specifier).startsWith(directory + sep),
    );
    expect(outside).toEqual([]);
  });
});
