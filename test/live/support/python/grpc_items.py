# SPDX-License-Identifier: Apache-2.0
"""Usage: grpc_items.py <directory of echo_pb2> server | client <address>. Service test.v1.Echo of echo.proto.

The server prints its port. Both print a line of JSON about each call: the ProtoJSON of what they sent and received.
"""
import json
import sys
from concurrent import futures

sys.path.insert(0, sys.argv[1])

import echo_pb2
import grpc
from google.protobuf import json_format

SERVICE = "/test.v1.Echo/"


def say(method, sent, received):
    shown = [[json_format.MessageToDict(one) for one in messages] for messages in (sent, received)]
    print(json.dumps({"method": method, "sent": shown[0], "received": shown[1]}), flush=True)


def items():
    first = echo_pb2.Item(item_name="gr\u00f6\u00dfe", big_number=2**53 + 1, raw_data=b"\xff\x00", color=1, flag=False)
    first.counts["a"] = -1
    first.made_at.FromJsonString("2026-01-02T03:04:05.123456Z")
    first.structure.update({"list": [1.5, None, {"deep": True}]})
    first.any.Pack(echo_pb2.Other(id=3))
    second = echo_pb2.Item(text="", doubles=[1.5, float("inf")], inner=[echo_pb2.Item(number=2**64 - 1)])
    return [first, second, echo_pb2.Item()]


class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        coders = {"request_deserializer": echo_pb2.Item.FromString}
        if details.method == SERVICE + "Unary":
            return grpc.unary_unary_rpc_method_handler(
                self.unary, response_serializer=echo_pb2.Other.SerializeToString, **coders
            )
        return grpc.stream_stream_rpc_method_handler(
            self.chat, response_serializer=echo_pb2.Item.SerializeToString, **coders
        )

    def unary(self, request, _context):
        answer = echo_pb2.Other(id=len(request.item_name))
        say("Unary", [answer], [request])
        return answer

    def chat(self, requests, _context):
        received = list(requests)
        yield from received
        say("Chat", received, received)


def serve():
    server = grpc.server(futures.ThreadPoolExecutor(4), compression=grpc.Compression.Gzip)
    server.add_generic_rpc_handlers([Echo()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


def call(address):
    with grpc.insecure_channel(address, compression=grpc.Compression.Gzip) as channel:
        encode = echo_pb2.Item.SerializeToString
        unary = channel.unary_unary(SERVICE + "Unary", encode, echo_pb2.Other.FromString)
        for item in items():
            say("Unary", [item], [unary(item)])
        chat = channel.stream_stream(SERVICE + "Chat", encode, echo_pb2.Item.FromString)
        say("Chat", items(), list(chat(iter(items()))))


if sys.argv[2] == "server":
    serve()
else:
    call(sys.argv[3])
