// SPDX-License-Identifier: Apache-2.0
import { createRecorder, createTap } from '@flowtap/core';
import { FakeConnection, FakeSource, processEvent, type Recording } from '@flowtap/core/testing';
import { http1 } from '@flowtap/protocols-http1';

export const SECRET = 'Bearer t0ps3cret';
/** Three exchanges: 200 and 404 over TLS to one host, 503 in the clear to another. */
export const EXCHANGES = 3;

/** Records an event log as `--record` does. */
async function record(path: string, play: (source: FakeSource) => void): Promise<void> {
  const source = new FakeSource({ redactionKey: Buffer.alloc(32, 7) });
  const tap = createTap({ source, protocols: [http1()], recorder: createRecorder({ path }) });
  await tap.start();
  play(source);
  await tap.stop();
}

export async function writeEventLog(path: string): Promise<void> {
  await record(path, playExchanges);
}

/** What passed between a client, which is the observed program, and its server. */
export async function writeRecording(path: string, recording: Recording): Promise<void> {
  await record(path, (source) => {
    const client = connection(1, 50_051);
    const data = recording.map(({ direction, bytes }) => client[direction](bytes));
    source.play(client.connect(), ...data, client.close());
  });
}

function playExchanges(source: FakeSource): void {
  source.play(processEvent({ action: 'exec', pid: 700, comm: 'curl', exe: '/usr/bin/curl' }));
  const secure = connection(1, 443);
  source.play(
    secure.connect(),
    secure.egress(request('GET', '/a?access_token=abc&b=c', 'example.org'), 'tls'),
    secure.ingress(response('200 OK', 'hello'), 'tls'),
    secure.egress(request('POST', '/missing', 'example.org'), 'tls'),
    secure.ingress(response('404 Not Found', ''), 'tls'),
    secure.close(),
  );
  const plain = connection(2, 8080);
  source.play(
    plain.connect(),
    plain.egress(request('GET', '/busy', 'localhost:8080')),
    plain.ingress(response('503 Service Unavailable', 'later')),
    plain.close(),
  );
}

function connection(id: number, port: number): FakeConnection {
  const local = { address: '127.0.0.1', port: 50_000 + id };
  const remote = { address: '127.0.0.1', port };
  return new FakeConnection({ id, role: 'client', local, remote }, { pid: 700, comm: 'curl' }, id * 1_000_000);
}

function request(method: string, target: string, host: string): string {
  return `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${SECRET}\r\nX-Session: abc\r\nContent-Length: 0\r\n\r\n`;
}

function response(status: string, body: string): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
