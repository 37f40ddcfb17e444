# SPDX-License-Identifier: Apache-2.0
"""http.client of the standard library, for a Python without any packages. One connection for each server is kept."""
import ssl
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

from lines import answer, requests

context = ssl._create_unverified_context()
kept = {}


def connect(url):
    if url.scheme == "https":
        return HTTPSConnection(url.netloc, context=context, timeout=60)
    return HTTPConnection(url.netloc, timeout=60)


for wanted in requests():
    url = urlsplit(wanted["url"])
    if wanted.get("fresh"):
        connection = connect(url)
    else:
        connection = kept.setdefault(url.netloc, connect(url))
    connection.request(wanted["method"], f"{url.path}?{url.query}", wanted.get("body"))
    response = connection.getresponse()
    answer(status=response.status, text=response.read().decode())
