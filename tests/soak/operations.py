"""The clients' operations on images and their data."""
import functools
import hashlib
import http.client
import json
import socket
import time

from bodies import Body
from client import Broken
from findings import expect, fault, note
from model import IMAGES, Image, check_document, live, look, pick, remember
from options import MIB, OPTIONS
from servers import SERVERS

PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
QUERIES = ["?limit=20", "?limit=100&sort=name:asc", "?status=active&limit=50", "?visibility=public",
           "?tag=a&limit=30", "?sort=size:desc,id:asc&limit=25"]


def down(server, since):
    """Returns the statuses that a kill explains: the process, or its database, was away."""
    return {503} if server.was_down(since) else set()


def on_image(want=lambda image: True):
    """Makes an operation of `do(client, chance, image)`, which works on the image alone: it holds its lock."""
    def wrap(do):
        @functools.wraps(do)
        def operation(client, chance):
            image = pick(chance, want)
            if not image or not image.lock.acquire(blocking=False):
                return
            try:
                if not image.gone and want(image):
                    do(client, chance, image)
            finally:
                image.lock.release()
        return operation
    return wrap


def create(client, chance):
    if len(live()) >= OPTIONS.live:
        return delete(client, chance)
    visibility = chance.choice(["shared", "private", "public"])
    document = {"name": f"soak {chance.random()}", "disk_format": "raw", "container_format": "bare", "p0": "0",
                "tags": ["a", "b"], "visibility": visibility}
    status, _, data, *_ = client.ask("POST", "/v2/images", document)
    expect("create", status, {201}, data)
    if status == 201:
        image = Image(json.loads(data)["id"], visibility)
        image.properties["p0"] = "0"
        remember(image)


@on_image(Image.is_free)
def upload(client, chance, image):
    body = Body()
    image.tries.append(body)
    chunked = chance.choice([None, None, 4096, 65536, MIB, 999])
    if chunked and chunked < 5000 and body.size > 8 * MIB:
        chunked = 65536
    status, _, data, server, since = client.ask("PUT", f"/v2/images/{image.id}/file", body, chunked=chunked)
    if image.gone:
        note(f"upload of a deleted image {status}")
        return
    # An earlier try may still be in progress, or may have completed without a response.
    expect("upload", status, {204} | ({409} if len(image.tries) > 1 else set()) | down(server, since), data)
    if status == 204:
        image.body, image.state = body, "active"
        image.stores.add("fast")


@on_image(Image.is_free)
def cut_upload(client, chance, image):
    """An upload whose client disconnects."""
    server, body = chance.choice(SERVERS), Body()
    image.tries.append(body)
    try:
        with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
            connection.sendall((
                f"PUT /v2/images/{image.id}/file HTTP/1.1\r\nHost: x\r\n"
                f"Content-Type: application/octet-stream\r\nContent-Length: {body.size}\r\n\r\n").encode())
            sent = 0
            for block in body.blocks(65536):
                if sent > body.size * chance.random() or sent + len(block) >= body.size:
                    break
                connection.sendall(block)
                sent += len(block)
        note("cut upload")
    except OSError:
        pass


def download(client, chance):
    image = pick(chance, lambda image: image.state == "active")
    if not image:
        return upload(client, chance)
    body = image.body
    headers, start, end = {}, 0, body.size
    if chance.random() < .4:
        start = chance.randrange(body.size)
        end = min(body.size, start + chance.randrange(1, 4 * MIB))
        headers = {"Range": f"bytes={start}-{end - 1}"}
    status, _, response, server, since = client.ask("GET", f"/v2/images/{image.id}/file", headers=headers, raw=True)
    early = chance.random() < .1
    try:
        right = read_data(response, status, body, start, end, whole=not headers, early=early)
    except (OSError, http.client.HTTPException) as error:
        client.close(server)
        if not server.was_down(since) and not image.gone:
            client.judge_break(server, since, f"download of {image.id} broke: {error!r}")
        raise Broken() from error
    if right is None:
        client.close(server)
        note("download left early")
        return
    if response.will_close:
        client.close(server)
    note(f"download {status}")
    if image.gone or status == 503:
        return
    if status != (206 if headers else 200):
        fault("status", f"download of {image.id}: {status}")
    elif not right:
        fault("wrong bytes", f"download of {image.id}, bytes {start} to {end}")


