"""Treats a gateway badly, in one of many ways, and prints what came of it as a JSON object.

usage: hostile_client.py PORT FUNCTION WAY [COUNT]

COUNT connections do the same at the same time. The object: {"statuses": {status: count}, "seconds": …, "sent": …},
where status 0 is a connection that was closed without an answer, and -1 one that was left by this side.
"""

import collections
import json
import select
import socket
import sys
import threading
import time

port, function, way = int(sys.argv[1]), sys.argv[2], sys.argv[3]
count = int(sys.argv[4]) if len(sys.argv) > 4 else 1
path = f"/2015-03-31/functions/{function}/invocations"
head = f"POST {path} HTTP/1.1\r\nHost: gateway\r\n"
LEFT = -1


class Client:
    def __init__(self):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.sent = 0

    def send(self, data):
        data = data if isinstance(data, bytes) else data.encode()
        self.socket.sendall(data)
        self.sent += len(data)

    def trickle(self, data, pause):
        """Sends byte by byte; ends when the server does."""
        self.socket.settimeout(pause)
        for byte in data:
            self.send(bytes([byte]))
            try:
                answer = self.socket.recv(65536)
                return status_of(answer)
            except TimeoutError:
                continue
        raise SystemExit("the server has let all of it come")

    def status(self):
        """The status of the answer, which is read until the server closes."""
        answer = b""
        while True:
            try:
                part = self.socket.recv(65536)
            except ConnectionResetError:
                break
            if not part:
                break
            answer += part
        return status_of(answer)

    def first_status(self):
        return status_of(self.socket.recv(65536))

    def is_connected(self):
        TCP_ESTABLISHED = 1
        return self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_ESTABLISHED

    def leave(self):
        # With a reset: nothing that is on its way is waited for.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()
        return LEFT


def status_of(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def with_body(body, more=""):
    return head.encode() + f"Content-Length: {len(body)}\r\n{more}\r\n".encode() + body


def refused(*requests):
    """Sends requests on connections of their own; the status if it is the same for all."""
    statuses = set()
    for request in requests:
        client = Client()
        try:
            client.send(request)
        except (BrokenPipeError, ConnectionResetError):
            pass
        statuses.add(client.status())
    return statuses.pop() if len(statuses) == 1 else sorted(statuses)


def silence(client):
    return client.status()


def slow_head(client):
    return client.trickle(head.encode() + b"X-A: " + b"a" * 1000, 0.2)


def slow_body(client):
    client.send(head + "Content-Length: 100000\r\n\r\n")
    return client.trickle(b"1" * 1000, 0.2)


def silent_body(client):
    client.send(head + "Content-Length: 100000\r\n\r\n{")
    return client.status()


def many_headers(client):
    try:
        client.send(head + "".join(f"X-{number}: 1\r\n" for number in range(10_000)) + "\r\n")
    except (BrokenPipeError, ConnectionResetError):
        pass
    return client.status()


def long_header(client):
    try:
        client.send(head + "X-A: " + "a" * 1_000_000)
    except (BrokenPipeError, ConnectionResetError):
        pass
    return client.status()


def large_body(client):
    client.send(with_body(b"1" * 7_000_000))
    status = client.first_status()
    # The connection is good for another one.
    client.send(with_body(b"{}", "Connection: close\r\n"))
    return status if client.status() == 200 else 0


def endless_body(client):
    """Goes on after the answer, until the server closes."""
    client.send(head + "Transfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"1" * 65536 + b"\r\n"
    end = time.monotonic() + 20
    answer = b""
    try:
        while time.monotonic() < end:
            client.send(chunk)
            if select.select([client.socket], [], [], 0)[0] and len(answer) < 65536:
                answer += client.socket.recv(65536)
        return LEFT
    except (BrokenPipeError, ConnectionResetError, TimeoutError):
        return status_of(answer)


def lying_chunk(client):
    chunked = head + "Transfer-Encoding: chunked\r\n\r\n"
    sizes = ["5\r\nabcdefgh\r\n", "-1\r\n", "fffffffffffffffff\r\n", "x\r\n", "\r\n", "1" * 2000]
    return refused(*[chunked + size for size in sizes])


def cut_chunk(client):
    client.send(head + "Transfer-Encoding: chunked\r\n\r\nffffffff\r\n{")
    client.socket.shutdown(socket.SHUT_WR)
    return client.status()


def two_lengths(client):
    return refused(
        head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
        head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        head + "Content-Length: 1e3\r\n\r\n{}",
    )


def leaves_in_head(client):
    client.send(head)
    return client.leave()


def leaves_after_head(client):
    client.send(head + "Content-Length: 1000000\r\n\r\n")
    return client.leave()


def leaves_in_body(client):
    client.send(head + "Content-Length: 6000000\r\n\r\n" + "1" * 3_000_000)
    return client.leave()


def leaves_while_waiting(client):
    client.send(with_body(b'{"do": "sleep", "ms": 300}'))
    time.sleep(0.1)
    return client.leave()


def leaves_in_answer(client):
    client.send(with_body(b'"' + b"x" * 5_000_000 + b'"'))
    client.socket.recv(1000)
    return client.leave()


def never_reads(client):
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.send(with_body(b'"' + b"x" * 5_000_000 + b'"'))
    return gone(client)


def reads_slowly(client):
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.send(with_body(b'"' + b"x" * 5_000_000 + b'"'))
    read = 0
    while read < 5_000_000:
        part = client.socket.recv(10)
        if not part:
            return 0
        read += len(part)
        time.sleep(0.1)
        # What has come already can be read for long after the end.
        if not client.is_connected():
            return 0
    return 200


def asks_and_never_reads(client):
    """Pipelines requests as long as the server takes them."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.socket.settimeout(2)
    request = with_body(b'"' + b"x" * 1_000_000 + b'"')
    try:
        for _ in range(200):
            client.send(request)
    except TimeoutError:
        pass
    except (BrokenPipeError, ConnectionResetError):
        return 0
    return gone(client)


def gone(client):
    """Waits until the server gives the connection up, without reading: sending then fails."""
    client.socket.settimeout(1)
    for _ in range(60):
        time.sleep(0.5)
        if not client.is_connected():
            return 0
    return 200


statuses = collections.Counter()
failures = []
sent = 0
lock = threading.Lock()


def run():
    global sent
    client = Client()
    try:
        status = globals()[way.replace("-", "_")](client)
    except (ConnectionResetError, BrokenPipeError):
        status = 0
    except BaseException as error:
        failures.append(repr(error))
        return
    with lock:
        statuses[str(status)] += 1
        sent += client.sent


started = time.monotonic()
threads = [threading.Thread(target=run) for _ in range(count)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
if failures:
    raise SystemExit("\n".join(failures))
print(json.dumps({"statuses": statuses, "seconds": time.monotonic() - started, "sent": sent}))
