"""What the streaming runtime sends for an event, so that a client can check every byte."""

from urllib.parse import parse_qsl


def of_query(query):
    """The event that stands in the query of a function URL."""
    numbers = ("chunks", "size", "pause_ms", "exit")
    return {name: int(value) if name in numbers else value for name, value in parse_qsl(query)}


def chunks(event):
    """The chunks of an event {"chunks": N, "size": BYTES}: each is full of a byte of its own."""
    return (bytes([65 + number % 26]) * event["size"] for number in range(event["chunks"]))
