# SPDX-License-Identifier: Apache-2.0
"""descriptor_passing.py dup|fork|message: accepts connections and answers each one through another descriptor.

dup: a duplicate in the same process reads and writes, the original is closed before.
fork: a child of the accepting process answers, the parent closes its descriptor at once.
message: another process gets the descriptor over a UNIX socket (SCM_RIGHTS) and answers.
Prints the port, then serves for ever.
"""
import os
import socket
import sys

how = sys.argv[1]
listener = socket.create_server(("127.0.0.1", 0), backlog=32)


def answer(connection):
    """Keep-alive: answers until the client goes."""
    while True:
        head = b""
        while b"\r\n\r\n" not in head:
            received = connection.recv(65536)
            if not received:
                connection.close()
                return
            head += received
        target = head.split(b" ", 2)[1]
        body = b"pid=%d target=%s\n" % (os.getpid(), target)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def serve_passed(channel):
    while True:
        _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
        answer(socket.socket(fileno=descriptors[0]))


if how == "message":
    here, there = socket.socketpair()
    if os.fork() == 0:
        here.close()
        serve_passed(there)

print(listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    if how == "dup":
        copy = connection.dup()
        connection.close()
        answer(copy)
    elif how == "fork":
        if os.fork() == 0:
            answer(connection)
            os._exit(0)
        connection.close()
    else:
        socket.send_fds(here, [b"x"], [connection.fileno()])
        connection.close()
