# SPDX-License-Identifier: Apache-2.0
"""An HTTP/1.1 server on Python's http.server that keeps a log of its own, for tests to compare with.

Prints {"port": n, "workers": [pid, ...]} once it listens. Paths:
  /bytes?count=n     a body of n bytes, numbered lines of 16 bytes each
  /chunked?count=n   the same with Transfer-Encoding: chunked
  /slow?ms=n         answers after n milliseconds
  anything else      a line of text that repeats the parameter `id`, the target and the size of the request's body
Every response repeats the parameter `id` in X-Id and tells the client's port in X-Client-Port.
"""
import argparse
import hashlib
import io
import json
import os
import signal
import socket
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ForkingMixIn, ThreadingMixIn
from urllib.parse import parse_qs, urlsplit

parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--unix")
parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"))
parser.add_argument("--log", default="/dev/null")
parser.add_argument("--mode", choices=["threads", "fork", "prefork"], default="threads")
parser.add_argument("--workers", type=int, default=2)
options = parser.parse_args()

log_file = os.open(options.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def log(**entry):
    # One write per line: threads and forked workers share the file.
    os.write(log_file, (json.dumps(entry) + "\n").encode())


def numbered(count):
    whole = b"".join(b"%015d\n" % line for line in range((count + 15) // 16))
    return whole[:count]


class CountingReader(io.RawIOBase):
    def __init__(self, connection):
        self.connection = connection
        self.count = 0

    def readable(self):
        return True

    def readinto(self, buffer):
        received = self.connection.recv_into(buffer)
        self.count += received
        return received


class CountingWriter(io.RawIOBase):
    def __init__(self, connection):
        self.connection = connection
        self.count = 0

    def writable(self):
        return True

    def write(self, data):
        self.connection.sendall(data)
        self.count += len(data)
        return len(data)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        self.connection = self.request
        if not options.unix:
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = CountingReader(self.connection)
        self.rfile = io.BufferedReader(self.reader, 65536)
        self.writer = CountingWriter(self.connection)
        # Head and body of a small response leave in one call.
        self.wfile = io.BufferedWriter(self.writer, 65536)
        self.request_start = 0

    def finish(self):
        # First, so that whoever reads of the end finds that it has come.
        self.server.shutdown_request(self.request)
        log(event="close", client=self.peer(), received=self.reader.count, sent=self.writer.count)

    def peer(self):
        return None if options.unix else list(self.client_address[:2])

    def handle_expect_100(self):
        proceed = super().handle_expect_100()
        # The client waits for it before it sends the body.
        self.wfile.flush()
        return proceed

    def handle_any(self):
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        body = self.read_body()
        answer_start = self.writer.count
        self.answer(url.path, query, body)
        self.wfile.flush()
        log(
            event="request",
            id=query.get("id", [""])[0],
            method=self.command,
            target=self.path,
            client=self.peer(),
            pid=os.getpid(),
            received=[self.request_start, self.reader.count],
            sent=[answer_start, self.writer.count],
        )
        self.request_start = self.reader.count

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

    def read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b""):
            pass
        return body

    def answer(self, path, query, body):
        if path == "/slow":
            time.sleep(int(query["ms"][0]) / 1000)
        if path in ("/bytes", "/chunked"):
            content = numbered(int(query["count"][0]))
        else:
            digest = hashlib.sha256(body).hexdigest()
            text = f"id={query.get('id', [''])[0]} target={self.path} bytes={len(body)} sha256={digest}\n"
            content = text.encode()
        self.send_response(int(query.get("status", ["200"])[0]))
        self.send_header("Content-Type", "text/plain")
        self.send_header("X-Id", query.get("id", [""])[0])
        if not options.unix:
            self.send_header("X-Client-Port", str(self.client_address[1]))
        if "cookie" in query:
            self.send_header("Set-Cookie", f"session={query['cookie'][0]}")
        if path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for start in range(0, len(content), 10000):
                part = content[start : start + 10000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_):
        pass


class Server(HTTPServer):
    request_queue_size = 512
    daemon_threads = True
    allow_reuse_address = True

    def server_bind(self):
        if options.unix:
            # An @ begins a name in the abstract namespace, as ss and lsof show it.
            name = self.server_address
            self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
            self.server_name, self.server_port = "localhost", 0
        else:
            super().server_bind()

    def get_request(self):
        connection, address = super().get_request()
        if options.tls:
            # The handshake belongs to the first read: a client that never finishes it must not block the others.
            connection = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, address):
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, ssl.SSLError)):
            super().handle_error(request, address)


class ThreadingServer(ThreadingMixIn, Server):
    pass


class ForkingServer(ForkingMixIn, Server):
    max_children = 200


if options.tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*options.tls)

kind = {"threads": ThreadingServer, "fork": ForkingServer, "prefork": Server}[options.mode]
kind.address_family = (
    socket.AF_UNIX if options.unix else socket.AF_INET6 if ":" in options.host else socket.AF_INET
)
server = kind(options.unix or (options.host, 0), Handler)
workers = []


def fork_worker(*_):
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        server.serve_forever()
    workers.append(pid)
    print(json.dumps({"port": server.server_address[1], "workers": workers}), flush=True)


def retire_workers(*_):
    while workers:
        pid = workers.pop()
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
    print(json.dumps({"port": server.server_address[1], "workers": workers}), flush=True)


def end(*_):
    for pid in workers:
        os.kill(pid, signal.SIGTERM)
    os._exit(0)


if options.mode == "prefork":
    signal.signal(signal.SIGTERM, end)
    # SIGUSR1: one more worker. SIGUSR2: none any more.
    signal.signal(signal.SIGUSR1, fork_worker)
    signal.signal(signal.SIGUSR2, retire_workers)
    for _ in range(options.workers):
        fork_worker()
    while True:
        # Not pause(): a signal just before it would be handled only at the next one.
        time.sleep(0.1)

print(json.dumps({"port": 0 if options.unix else server.server_address[1], "workers": []}), flush=True)
server.serve_forever()
