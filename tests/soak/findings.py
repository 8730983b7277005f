"""What was done, and what did not hold."""
import collections
import threading
import time

MOST_PRINTED = 400

# Set when the load is to end.
stop = threading.Event()

faults = []
notes = collections.Counter()
_lock = threading.Lock()


def fault(kind, text):
    """Something that was promised does not hold."""
    with _lock:
        faults.append((kind, text))
        if len(faults) < MOST_PRINTED:
            print(time.strftime("%H:%M:%S"), "FAULT", kind, text, flush=True)


def note(key):
    """Counts something that was done."""
    with _lock:
        notes[key] += 1


def expect(what, status, allowed, data=b""):
    """Counts an answer; one whose status is not allowed is a fault."""
    note(f"{what} {status}")
    # A service that stops says so, and has done nothing.
    if status == 503 and b"stopping" in bytes(data):
        return
    if status not in allowed:
        fault("status", f"{what}: {status} {bytes(data[:300])!r}")
