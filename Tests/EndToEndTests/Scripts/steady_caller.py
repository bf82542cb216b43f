"""Invokes an echo function every 20 ms over one connection, and prints status and seconds of each call, until it is killed.

usage: steady_caller.py PORT FUNCTION
"""

import http.client
import sys
import time

port, function = int(sys.argv[1]), sys.argv[2]
connection = http.client.HTTPConnection("127.0.0.1", port)
number = 0
while True:
    number += 1
    event = f'{{"number": {number}}}'
    started = time.monotonic()
    connection.request("POST", f"/2015-03-31/functions/{function}/invocations", event)
    answer = connection.getresponse()
    status = answer.status if answer.read().decode() == event else 0
    print(status, time.monotonic() - started, flush=True)
    time.sleep(0.02)
