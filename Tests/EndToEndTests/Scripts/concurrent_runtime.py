"""A runtime that keeps AWS_LAMBDA_MAX_CONCURRENCY nexts open, each in a thread of its own, and does what events say.

What is no object comes back as it was.
"""

import http.client
import json
import os
import threading
import time

ADDRESS = os.environ["AWS_LAMBDA_RUNTIME_API"]


def handle(event, request_id):
    print(json.dumps({"requestId": request_id, "message": "handled"}), flush=True)
    if event.get("do") == "sleep":
        time.sleep(event["ms"] / 1000)
    if event.get("do") == "exit":
        os._exit(event["code"])
    return {"pid": os.getpid(), "thread": threading.get_ident(), "event": event}


def poll():
    connection = http.client.HTTPConnection(ADDRESS)
    while True:
        connection.request("GET", "/2018-06-01/runtime/invocation/next")
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            return
        request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.loads(body)
        answer = json.dumps(handle(event, request_id)) if isinstance(event, dict) else body
        connection.request("POST", f"/2018-06-01/runtime/invocation/{request_id}/response", answer)
        posted = connection.getresponse()
        posted.read()
        if posted.status != 202:
            print(json.dumps({"requestId": request_id, "refused": posted.status}), flush=True)


threads = [threading.Thread(target=poll) for _ in range(int(os.environ["AWS_LAMBDA_MAX_CONCURRENCY"]))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
