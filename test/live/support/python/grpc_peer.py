# SPDX-License-Identifier: Apache-2.0
"""Usage: grpc_peer.py server | client <address>. The same service and output as grpc-peer.mjs."""
import json
import sys
from concurrent import futures

import grpc

SERVICE = "/test.v1.Echo/"
PARTS = [b"a", b"bb", b"ccc"]
FAILURE = "no such thing: 100% gone, gr\xf6\xdfer"


def say(kind, sent, received, status=0):
    texts = [[one.decode("latin-1") for one in messages] for messages in (sent, received)]
    line = {"kind": kind, "sent": texts[0], "received": texts[1], "status": status}
    print(json.dumps(line), flush=True)


class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        name = details.method[len(SERVICE) :]
        return {
            "Unary": grpc.unary_unary_rpc_method_handler(self.unary),
            "Collect": grpc.stream_unary_rpc_method_handler(self.collect),
            "Expand": grpc.unary_stream_rpc_method_handler(self.expand),
            "Chat": grpc.stream_stream_rpc_method_handler(self.chat),
        }.get(name)

    def unary(self, request, context):
        if request == b"fail":
            say("Unary", [], [request], grpc.StatusCode.NOT_FOUND.value[0])
            context.abort(grpc.StatusCode.NOT_FOUND, FAILURE)
        say("Unary", [b"re:" + request], [request])
        return b"re:" + request

    def collect(self, requests, _context):
        received = list(requests)
        say("Collect", [b"".join(received)], received)
        return b"".join(received)

    def expand(self, request, _context):
        sent = [request + b"#%d" % n for n in (1, 2, 3)]
        yield from sent
        say("Expand", sent, [request])

    def chat(self, requests, _context):
        received = []
        for one in requests:
            received.append(one)
            yield b">" + one
        say("Chat", [b">" + one for one in received], received)


def serve():
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers([Echo()])
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()


def call(address):
    with grpc.insecure_channel(address) as channel:
        unary = channel.unary_unary(SERVICE + "Unary")
        for request, compression in (
            (b"hello\xff", None),
            (b"fail", None),
            (b"squeeze " * 100, grpc.Compression.Gzip),
        ):
            try:
                say("Unary", [request], [unary(request, compression=compression)])
            except grpc.RpcError as error:
                say("Unary", [request], [], error.code().value[0])
        say("Collect", PARTS, [channel.stream_unary(SERVICE + "Collect")(iter(PARTS))])
        say("Expand", [b"x"], list(channel.unary_stream(SERVICE + "Expand")(b"x")))
        say("Chat", PARTS, list(channel.stream_stream(SERVICE + "Chat")(iter(PARTS))))


if sys.argv[1] == "server":
    serve()
else:
    call(sys.argv[2])
