"""Invokes a function over AMQP and takes its answer in chunks, with nothing but pika; prints what came as JSON.

usage: pika_stream.py URI QUEUE EVENT CREDIT [renew]

CREDIT is what the request allows, in bytes. With "renew", credit is given for each chunk that has come; without, never.
"""

import hashlib
import json
import sys
import uuid

import pika

import stream_contents

uri, queue, event, credit = sys.argv[1:5]
renews = sys.argv[5:] == ["renew"]
connection = pika.BlockingConnection(pika.URLParameters(uri))
channel = connection.channel()
replies = channel.queue_declare("", exclusive=True).method.queue
correlation_id = str(uuid.uuid4())
result = {"chunkCount": 0, "byteCount": 0, "sequences": []}
digest = hashlib.sha256()


def received(channel, method, properties, body):
    assert properties.correlation_id == correlation_id
    headers = properties.headers
    result["sequences"].append(headers.get("X-Lambda-Stream-Sequence"))
    result["attempt"] = headers.get("X-Lambda-Attempt")
    if "X-Lambda-Stream-Sequence" not in headers or "X-Lambda-Stream-End" in headers:
        result.update(status=headers["StatusCode"], functionError=headers.get("X-Amz-Function-Error"),
                      errorType=headers.get("X-Amzn-ErrorType"), requestId=headers.get("X-Amzn-RequestId"),
                      isStream="X-Lambda-Stream-End" in headers, body=body.decode())
        channel.stop_consuming()
        return
    result["chunkCount"] += 1
    result["byteCount"] += len(body)
    result["contentType"] = properties.content_type
    digest.update(body)
    if renews:
        channel.basic_publish("", properties.reply_to, b"", pika.BasicProperties(
            correlation_id=correlation_id, headers={"X-Lambda-Stream-Credit": len(body)}))


channel.basic_consume(replies, received, auto_ack=True)
channel.basic_publish("", queue, event.encode(), pika.BasicProperties(
    reply_to=replies, correlation_id=correlation_id,
    headers={"X-Amz-Response-Mode": "streaming", "X-Lambda-Stream-Credit": int(credit)}))
channel.start_consuming()
connection.close()
expected = hashlib.sha256()
for chunk in stream_contents.chunks(json.loads(event)):
    expected.update(chunk)
result["isWhole"] = digest.digest() == expected.digest()
result["sequences"] = result["sequences"] == list(range(len(result["sequences"])))
print(json.dumps(result))
