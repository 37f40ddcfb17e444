# SPDX-License-Identifier: Apache-2.0
"""Usage: make_messages.py <descriptor set> <seed>. Messages of test.v1.Item: a JSON line each, their bytes and their ProtoJSON."""
import json
import random
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

random.seed(int(sys.argv[2]))
pool = descriptor_pool.DescriptorPool()
with open(sys.argv[1], "rb") as file:
    for one in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        pool.Add(one)
Item = message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName("test.v1.Item"))
Other = message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName("test.v1.Other"))


def text():
    return "".join(random.choice("abc\"\\/\n\u00e9\u20ac\U0001f600") for _ in range(random.randrange(20)))


def fill(item, depth):
    def maybe():
        return random.random() < 0.4

    if maybe():
        item.item_name = text()
    if maybe():
        item.big_number = random.choice([0, 1, -1, 2**53 + 1, 2**63 - 1, -(2**63)])
    if maybe():
        item.raw_data = random.randbytes(random.randrange(40))
    for _ in range(random.randrange(3)):
        item.counts[text()] = random.randrange(-(2**31), 2**31)
    if maybe():
        item.color = random.choice([0, 1, -2, 99])
    if maybe():
        item.flag = random.random() < 0.5
    if maybe():
        item.text = random.choice(["", text()])
    elif maybe():
        item.number = random.choice([0, 2**64 - 1])
    if maybe():
        item.made_at.seconds = random.randrange(-62135596800, 253402300800)
        item.made_at.nanos = random.choice([0, 120000000, 123456000, 123456789])
    if maybe():
        item.took.seconds = random.randrange(0, 10**6)
        item.took.nanos = random.choice([0, 500000000, 1])
    if maybe():
        item.structure.update({"a": [1.5, None, {"b": text()}], text(): True})
    if maybe():
        item.wrapped.value = random.choice([0, 2**60])
    if maybe():
        item.any.Pack(Other(id=random.randrange(1000)))
    item.doubles.extend(random.choice([0.0, 1.5, -1e300, float("inf"), float("nan")]) for _ in range(random.randrange(3)))
    item.packed.extend(random.randrange(2**32) for _ in range(random.randrange(4)))
    if depth > 0:
        for _ in range(random.randrange(3)):
            fill(item.inner.add(), depth - 1)
        if maybe():
            fill(item.by_number[random.randrange(-5, 5)], depth - 1)
    return item


for _ in range(300):
    message = fill(Item(), 2)
    shown = json_format.MessageToDict(message, descriptor_pool=pool)
    print(json.dumps({"bytes": message.SerializeToString().hex(), "json": shown}))
