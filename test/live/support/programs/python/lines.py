# SPDX-License-Identifier: Apache-2.0
"""How a test drives a client: a line of JSON for each request, a line of JSON for each answer, "ready" before all.

{"method", "url", "body"?, "fresh"?} is one request; `fresh` asks for a connection of its own.
{"url", "count", "concurrency"} is a load: the url with &id=1 to &id=<count>.
"""
import json
import sys
import threading


def requests():
    print("ready", flush=True)
    for line in sys.stdin:
        yield json.loads(line)


def answer(**fields):
    print(json.dumps(fields), flush=True)


def urls(wanted):
    return [f"{wanted['url']}&id={number}" for number in range(1, wanted["count"] + 1)]


def load_by_threads(wanted, open_session):
    """`open_session` gives a function that makes one request; each thread has one."""
    waiting = urls(wanted)[::-1]
    failures = []

    def work():
        request = open_session()
        while True:
            try:
                url = waiting.pop()
            except IndexError:
                return
            try:
                status = request(url)
            except Exception as error:
                failures.append(repr(error))
            else:
                if status != 200:
                    failures.append(f"{url}: {status}")

    threads = [threading.Thread(target=work) for _ in range(wanted["concurrency"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answer(failures=failures)
