# SPDX-License-Identifier: Apache-2.0
"""A client on the package requests, with one session. Reads "METHOD url [body]" lines; prints a line of JSON for each."""
import json
import sys
import warnings

import requests

warnings.simplefilter("ignore")
session = requests.Session()
session.verify = False
session.trust_env = False

for line in sys.stdin:
    method, url, *body = line.rstrip("\n").split(" ", 2)
    response = session.request(method, url, data=body[0] if body else None, timeout=30)
    print(json.dumps({"status": response.status_code, "text": response.text}), flush=True)