def read_data(response, status, body, start, end, whole, early):
    """Returns whether the bytes are those of the body; None when the client disconnects early."""
    got, hashed, right = 0, hashlib.sha512(), True
    while block := response.read(1 << 18):
        if status in (200, 206):
            if whole:
                hashed.update(block)
            elif bytes(block) != body.part(start + got, start + got + len(block)):
                right = False
        got += len(block)
        if early:
            return None
    if status in (200, 206) and got < end - start:
        raise http.client.IncompleteRead(b"", end - start - got)
    return right and (not whole or status != 200 or hashed.hexdigest() == body.sha)


def list_images(client, chance):
    query = chance.choice(QUERIES)
    path, pages, ids = "/v2/images" + query, 0, set()
    while path and pages < 6:
        status, _, data, server, since = client.ask("GET", path)
        # Another client may have deleted the marker, the last image of the page.
        marker_gone = {400} if pages and b"No image found" in data else set()
        expect("list", status, {200} | down(server, since) | marker_gone, data)
        if status != 200:
            return
        page = json.loads(data)
        pages += 1
        for document in page["images"]:
            id = document["id"]
            if id in ids and "size" in query:
                note("list: an image moved in a sort by size")
            elif id in ids:
                fault("list", f"{id} twice in one walk of {query}")
            ids.add(id)
            image = IMAGES.get(id)
            if image and image.gone == "yes" and image.gone_at < since:
                fault("resurrected", f"{id} is listed after its deletion was acknowledged")
        path = page.get("next")


@on_image()
def show(client, chance, image):
    status, document = look(client, image)
    if status == 404 and not image.gone:
        fault("lost", f"{image.id} is 404, nobody deleted it")
    elif document:
        check_document(image, document, "show")


@on_image()
def patch(client, chance, image):
    name, value = f"p{chance.randrange(4)}", str(chance.random())
    image.unsure.add(name)
    change = json.dumps([{"op": "add", "path": f"/{name}", "value": value}])
    status, _, data, server, since = client.ask("PATCH", f"/v2/images/{image.id}", change, PATCH)
    if image.gone:
        return
    expect("patch", status, {200} | down(server, since), data)
    if status == 200:
        image.properties[name] = value
    if status != 503:
        image.unsure.discard(name)


@on_image(lambda image: image.visibility == "shared")
def member(client, chance, image):
    name = f"project{chance.randrange(5)}"
    path = f"/v2/images/{image.id}/members"
    try:
        if chance.random() < .6:
            status, _, data, server, since = client.ask("POST", path, {"member": name})
            if image.gone:
                return
            known = {409} if name in image.members or "unsure" in image.members else set()
            expect("member add", status, {200} | known | down(server, since), data)
            if status == 200:
                image.members.add(name)
        else:
            status, _, data, server, since = client.ask("DELETE", f"{path}/{name}")
            if image.gone:
                return
            expect("member delete", status, {204, 404} | down(server, since), data)
            if status == 204:
                image.members.discard(name)
    except Broken:
        image.members.add("unsure")
        raise


@on_image()
def tag(client, chance, image):
    method = chance.choice(["PUT", "DELETE"])
    status, _, data, server, since = client.ask(method, f"/v2/images/{image.id}/tags/t{chance.randrange(4)}")
    if not image.gone:
        expect("tag", status, {204, 404} | down(server, since), data)


def delete(client, chance):
    image = pick(chance)
    if not image:
        return
    # In half of the cases also while another operation works on the image.
    alone = image.lock.acquire(blocking=False)
    if not alone and chance.random() < .5:
        return
    try:
        if image.gone:
            return
        image.gone = "maybe"
        status, _, data, server, since = client.ask("DELETE", f"/v2/images/{image.id}")
        busy = set() if alone else {409, 404}
        recovering = {404, 409} if server.was_down(since - 30) else set()
        expect("delete", status, {204} | busy | recovering | down(server, since), data)
        if status == 204:
            image.gone_at, image.gone = time.time(), "yes"
        elif status in (409, 503):
            image.gone = None
    finally:
        if alone:
            image.lock.release()
