# SPDX-License-Identifier: Apache-2.0
"""Argument: sync or async."""
import asyncio
import sys

import httpx
from lines import answer, requests

options = {"verify": False, "trust_env": False, "timeout": 60}


def run():
    kept = httpx.Client(**options)
    for wanted in requests():
        client = httpx.Client(**options) if wanted.get("fresh") else kept
        response = client.request(wanted["method"], wanted["url"], content=wanted.get("body"))
        answer(status=response.status_code, text=response.text)


async def run_async():
    kept = httpx.AsyncClient(**options)
    lines = requests()
    loop = asyncio.get_running_loop()
    # Reading stdin would stop the loop, which has to go on while a connection is idle.
    while wanted := await loop.run_in_executor(None, next, lines, None):
        client = httpx.AsyncClient(**options) if wanted.get("fresh") else kept
        response = await client.request(wanted["method"], wanted["url"], content=wanted.get("body"))
        answer(status=response.status_code, text=response.text)


if sys.argv[1] == "async":
    asyncio.run(run_async())
else:
    run()
