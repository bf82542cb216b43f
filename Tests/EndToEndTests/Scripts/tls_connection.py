"""Invokes an echo function over and over, over one TLS connection, and prints a line for each: its number and the status.

usage: tls_connection.py PORT FUNCTION AUTHORITY

A connection that is not kept open ends it with an error: its new one is not the one that was to be tested.
"""

import http.client
import ssl
import sys
import time

port, function, authority = int(sys.argv[1]), sys.argv[2], sys.argv[3]
connection = http.client.HTTPSConnection("127.0.0.1", port, context=ssl.create_default_context(cafile=authority))
connection.connect()
connection.auto_open = False
number = 0
while True:
    number += 1
    connection.request("POST", f"/2015-03-31/functions/{function}/invocations", "{}")
    answer = connection.getresponse()
    answer.read()
    print(number, answer.status, flush=True)
    time.sleep(0.1)
