"""A server as fadams' daemon is one on the wire: answers with the request's body and its correlation id, and no header.

usage: plain_server.py URI QUEUE
"""

import sys

import pika


def answer(channel, delivery, properties, body):
    reply = pika.BasicProperties(correlation_id=properties.correlation_id, content_type="application/json")
    channel.basic_publish("", properties.reply_to, body, reply)
    channel.basic_ack(delivery.delivery_tag)


uri, queue = sys.argv[1:3]
channel = pika.BlockingConnection(pika.URLParameters(uri)).channel()
channel.queue_declare(queue, auto_delete=True)
channel.basic_qos(prefetch_count=10)
channel.basic_consume(queue, answer)
channel.start_consuming()
