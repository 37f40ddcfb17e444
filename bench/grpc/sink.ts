// SPDX-License-Identifier: Apache-2.0
// A server of both services that counts flows without decoding them, as a child process of the benchmark: what is measured
// is who sends. Sends its port to the parent, and the number of flows when it is asked.
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { countField } from './count-field.js';

/** `Flow` of api.Flows, `FlowsRequest.flows`. */
const GUI_FLOWS = 1;
const COLLECTOR_FLOWS = 2;
/** `FlowsResponse.acknowledged_sequence`, a varint. */
const ACKNOWLEDGED_TAG = 8;

const bytes = {
  requestSerialize: (value: Buffer) => value,
  requestDeserialize: (value: Buffer) => value,
  responseSerialize: (value: Buffer) => value,
  responseDeserialize: (value: Buffer) => value,
};
const unary = { ...bytes, requestStream: false, responseStream: false };
const duplex = { ...bytes, requestStream: true, responseStream: true };

let flows = 0;
const server = new Server();

server.addService(
  {
    SendFlowsObserved: { ...unary, path: '/api.TrayceAgent/SendFlowsObserved' },
    SendContainersObserved: { ...unary, path: '/api.TrayceAgent/SendContainersObserved' },
    OpenCommandStream: { ...duplex, path: '/api.TrayceAgent/OpenCommandStream' },
    Flows: { ...duplex, path: '/flowtap.v1.FlowtapService/Flows' },
  },
  {
    SendFlowsObserved: ({ request }: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
      flows += countField(request, GUI_FLOWS);
      callback(null, Buffer.alloc(0));
    },
    SendContainersObserved: (_: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) =>
      callback(null, Buffer.alloc(0)),
    OpenCommandStream: (call: ServerDuplexStream<Buffer, Buffer>) => endWithPeer(call.on('data', () => {})),
    Flows: (call: ServerDuplexStream<Buffer, Buffer>) => {
      let sequence = 0;
      call.on('data', (batch: Buffer) => {
        flows += countField(batch, COLLECTOR_FLOWS);
        sequence += 1;
        call.write(Buffer.from([ACKNOWLEDGED_TAG, ...varint(sequence)]));
      });
      endWithPeer(call);
    },
  },
);

server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.send?.({ port });
});
process.on('message', () => process.send?.({ flows }));
// The benchmark is gone, or wants no more.
process.on('disconnect', () => process.exit());

function endWithPeer(call: ServerDuplexStream<Buffer, Buffer>): void {
  call.on('end', () => call.end());
  call.on('error', () => {});
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
