# SPDX-License-Identifier: Apache-2.0
"""Usage: httpx_http2.py <url>…: a request for each URL over HTTP/2, at once on one connection; a JSON line for each answer."""
import asyncio
import json
import sys

import httpx


async def main():
    async with httpx.AsyncClient(http2=True, verify=False, trust_env=False, timeout=60) as client:
        for response in await asyncio.gather(*(client.get(url) for url in sys.argv[1:])):
            shown = {"version": response.http_version, "status": response.status_code, "text": response.text}
            print(json.dumps({"target": response.request.url.raw_path.decode(), **shown}))


asyncio.run(main())
