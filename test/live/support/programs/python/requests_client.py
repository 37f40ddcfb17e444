# SPDX-License-Identifier: Apache-2.0
import warnings

import requests
from lines import answer, load_by_threads
from lines import requests as wanted_requests

warnings.simplefilter("ignore")


def session():
    made = requests.Session()
    made.verify = False
    made.trust_env = False
    return made


def open_session():
    own = session()
    return lambda url: own.get(url, timeout=60).status_code


kept = session()
for wanted in wanted_requests():
    if "count" in wanted:
        load_by_threads(wanted, open_session)
        continue
    chosen = session() if wanted.get("fresh") else kept
    response = chosen.request(wanted["method"], wanted["url"], data=wanted.get("body"), timeout=60)
    answer(status=response.status_code, text=response.text)
