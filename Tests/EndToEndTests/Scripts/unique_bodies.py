"""Invokes an echo function over keep-alive HTTP connections, each event unlike all others, and compares the answers.

usage: unique_bodies.py PORT FUNCTION COUNT CLIENTS

Prints {"answers": …, "wrong": …, "statuses": {status: count}} as JSON. An answer of another request's event is wrong.
"""

import collections
import http.client
import json
import sys
import threading

port, function, count, clients = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
path = f"/2015-03-31/functions/{function}/invocations"
lock = threading.Lock()
statuses = collections.Counter()
totals = {"answers": 0, "wrong": 0}


def run(client):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    answers = wrong = 0
    seen = collections.Counter()
    for number in range(client, count, clients):
        # Lengths differ too, so that a reply that is torn is found.
        event = json.dumps({"number": number, "client": client, "filling": "x" * (number * 7919 % 2000)}).encode()
        connection.request("POST", path, event)
        answer = connection.getresponse()
        body = answer.read()
        seen[answer.status] += 1
        answers += 1
        wrong += answer.status == 200 and body != event
    connection.close()
    with lock:
        totals["answers"] += answers
        totals["wrong"] += wrong
        statuses.update(seen)


threads = [threading.Thread(target=run, args=(client,)) for client in range(clients)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps({**totals, "statuses": statuses}))
