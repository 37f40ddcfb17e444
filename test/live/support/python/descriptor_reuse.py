# SPDX-License-Identifier: Apache-2.0
"""descriptor_reuse.py <port>: a thread waits in recv on a descriptor while another thread puts another socket there.

The bytes that the waiting thread gets are those of the old connection; the next call on the same number belongs to the
new one. Prints what both got.
"""
import json
import os
import socket
import sys
import threading
import time

port = int(sys.argv[1])


def request(target):
    return f"GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode()


def receive(descriptor):
    """One read on the number as it is at that moment: the server sends a response by one call."""
    return os.read(descriptor, 65536).decode()


old = socket.create_connection(("127.0.0.1", port))
new = socket.create_connection(("127.0.0.1", port))
number = old.fileno()
ports = {"old": old.getsockname()[1], "new": new.getsockname()[1]}

old.sendall(request("/slow?ms=400&id=old"))
answers = {}


def wait():
    answers["old"] = receive(number)


waiting = threading.Thread(target=wait)
waiting.start()
time.sleep(0.15)
os.dup2(new.fileno(), number)
os.write(number, request("/echo?id=new"))
waiting.join()
answers["new"] = receive(number)
print(json.dumps({"ports": ports, "answers": answers}), flush=True)
