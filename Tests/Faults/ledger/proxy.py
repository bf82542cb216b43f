"""A TCP proxy that hurts the connections which go through it; a program of its own, told what to do on standard input.

usage: proxy.py PORT ROUTE…      a listener for each route, in front of 127.0.0.1:PORT

The first line it prints is {"ROUTE": its port, …}. Then each line it reads is a command, and answered by one line:

{"do": "cut", "route": R, "how": "rst" | "fin"}     ends the connections of a route; the answer says how many
{"do": "set", "route": R, "up": M, "down": M}       what happens to bytes to the broker (up) and from it (down):
                                                    "pass", "hold" (read later), "swallow" (for ever) or a number of ms
{"do": "arm", "route": R, "for": "confirm"}         the next message that is published passes, and its confirm does not:
                                                    the connection is reset in between
{"do": "arm", "route": R, "for": "ack"}             the same between what is published and the next acknowledgement
{"do": "fired", "route": R}                         whether the arm has done its work
{"do": "dead", "route": R}                          how many connections have lost bytes, and are not given up yet
"""

import asyncio
import collections
import json
import socket
import struct
import sys

# The class and method of AMQP's basic.publish and of basic.ack, where a method frame begins with them.
PUBLISH, ACK = b"\x00\x3c\x00\x28", b"\x00\x00\x00\x0d\x00\x3c\x00\x50"


class Route:
    def __init__(self, name):
        self.name, self.links = name, set()
        self.up = self.down = "pass"
        self.armed, self.fired = None, False

    def set(self, up, down):
        self.up, self.down = up, down
        for link in list(self.links):
            link.apply()

    def cut(self, how):
        links = list(self.links)
        for link in links:
            link.cut(how)
        return len(links)


class Link:
    """A client's connection and the one to the broker behind it."""

    def __init__(self, route):
        self.route = route
        self.client, self.broker = Side(self, "up"), Side(self, "down")
        # What was swallowed once is missing for ever: such a connection is dead, also when the route works again.
        self.swallows = set()
        self.is_muted = False
        route.links.add(self)

    def apply(self):
        for side in (self.client, self.broker):
            mode = getattr(self.route, side.direction)
            if mode == "swallow":
                self.swallows.add(side.direction)
            side.hold(mode == "hold")

    def received(self, side, data):
        if side.direction in self.swallows or self.is_muted:
            return
        route = self.route
        if route.armed and side.direction == "up":
            data = self.fire(data)
        mode = getattr(route, side.direction)
        self.other(side).send(data, mode / 1000 if isinstance(mode, (int, float)) else 0)

    def fire(self, data):
        """What may pass of bytes to the broker, where the route is armed."""
        route = self.route
        if route.armed == "confirm" and PUBLISH in data:
            passing = data
        elif route.armed == "ack" and (at := data.find(ACK)) >= 3:
            # The frame begins with its type and channel, three bytes before its size.
            passing = data[:at - 3]
        else:
            return data
        route.armed, route.fired, self.is_muted = None, True, True
        asyncio.get_running_loop().call_later(0.1, self.cut, "rst")
        return passing

    def other(self, side):
        return self.broker if side is self.client else self.client

    def cut(self, how):
        for side in (self.client, self.broker):
            side.end(how)
        self.route.links.discard(self)

    def ended(self, side):
        # Nobody hears of an end beyond a black hole.
        if side.direction not in self.swallows:
            self.other(side).end("fin")
        if self.client.is_over and self.broker.is_over:
            self.route.links.discard(self)


class Side(asyncio.Protocol):
    """One of a link's two connections; `direction` is the one of the bytes that it reads."""

    def __init__(self, link, direction):
        self.link, self.direction = link, direction
        self.transport, self.is_over = None, False
        self.early = []
        self.late = collections.deque()
        self.is_held = self.is_full = False

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.update()
        for data in self.early:
            transport.write(data)
        self.early = []
        if self.is_over:
            transport.abort()

    def data_received(self, data):
        self.link.received(self, data)

    def connection_lost(self, error):
        self.is_over = True
        self.link.ended(self)

    # What cannot be written to the other one is not read here.

    def pause_writing(self):
        self.link.other(self).full(True)

    def resume_writing(self):
        self.link.other(self).full(False)

    def full(self, is_full):
        self.is_full = is_full
        self.update()

    def hold(self, is_held):
        self.is_held = is_held
        self.update()

    def update(self):
        if self.transport is None or self.is_over:
            return
        if self.is_held or self.is_full:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def send(self, data, delay):
        if self.is_over:
            return
        if delay or self.late:
            # Nothing overtakes what has to wait.
            loop = asyncio.get_running_loop()
            due = max(loop.time() + delay, self.late[-1][0] if self.late else 0)
            self.late.append((due, data))
            if len(self.late) == 1:
                loop.call_at(due, self.send_late)
        elif self.transport is None:
            self.early.append(data)
        else:
            self.transport.write(data)

    def send_late(self):
        loop = asyncio.get_running_loop()
        while self.late and self.late[0][0] <= loop.time() + 0.001:
            data = self.late.popleft()[1]
            if self.transport is not None and not self.is_over:
                self.transport.write(data)
        if self.late:
            loop.call_at(self.late[0][0], self.send_late)

    def end(self, how):
        self.is_over = True
        if self.transport is None:
            return
        if how == "rst":
            self.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            self.transport.close()


async def listen(route, port):
    async def connect(link):
        try:
            await asyncio.get_running_loop().create_connection(lambda: link.broker, "127.0.0.1", port)
        except OSError:
            # In order: pika 1.4 dies of a connection that is reset before it has looked at it.
            link.broker.is_over = True
            link.cut("fin")

    def accepted():
        link = Link(route)
        link.apply()
        link.connecting = asyncio.get_running_loop().create_task(connect(link))
        return link.client

    server = await asyncio.get_running_loop().create_server(accepted, "127.0.0.1", 0)
    return server.sockets[0].getsockname()[1]


def obey(routes, command):
    route = routes[command["route"]]
    match command["do"]:
        case "cut":
            return {"cut": route.cut(command["how"])}
        case "set":
            route.set(command.get("up", "pass"), command.get("down", "pass"))
        case "arm":
            route.armed, route.fired = command["for"], False
        case "fired":
            fired, route.armed = route.fired, None if command.get("disarm") else route.armed
            return {"fired": fired}
        case "dead":
            return {"dead": sum(1 for link in route.links if link.swallows)}
    return {}


async def main(port, names):
    routes = {name: Route(name) for name in names}
    print(json.dumps({name: await listen(route, port) for name, route in routes.items()}), flush=True)
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    # It ends with whoever started it.
    while line := await commands.readline():
        print(json.dumps(obey(routes, json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
