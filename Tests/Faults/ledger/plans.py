"""What each invocation of the ledger is: its event, and how it is sent. Pure, and the same for the same seed."""

import json
import random
import uuid
from dataclasses import dataclass

FRAME = 131_072 - 8
LIMIT = 6_291_456

# How often in a thousand a function does something else than to answer.
DEEDS = {"error": 20, "exit": 2, "kill": 1, "exit after": 1, "kill after": 1, "malformed": 3}
# How often in ten thousand an event has one of these sizes.
SIZES = {0: 40, FRAME - 1: 10, FRAME: 30, FRAME + 1: 10, 300_000: 20, LIMIT: 3, LIMIT + 1: 3}


@dataclass(slots=True, frozen=True)
class Plan:
    number: int
    do: str
    milliseconds: int
    byte_count: int | None
    is_bounded: bool
    is_persistent: bool
    # It has the same correlation id as the one before or after it.
    is_twin: bool

    @property
    def request_id(self):
        return str(uuid.UUID(int=(0x6C65_6467_6572_4000_8000 << 48) + self.number))

    @property
    def event(self):
        """The bytes of the event."""
        if self.byte_count == 0:
            return b""
        members = {"id": str(self.number), "ms": self.milliseconds}
        if self.do:
            members["do"] = self.do
        text = json.dumps(members, separators=(",", ":"))
        if self.do == "malformed":
            return text[:-1].encode()
        filling = max(0, (self.byte_count or 0) - len(text) - len(',"x":""'))
        return (text[:-1] + ',"x":"' + "x" * filling + '"}').encode()

    @property
    def expected(self):
        """How it ends where nothing goes wrong."""
        if self.byte_count == LIMIT + 1:
            return "413 RequestTooLargeException"
        match self.do:
            case "malformed": return "400 InvalidRequestContentException"
            case "error" | "exit" | "kill": return "function error"
            case _: return "ok"


def plan(seed, number):
    """The plan of an invocation."""
    dice = random.Random(seed * 1_000_003 + number)
    size, deed = None, ""
    throw = dice.randrange(10_000)
    for candidate, share in SIZES.items():
        throw -= share
        if throw < 0:
            size = candidate
            break
    if size is None:
        throw = dice.randrange(1000)
        for candidate, share in DEEDS.items():
            throw -= share
            if throw < 0:
                deed = candidate
                break
        size = dice.randrange(60, 400)
    throw = dice.random()
    milliseconds = 0 if throw < 0.65 else dice.randrange(1, 20) if throw < 0.94 else dice.randrange(100, 400)
    # Twins follow each other, in pairs.
    pair = random.Random(seed * 7919 + number // 2)
    is_twin = pair.random() < 0.01 and size != 0 and deed == ""
    return Plan(number, deed, milliseconds, size, dice.random() < 0.8, dice.random() < 0.5, is_twin)
