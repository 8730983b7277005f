"""The clients' import operations."""
import json
import time

from bodies import Body
from client import Broken
from findings import expect, fault, note, stop
from model import Image, check_document, look
from operations import down, on_image
from options import OPTIONS
from servers import WebSource

PATIENCE = 90
# After a kill a lock may last as long as a lease.
LEASE = 120


def was_down_of_late(server, since):
    return server.was_down(since - LEASE)


@on_image(Image.is_free)
def import_data(client, chance, image):
    body = Body()
    image.tries.append(body)
    stores = chance.choice([["fast"], ["slow"], ["fast", "slow"]])
    server = None
    if chance.random() < .5:
        method = {"name": "glance-direct"}
        server = stage(client, chance, image, body)
        if not server:
            return
    else:
        path = f"/{Body.count}-{chance.random()}"
        WebSource.bodies[path] = body
        method = {"name": "web-download", "uri": f"http://127.0.0.1:{OPTIONS.web_port}{path}"}
    request = {"method": method, "stores": stores, "all_stores_must_succeed": chance.random() < .8}
    status, _, data, server, since = client.ask("POST", f"/v2/images/{image.id}/import", request, server=server)
    if image.gone:
        return
    busy = {409, 503} if was_down_of_late(server, since) or len(image.tries) > 1 else set()
    expect("import " + method["name"], status, {202} | busy, data)
    if status == 202 and chance.random() < .7:
        document = wait(client, image)
        note(f"import {method['name']} ended {document and document['status']}")
        if document and document["status"] == "active":
            image.stores |= stores_of(document)


def stage(client, chance, image, body):
    """Stages data; returns the server that has it. None when staging failed, or when the data is to stay staged."""
    path = f"/v2/images/{image.id}/stage"
    status, _, data, server, since = client.ask("PUT", path, body, chunked=chance.choice([None, 65536]))
    if image.gone:
        return None
    expect("stage", status, {204} | ({409} if len(image.tries) > 1 else set()) | down(server, since), data)
    if status == 204 and chance.random() < .15:
        note("staged and left")
        return None
    return server if status == 204 else None


@on_image(lambda image: image.state == "active" and image.stores == {"fast"})
def copy(client, chance, image):
    request = {"method": {"name": "copy-image"}, "stores": ["slow"]}
    status, _, data, server, since = client.ask("POST", f"/v2/images/{image.id}/import", request)
    if image.gone:
        return
    expect("copy", status, {202, 409} | ({503, 400} if was_down_of_late(server, since) else set()), data)
    if status == 202:
        document = wait(client, image)
        if document:
            image.stores = stores_of(document)


def stores_of(document):
    return {store for store in document.get("stores", "").split(",") if store}


def wait(client, image):
    """Waits until the image's tasks have ended; returns the image, or None when it is gone or the wait is too long."""
    begun = time.time()
    while time.time() - begun < PATIENCE and not stop.is_set():
        try:
            status, _, data, *_ = client.ask("GET", f"/v2/images/{image.id}/tasks")
            if status == 404 or (status == 200 and have_ended(json.loads(data)["tasks"])):
                status, document = look(client, image)
                if status != 200:
                    return None
                lock = document.get("os_glance_import_task")
                if document["status"] == "importing" or lock:
                    fault("import", f"{image.id}: its task has ended, it is {document['status']} with lock {lock}")
                check_document(image, document, "import")
                return document
        except Broken:
            pass
        time.sleep(.3)
    if not stop.is_set():
        note(f"import not ended in {PATIENCE} s")
    return None


def have_ended(tasks):
    return all(task["status"] in ("success", "failure") for task in tasks)
