// SPDX-License-Identifier: Apache-2.0
// sudo node dist/slowest-endpoints.js [seconds]: watches all containers and prints which of their endpoints answer slowest.
import { setTimeout as sleep } from 'node:timers/promises';
import { BpfSource } from '@flowtap/bpf-native';
import { createTap, type Flow, isHttpMessage } from '@flowtap/core';
import { ContainerCapture, DockerTracker } from '@flowtap/docker-tracker';
import { http1 } from '@flowtap/protocols-http1';
import { http2 } from '@flowtap/protocols-http2';

const SHOWN_PER_CONTAINER = 5;
const seconds = Number(process.argv[2] ?? 10);

/** Durations in milliseconds by endpoint, by container. */
const containers = new Map<string, Map<string, number[]>>();

function note(flow: Flow): void {
  // The same exchange is seen again at its client, where that is a container too.
  if (flow.kind !== 'flow' || flow.role !== 'server' || flow.container === undefined) return;
  if (!isHttpMessage(flow.request)) return;
  const { method, target } = flow.request;
  const endpoint = `${method} ${target.split('?')[0]}`;
  const endpoints = containers.get(flow.container.name) ?? new Map<string, number[]>();
  endpoints.set(endpoint, [...(endpoints.get(endpoint) ?? []), flow.durationMs]);
  containers.set(flow.container.name, endpoints);
}

function print(): void {
  for (const [container, endpoints] of containers) {
    process.stdout.write(`${container}\n`);
    const rows = [...endpoints].map(([endpoint, durations]) => ({
      endpoint,
      durations,
      slowest: Math.max(...durations),
    }));
    rows.sort((a, b) => b.slowest - a.slowest);
    for (const { endpoint, durations, slowest } of rows.slice(0, SHOWN_PER_CONTAINER)) {
      process.stdout.write(`  ${slowest.toFixed(1).padStart(9)} ms  ${endpoint}  (${durations.length} requests)\n`);
    }
  }
}

const tracker = new DockerTracker();
await tracker.start();
const source = new BpfSource({ targets: [] });
const tap = createTap({ source, protocols: [http2(), http1()], describe: tracker.describe });
tap.on('flow', note);
await tap.start();
const capture = new ContainerCapture(tracker, source);
await capture.select([{ all: true }]);
process.stderr.write(`watching for ${seconds} seconds\n`);
await sleep(seconds * 1000);
await tap.stop();
await capture.stop();
await tracker.stop();
print();
