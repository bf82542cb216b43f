"""The runtime of the function that is put through faults: notes what it begins, and does what the event says.

{"id": I, "ms": T, "crash": P}   writes a line `I TIME begun` to the file NOTES, waits T ms, and ends with probability P
                                 instead of writing `I TIME ended` and answering; the answer is the event
"""

import http.client
import json
import os
import random
import time

api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
base = "/2018-06-01/runtime/invocation/"
notes = os.open(os.environ["NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

while True:
    api.request("GET", base + "next")
    response = api.getresponse()
    body = response.read()
    event = json.loads(body)
    os.write(notes, f"{event['id']} {time.time()} begun\n".encode())
    if event.get("ms"):
        time.sleep(event["ms"] / 1000)
    if random.random() < event.get("crash", 0):
        os._exit(3)
    os.write(notes, f"{event['id']} {time.time()} ended\n".encode())
    api.request("POST", f"{base}{response.headers['Lambda-Runtime-Aws-Request-Id']}/response", body)
    api.getresponse().read()
