# SPDX-License-Identifier: Apache-2.0
"""Usage: h2_client.py <port> <path>…: a request for each path by Python's h2, all at once on one connection, in the clear."""
import socket
import sys

import h2.config
import h2.connection
import h2.events

connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
connection.initiate_connection()
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as peer:
    waiting = set()
    for path in sys.argv[2:]:
        stream = connection.get_next_available_stream_id()
        has_body = path.startswith("/post")
        fields = [(":method", "POST" if has_body else "GET"), (":path", path), (":scheme", "http"), (":authority", "h2.test")]
        connection.send_headers(stream, fields + [("x-client", "python"), ("x-same", "same")], end_stream=not has_body)
        if has_body:
            connection.send_data(stream, b"a body", pad_length=7)
            connection.send_data(stream, b"", end_stream=True)
        waiting.add(stream)
    while waiting:
        peer.sendall(connection.data_to_send())
        for event in connection.receive_data(peer.recv(65536)):
            if isinstance(event, h2.events.DataReceived):
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                waiting.discard(event.stream_id)
    connection.close_connection()
    peer.sendall(connection.data_to_send())
