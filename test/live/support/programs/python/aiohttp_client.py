# SPDX-License-Identifier: Apache-2.0
import asyncio

import aiohttp
from lines import answer, requests


def session():
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False))


async def request(chosen, wanted):
    async with chosen.request(wanted["method"], wanted["url"], data=wanted.get("body")) as response:
        answer(status=response.status, text=await response.text())


async def run():
    lines = requests()
    loop = asyncio.get_running_loop()
    async with session() as kept:
        # Reading stdin would stop the loop, which has to go on while a connection is idle.
        while wanted := await loop.run_in_executor(None, next, lines, None):
            if wanted.get("fresh"):
                async with session() as own:
                    await request(own, wanted)
            else:
                await request(kept, wanted)


asyncio.run(run())
