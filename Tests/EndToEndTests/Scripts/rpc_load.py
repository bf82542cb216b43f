"""Keeps a window of requests outstanding on a function's queue, checks every reply, prints a summary as JSON.

usage: rpc_load.py URI QUEUE COUNT WINDOW EVENT
EVENT is "bytes:N" (a JSON body of exactly N bytes that carries the request's number; it must come back untouched),
"empty" (no body at all; {} must come back) or JSON, sent as it is; then replies are counted by their member "instance".
"""

import collections
import json
import sys
import time

import pika

uri, queue, count, window, event = sys.argv[1:]
count, window = int(count), int(window)
SILENCE = 30  # seconds without a reply that end the run


def body(number):
    if event == "empty":
        return b"", b"{}"
    if not event.startswith("bytes:"):
        return event.encode(), None
    size = int(event.removeprefix("bytes:"))
    if size < 12:
        text = str(number % 10**size).lstrip("0").rjust(size, "1").encode()
    else:
        text = b'"%09d' % number + b"x" * (size - 11) + b'"'
    return text, text


connection = pika.BlockingConnection(pika.URLParameters(uri))
channel = connection.channel()
reply_queue = channel.queue_declare("", exclusive=True).method.queue
outstanding, summary = {}, collections.Counter()
instances, outcomes = collections.Counter(), collections.Counter()
sent = 0
heard = time.monotonic()


def send():
    global sent
    request, expected = body(sent)
    outstanding[str(sent)] = expected
    properties = pika.BasicProperties(
        content_type="application/json", reply_to=reply_queue, correlation_id=str(sent), expiration="60000"
    )
    channel.basic_publish("", queue, request, properties, mandatory=True)
    sent += 1


def received(_, method, properties, reply):
    global heard
    heard = time.monotonic()
    if properties.correlation_id not in outstanding:
        summary["unexpected"] += 1
        return
    expected = outstanding.pop(properties.correlation_id)
    summary["replies"] += 1
    headers = properties.headers or {}
    outcome = headers.get("X-Amz-Function-Error") or headers.get("X-Amzn-ErrorType")
    if outcome or headers.get("StatusCode", 200) != 200:
        outcomes[outcome or str(headers["StatusCode"])] += 1
    elif expected is not None and reply != expected:
        summary["wrong"] += 1
    elif expected is None:
        instances[str(json.loads(reply)["instance"])] += 1
    if sent < count:
        send()


def returned(_, method, properties, body):
    del outstanding[properties.correlation_id]
    outcomes["returned"] += 1


channel.basic_consume(reply_queue, received, auto_ack=True)
channel.add_on_return_callback(returned)
for _ in range(min(window, count)):
    send()
while outstanding and time.monotonic() - heard < SILENCE:
    connection.process_data_events(time_limit=1)
print(json.dumps({"sent": sent, "replies": summary["replies"], "wrong": summary["wrong"],
                  "unexpected": summary["unexpected"], "instances": instances, "outcomes": outcomes}))
