"""Sleeps as long as the event says, and tells which process did."""

import os
import time


def handler(event, context):
    time.sleep(event.get("ms", 0) / 1000)
    return {"pid": os.getpid(), "thread": 0}
