"""scripted_runtime.py with internal extensions: as many as INTERNAL_EXTENSIONS says, registered with "events": null.

SIGTERM is noted like what the extensions get, and ends it after TERM_SECONDS (0).
"""

import os
import signal
import threading
import time

from extension import Extension, note


def terminate(number, frame):
    note("runtime", "SIGTERM")
    time.sleep(float(os.environ.get("TERM_SECONDS", "0")))
    note("runtime", "ends")
    os._exit(0)


signal.signal(signal.SIGTERM, terminate)
for number in range(int(os.environ.get("INTERNAL_EXTENSIONS", "0"))):
    extension = Extension(f"internal-{number}")
    if extension.register(None) == 200:
        threading.Thread(target=extension.next, daemon=True).start()

import scripted_runtime  # the loop
