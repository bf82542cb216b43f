"""Invokes a function over AMQP, all calls at once, with nothing but pika, and prints the replies as a JSON array.

usage: pika_calls.py URI QUEUE CALLS

CALLS is a JSON array of objects: "body" or "bodyByteCount" (a JSON string of so many bytes), "headers", "messageId".
"""

import json
import sys

import pika

uri, queue, calls = sys.argv[1:4]
calls = json.loads(calls)
connection = pika.BlockingConnection(pika.URLParameters(uri))
channel = connection.channel()
replies = channel.queue_declare("", exclusive=True).method.queue
results = {}


def received(channel, method, properties, body):
    assert properties.correlation_id not in results, "a second reply"
    results[properties.correlation_id] = {
        "headers": {name: str(value) for name, value in properties.headers.items()},
        "body": body.decode() if len(body) < 65536 else None,
        "contentType": properties.content_type,
    }
    if len(results) == len(calls):
        channel.stop_consuming()


channel.basic_consume(replies, received, auto_ack=True)
for number, call in enumerate(calls):
    body = call["body"] if "body" in call else '"' + "x" * (call["bodyByteCount"] - 2) + '"'
    properties = pika.BasicProperties(
        reply_to=replies, correlation_id=str(number), message_id=call.get("messageId"), headers=call.get("headers"))
    channel.basic_publish("", queue, body, properties, mandatory=True)
connection.call_later(60, lambda: sys.exit("not all replies came"))
channel.start_consuming()
print(json.dumps([results[str(number)] for number in range(len(calls))]))
