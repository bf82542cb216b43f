"""What the Lambda Web Adapter does, as an external extension: it registers for no events, waits until the application
listens on PORT, then relays each event from the Runtime API to it as a POST, and the answer back. usage: web_adapter.py NAME
"""

import http.client
import json
import os
import socket
import sys
import threading
import time

from extension import Extension

extension = Extension(sys.argv[1])
assert extension.register([]) == 200
threading.Thread(target=extension.next, daemon=True).start()

port = int(os.environ["PORT"])
while True:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        break
    except OSError:
        time.sleep(0.01)

runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
base = "/2018-06-01/runtime/invocation/"
while True:
    runtime.request("GET", base + "next")
    event = runtime.getresponse()
    body = event.read()
    application = http.client.HTTPConnection("127.0.0.1", port)
    application.request("POST", "/relayed", body)
    answer = application.getresponse()
    result = json.dumps({"statusCode": answer.status, "body": answer.read().decode()})
    runtime.request("POST", base + event.headers["Lambda-Runtime-Aws-Request-Id"] + "/response", result)
    runtime.getresponse().read()
