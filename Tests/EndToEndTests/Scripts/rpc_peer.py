"""The other side of an RPC, written with pika or aio-pika and nothing of this project.

usage: rpc_peer.py LIBRARY-server URI QUEUE          echoes each request, headers and all, until it is told "stop"
       rpc_peer.py LIBRARY-client URI QUEUE COUNT    makes so many calls, all at once, and checks each reply

LIBRARY is pika or aio-pika. A server prints "ready" when it consumes. The request "refuse" gets an error as Envelope.md
has it; a client whose COUNT is "refuse" expects one, and one whose COUNT is "stream" reads a stream, two elements at a time.
"""

import asyncio
import sys
import uuid

import aio_pika
import pika

role, uri, queue = sys.argv[1:4]
argument = sys.argv[4] if len(sys.argv) > 4 else ""
FAULT = {
    "X-RPC-Fault-Type": "Refused", "X-RPC-Fault-Status": 409, "X-RPC-Fault-Message": "as you wished",
    "X-RPC-Fault-Retriable": True,
}


def pika_server():
    connection = pika.BlockingConnection(pika.URLParameters(uri))
    channel = connection.channel()
    channel.queue_declare(queue, durable=True, arguments={"x-expires": 60000})
    channel.basic_qos(prefetch_count=10)

    def received(channel, method, properties, body):
        headers = FAULT if body == b"refuse" else properties.headers
        reply = pika.BasicProperties(
            correlation_id=properties.correlation_id, headers=headers, content_type=properties.content_type)
        channel.basic_publish("", properties.reply_to, body, reply)
        channel.basic_ack(method.delivery_tag)
        if body == b"stop":
            channel.stop_consuming()

    channel.basic_consume(queue, received)
    print("ready", flush=True)
    channel.start_consuming()
    connection.close()


def pika_client():
    connection = pika.BlockingConnection(pika.URLParameters(uri))
    channel = connection.channel()
    replies = channel.queue_declare("", exclusive=True).method.queue
    expected, elements = {}, []

    def received(channel, method, properties, body):
        headers = properties.headers or {}
        if argument == "stream":
            if "X-RPC-Stream-Sequence" in headers:
                assert headers["X-RPC-Stream-Sequence"] == len(elements), headers
                elements.append(body)
            if "X-RPC-Stream-End" in headers:
                assert headers["X-RPC-Stream-End"] == len(elements), headers
                channel.stop_consuming()
            elif len(elements) % 2 == 0:
                credit = pika.BasicProperties(
                    correlation_id=properties.correlation_id, reply_to=replies, headers={"X-RPC-Stream-Credit": 2})
                channel.basic_publish("", properties.reply_to, b"", credit)
            return
        assert expected.pop(properties.correlation_id) == body, body
        if argument == "refuse":
            assert headers == FAULT, headers
        else:
            assert "X-RPC-Fault-Type" not in headers, headers
        if not expected:
            channel.stop_consuming()

    channel.basic_consume(replies, received, auto_ack=True)
    for number in range(1 if argument in ("refuse", "stream") else int(argument)):
        name = str(uuid.uuid4())
        body = expected[name] = argument.encode() if argument in ("refuse", "stream") else b"\xff\x00 %d" % number
        headers = {"X-RPC-Stream-Credit": 2} if argument == "stream" else None
        properties = pika.BasicProperties(reply_to=replies, correlation_id=name, expiration="30000", headers=headers)
        channel.basic_publish("", queue, body, properties, mandatory=True)
    connection.call_later(30, lambda: sys.exit(f"no reply to {len(expected)} calls"))
    channel.start_consuming()
    connection.close()
    print(b" ".join(elements).decode() or "done")


async def aio_pika_server():
    connection = await aio_pika.connect_robust(uri)
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(10)
        requests = await channel.declare_queue(queue, durable=True, arguments={"x-expires": 60000})
        async with requests.iterator() as messages:
            print("ready", flush=True)
            async for message in messages:
                async with message.process():
                    headers = FAULT if message.body == b"refuse" else message.headers
                    reply = aio_pika.Message(message.body, correlation_id=message.correlation_id, headers=headers)
                    await channel.default_exchange.publish(reply, routing_key=message.reply_to)
                if message.body == b"stop":
                    break


async def aio_pika_client():
    connection = await aio_pika.connect_robust(uri)
    async with connection:
        channel = await connection.channel()
        replies = await channel.declare_queue("", exclusive=True)
        futures = {}

        async def received(message):
            futures.pop(message.correlation_id).set_result(message)

        await replies.consume(received, no_ack=True)

        async def call(body):
            name = str(uuid.uuid4())
            future = futures[name] = asyncio.get_running_loop().create_future()
            request = aio_pika.Message(body, correlation_id=name, reply_to=replies.name, expiration=30)
            await channel.default_exchange.publish(request, routing_key=queue)
            reply = await asyncio.wait_for(future, 30)
            assert reply.body == body, reply.body
            return reply

        if argument == "refuse":
            reply = await call(b"refuse")
            assert dict(reply.headers) == FAULT, reply.headers
        else:
            await asyncio.gather(*(call(b"\xff\x00 %d" % number) for number in range(int(argument))))
        assert not futures
    print("done")


roles = {"pika-server": pika_server, "pika-client": pika_client}
asyncs = {"aio-pika-server": aio_pika_server, "aio-pika-client": aio_pika_client}
if role in roles:
    roles[role]()
else:
    asyncio.run(asyncs[role]())
