"""Publishes invocations with nothing that is Lambda's, as fadams' rpcclient does: no headers, not mandatory, and a reply
queue that the broker names, which is neither durable nor exclusive. Prints each answer as a line.

usage: plain_client.py URI QUEUE EVENT…
"""

import sys

import pika

uri, queue, *events = sys.argv[1:]
connection = pika.BlockingConnection(pika.URLParameters(uri))
channel = connection.channel()
replies = channel.queue_declare("", durable=False, exclusive=False, auto_delete=True).method.queue
for number, event in enumerate(events):
    channel.basic_publish("", queue, event, pika.BasicProperties(reply_to=replies, correlation_id=str(number)))
answers = {}
for method, properties, body in channel.consume(replies, auto_ack=True, inactivity_timeout=20):
    if method is None:
        sys.exit("not all replies came")
    answers[int(properties.correlation_id)] = body.decode()
    if len(answers) == len(events):
        break
connection.close()
for number in range(len(events)):
    print(answers[number])
