# SPDX-License-Identifier: Apache-2.0
"""Header blocks made by the Python package hpack, one JSON line each: the connection, the fields, the block."""
import json
import random
import sys

from hpack import Encoder, HeaderTuple, NeverIndexedHeaderTuple

random.seed(int(sys.argv[1]))

NAMES = ["accept", "user-agent", "cookie", "x-request-id", "content-type", "x-\xe9", "etag", "set-cookie", "x-long"]
ALPHABET = "".join(chr(code) for code in range(256))


def value():
    kind = random.random()
    if kind < 0.4:
        return random.choice(["gzip", "application/json", "a=1; b=2", "no-cache", ""])
    if kind < 0.9:
        return "".join(random.choice("abcdefghij0123456789-/=") for _ in range(random.randrange(60)))
    return "".join(random.choice(ALPHABET) for _ in range(random.randrange(300)))


def fields():
    yield ":method", random.choice(["GET", "POST", "PATCH"])
    yield ":path", "/" + value()
    yield ":authority", random.choice(["example.org", "localhost:8443"])
    for _ in range(random.randrange(12)):
        yield random.choice(NAMES), value()


for connection in range(60):
    encoder = Encoder()
    huffman = random.random() < 0.7
    never = random.choice([0, 0, 0.3, 1])
    for _ in range(random.randrange(1, 40)):
        if random.random() < 0.1:
            encoder.header_table_size = random.choice([0, 64, 256, 1000, 4096, 65536])
        listed = list(fields())
        block = encoder.encode(
            [
                (NeverIndexedHeaderTuple if random.random() < never else HeaderTuple)(
                    name.encode("latin-1"), text.encode("latin-1")
                )
                for name, text in listed
            ],
            huffman=huffman,
        )
        print(json.dumps({"connection": connection, "fields": listed, "block": block.hex()}))
