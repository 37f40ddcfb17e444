# SPDX-License-Identifier: Apache-2.0
"""Arguments: certificate and key, or none. Prints {"port": n}."""
import asyncio
import json
import ssl
import sys

from aiohttp import web


async def handle(request):
    body = await request.read()
    port = request.transport.get_extra_info("peername")[1]
    return web.Response(
        status=404 if request.path == "/missing" else 200,
        text=f"aiohttp says target={request.path_qs} bytes={len(body)}\n",
        headers={"X-Client-Port": str(port)},
    )


async def run():
    context = None
    if len(sys.argv) > 1:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*sys.argv[1:])
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.Event().wait()


asyncio.run(run())
