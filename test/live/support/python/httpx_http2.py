# SPDX-License-Identifier: Apache-2.0
"""Usage: httpx_http2.py <url>…: a request for each over HTTP/2, at once after the first one; a JSON line for each answer."""
import asyncio
import json
import sys

import httpx


async def main():
    async with httpx.AsyncClient(http2=True, verify=False, trust_env=False, timeout=60) as client:
        # From its answer on, the client knows that one connection is enough.
        first = await client.get(sys.argv[1])
        for response in [first, *await asyncio.gather(*(client.get(url) for url in sys.argv[2:]))]:
            shown = {"version": response.http_version, "status": response.status_code, "text": response.text}
            print(json.dumps({"target": response.request.url.raw_path.decode(), **shown}))


asyncio.run(main())
