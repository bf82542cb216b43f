"""Which faults come in which order, to whom: pure, and the same for the same seed."""

import random
from dataclasses import dataclass

DAEMONS = 3

# What may come of a fault, beside what is expected of each call. What is not named here is a promise.
#   again        an execution of the daemons it hits may be repeated
#   silent       a caller may hear nothing in time, and be told so: 408 NoAnswerException
#   expired      it may wait for so long that it expires: 408 RequestExpiredException, or silence
#   away         503 ServiceUnavailableException
#   missing      404 ResourceNotFoundException
#   full         429 TooManyRequestsException: the broker has refused the message
#   function     function errors, since the runtime is hurt
#   given up     500: the daemons that had it were lost, four times
#   connections  callers lose their connections over AMQP
CAUSES = {
    "broker killed": {"again", "silent", "expired", "away", "connections"},
    "broker restarted": {"again", "silent", "expired", "away", "connections"},
    "broker paused": {"again", "silent", "expired", "away", "connections"},
    "reset": {"again"}, "closed": {"again"}, "black hole": {"again", "silent", "expired"},
    "cut before confirm": {"again"}, "cut before ack": {"again"},
    "delay": set(), "stall": set(),
    "memory alarm": {"away"},
    "queue deleted": {"silent", "missing"}, "declare mismatch": {"silent", "missing"},
    "permission withdrawn": {"again"},
    "daemon killed": {"again"}, "daemon drained": set(),
    "runtime killed": {"function"}, "runtime cannot start": {"function"},
    "poison": {"again", "given up"},
    "caller gone": set(),
}
# The same where the gateway or the callers are hit, and not a daemon.
OF_CALLERS = {"gateway": {"silent", "away"}, "clients": {"silent", "connections"}}
ON_WIRES = {"reset", "closed", "black hole", "cut before confirm", "permission withdrawn"}
# The end of a quorum queue hits its publishers: RabbitMQ refuses what they sent, or ends their connection with
# INTERNAL_ERROR (3.10.8 and 4.0.5).
OF_QUORUM_QUEUES = {"queue deleted", "declare mismatch"}


def causes(kind, target, queue_type="classic"):
    """What may come of a fault that hits somebody."""
    if kind in ON_WIRES and target in OF_CALLERS:
        return OF_CALLERS[target]
    if kind in OF_QUORUM_QUEUES and (queue_type == "quorum" or kind == "declare mismatch"):
        return CAUSES[kind] | {"away", "full", "connections"}
    return CAUSES[kind]


@dataclass(frozen=True)
class Step:
    kind: str
    # "daemon-1", "gateway", "clients"; "": everybody.
    target: str = ""
    variant: str = ""
    seconds: float = 0


def long_round(seed, number):
    """Each fault at least once; three rounds have hit each kind of target with each."""
    dice = random.Random(seed * 31 + number)

    def daemon():
        return f"daemon-{dice.randrange(DAEMONS)}"

    def somebody(offset):
        return (daemon(), "gateway", "clients")[(number + offset) % 3]

    steps = [
        Step("broker killed", seconds=1.5), Step("broker restarted"), Step("broker paused", seconds=9),
        Step("reset", daemon()), Step("reset", "gateway"), Step("reset", "clients"),
        Step("closed", somebody(0)), Step("closed", somebody(1)),
        Step("black hole", somebody(0), ("up", "down", "both")[number % 3], 9),
        Step("black hole", somebody(1), ("down", "both", "up")[number % 3], 9),
        Step("delay", somebody(0), "100", 2), Step("delay", somebody(2), "30", 2),
        Step("stall", somebody(1), "up", 1.5), Step("stall", somebody(2), "down", 1.5),
        Step("cut before confirm", "clients"), Step("cut before confirm", "gateway"),
        Step("cut before ack", daemon()), Step("cut before ack", daemon()),
        Step("memory alarm", seconds=3),
        Step("queue deleted", variant=("made again by its daemons", "made again at once")[number % 2]),
        Step("declare mismatch", variant=("other type", "length limit")[number % 2], seconds=2),
        Step("permission withdrawn", "daemons", seconds=2.5), Step("permission withdrawn", "gateway", seconds=2),
        Step("daemon killed", daemon(), seconds=0.5), Step("daemon killed", daemon(), seconds=0.1),
        Step("daemon drained", daemon()), Step("daemon drained", daemon()),
        Step("runtime killed", daemon()), Step("runtime cannot start", daemon(), seconds=2),
        Step("poison", variant="without time limit"), Step("poison", variant="expires", seconds=3),
        Step("caller gone"),
    ]
    dice.shuffle(steps)
    return steps


def short_round(seed, number):
    """What fits into a minute."""
    dice = random.Random(seed * 37 + number)
    daemon = [f"daemon-{index}" for index in range(DAEMONS)]
    dice.shuffle(daemon)
    steps = [
        Step("broker killed", seconds=0.5),
        Step("reset", daemon[0]), Step("closed", "gateway"),
        Step("black hole", daemon[1], "both", 5),
        Step("stall", "clients", "down", 1), Step("delay", daemon[2], "50", 1),
        Step("cut before confirm", "clients"), Step("cut before ack", daemon[2]),
        Step("memory alarm", seconds=1.5), Step("queue deleted", variant="made again by its daemons"),
        Step("permission withdrawn", "daemons", seconds=1.5),
        Step("daemon killed", daemon[0], seconds=0.2), Step("daemon drained", daemon[1]),
        Step("runtime killed", daemon[2]), Step("poison", variant="without time limit"), Step("caller gone"),
    ]
    dice.shuffle(steps)
    return steps
