"""Invokes the function over AMQP with pika, without a library of ours. usage: pika_client.py [EVENT]"""

import os
import sys
import uuid

import pika

TIMEOUT = 10  # seconds

name = os.environ.get("FUNCTION_NAME", "echo-lambda")
event = sys.argv[1] if len(sys.argv) > 1 else '{"key": "value"}'
connection = pika.BlockingConnection(pika.URLParameters(os.environ.get("AMQP_URI", "amqp://guest:guest@localhost:5672/%2F")))
channel = connection.channel()
# Confirms make an unroutable message an exception here, instead of a time-out later.
channel.confirm_delivery()
reply_queue = channel.queue_declare("", exclusive=True, auto_delete=True).method.queue
correlation_id = str(uuid.uuid4())
try:
    channel.basic_publish(
        exchange="",
        routing_key=name,
        body=event.encode(),
        mandatory=True,
        properties=pika.BasicProperties(
            content_type="application/json",
            reply_to=reply_queue,
            correlation_id=correlation_id,
            expiration=str(TIMEOUT * 1000),  # nobody runs it after that
        ),
    )
except pika.exceptions.UnroutableError:
    sys.exit(f"no function is deployed as {name}")
for method, properties, body in channel.consume(reply_queue, auto_ack=True, inactivity_timeout=TIMEOUT):
    if method is None:
        sys.exit(f"no answer in {TIMEOUT} s")
    if properties.correlation_id == correlation_id:
        break
connection.close()
# The outcome is in the headers, under the names that they have over HTTP.
headers = properties.headers or {}
if headers.get("StatusCode", 200) != 200 or "X-Amz-Function-Error" in headers:
    sys.exit(f"{headers.get('X-Amz-Function-Error') or headers.get('X-Amzn-ErrorType')}: {body.decode()}")
print(body.decode())
