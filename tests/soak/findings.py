"""Counts of the operations, and the faults found."""
import collections
import threading
import time

MOST_PRINTED = 400

# Set when the load must end.
stop = threading.Event()

faults = []
notes = collections.Counter()
_lock = threading.Lock()


def fault(kind, text):
    """Records a broken promise."""
    with _lock:
        faults.append((kind, text))
        if len(faults) < MOST_PRINTED:
            print(time.strftime("%H:%M:%S"), "FAULT", kind, text, flush=True)


def note(key):
    """Counts an operation."""
    with _lock:
        notes[key] += 1


def expect(what, status, allowed, data=b""):
    """Counts a response; a status that is not allowed is a fault."""
    note(f"{what} {status}")
    # A stopping service refuses with 503 and does nothing else.
    if status == 503 and b"stopping" in bytes(data):
        return
    if status not in allowed:
        fault("status", f"{what}: {status} {bytes(data[:300])!r}")
