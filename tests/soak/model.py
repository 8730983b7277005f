"""The model: what the service has acknowledged for each image."""
import json
import threading

from findings import fault, note


class Image:
    def __init__(self, id, visibility):
        self.id, self.visibility = id, visibility
        self.lock = threading.RLock()
        self.state = "queued"       # queued or active
        self.body = None            # the data that is acknowledged
        self.tries = []             # bodies that may have been completed without an answer
        self.properties = {}        # acknowledged
        self.unsure = set()         # names whose last write had no answer
        self.members = set()
        self.gone = None            # None, maybe, yes
        self.gone_at = None
        self.stores = set()         # that hold an acknowledged copy

    def is_free(self):
        """Returns whether the client may send data."""
        return self.state == "queued"


IMAGES = {}
_lock = threading.Lock()


def remember(image):
    with _lock:
        IMAGES[image.id] = image


def live(want=lambda image: True):
    with _lock:
        return [image for image in IMAGES.values() if image.gone is None and want(image)]


def pick(chance, want=lambda image: True):
    """Returns one of the existing images; None when there is none."""
    images = live(want)
    return chance.choice(images) if images else None


def look(client, image):
    """Returns the status of the response, and the image when it exists."""
    status, _, data, *_ = client.ask("GET", f"/v2/images/{image.id}")
    note(f"show {status}")
    return status, (json.loads(data) if status == 200 else None)


def check_document(image, document, where):
    """Checks that an active image holds one of the sent bodies, and every acknowledged property."""
    if document["status"] == "active":
        sent = [body for body in [image.body, *image.tries] if body]
        found = [body for body in sent if (body.sha, body.md5, body.size) ==
                 (document["os_hash_value"], document["checksum"], document["size"])]
        if not found:
            fault("wrong bytes", f"{where}: {image.id} active with size {document['size']}, "
                  f"sha512 {document['os_hash_value'][:16]}")
        else:
            if image.state == "active" and image.body is not found[0]:
                fault("changed", f"{where}: acknowledged data of {image.id} changed")
            image.body, image.state = found[0], "active"
    elif image.state == "active":
        fault("lost", f"{where}: {image.id} was acknowledged active, is {document['status']}")
    for name, value in image.properties.items():
        if name not in image.unsure and document.get(name) != value:
            fault("lost write", f"{where}: {image.id} {name}={document.get(name)!r}, acknowledged {value!r}")
