# SPDX-License-Identifier: Apache-2.0
"""A small HTTPS server on a free port of 127.0.0.1: https_server.py <certificate> <key>. Prints the port."""
import json
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Greeter(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.greet(parse_qs(urlsplit(self.path).query).get("name", ["stranger"])[0])

    def do_POST(self):
        form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.greet(parse_qs(form).get("name", ["stranger"])[0])

    def greet(self, name):
        body = (json.dumps({"greeting": f"Hello, {name}!"}) + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Greeter)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
# With the handshake in the accepting thread a client that never finishes it would block all others.
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_address[1], flush=True)
server.serve_forever()
