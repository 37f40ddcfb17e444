# SPDX-License-Identifier: Apache-2.0
"""The same arguments, service and output as grpc-peer.mjs."""
import json
import sys
from pathlib import Path
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

    def collect(self, requests, context):
        received = list(requests)
        if received[0] == b"fail":
            say("Collect", [], received, grpc.StatusCode.NOT_FOUND.value[0])
            context.abort(grpc.StatusCode.NOT_FOUND, FAILURE)
        say("Collect", [b"".join(received)], received)
        return b"".join(received)

    def expand(self, request, context):
        sent = [request + b"#%d" % n for n in (1, 2, 3)]
        yield from sent
        code = grpc.StatusCode.NOT_FOUND if request == b"fail" else grpc.StatusCode.OK
        say("Expand", sent, [request], code.value[0])
        if code is not grpc.StatusCode.OK:
            context.abort(code, FAILURE)

    def chat(self, requests, _context):
        received = []
        for one in requests:
            received.append(one)
            yield b">" + one
        say("Chat", [b">" + one for one in received], received)


def serve(certificate=None, key=None):
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers([Echo()])
    if certificate is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        pair = (Path(key).read_bytes(), Path(certificate).read_bytes())
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


def open_channel(address, certificate=None):
    if certificate is None:
        return grpc.insecure_channel(address)
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(Path(certificate).read_bytes()))


def call(*place):
    with open_channel(*place) as channel:
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
        collect = channel.stream_unary(SERVICE + "Collect")
        for parts in (PARTS, [b"fail"]):
            try:
                say("Collect", parts, [collect(iter(parts))])
            except grpc.RpcError as error:
                say("Collect", parts, [], error.code().value[0])
        for request in (b"x", b"fail"):
            received = []
            stream = channel.unary_stream(SERVICE + "Expand")(request)
            try:
                received.extend(iter(stream))
            except grpc.RpcError:
                pass
            say("Expand", [request], received, stream.code().value[0])
        say("Chat", PARTS, list(channel.stream_stream(SERVICE + "Chat")(iter(PARTS))))


if sys.argv[1] == "server":
    serve(*sys.argv[2:])
else:
    call(*sys.argv[2:])
