"""What the streaming runtime sends for an event, so that a client can check every byte."""


def chunks(event):
    """The chunks of an event {"chunks": N, "size": BYTES}: each is full of a byte of its own."""
    return (bytes([65 + number % 26]) * event["size"] for number in range(event["chunks"]))
