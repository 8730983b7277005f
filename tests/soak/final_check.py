"""The check after the load: the service comes to rest, and API, database and disk agree."""
import hashlib
import http.client
import os
import sqlite3
import time
import urllib.parse

from bodies import chance
from client import Broken, Client
from findings import fault, note
from model import IMAGES, check_document, look
from options import OPTIONS
from servers import FOLDERS, SERVERS, STORES

LEASES = ("oneglance_uploads", "oneglance_tasks", "oneglance_deletions")
# Properties that may stay: the host of staged data, and the stores that failed in a finished import.
KEPT = ("os_glance_stage_host", "os_glance_failed_import")


def rows(sql, *values):
    database = sqlite3.connect(f"file:{OPTIONS.dir}/glance.sqlite?mode=ro", uri=True, timeout=30)
    try:
        return database.execute(sql, values).fetchall()
    finally:
        database.close()


def is_at_rest():
    busy = rows("select count(*) from images where deleted = 0 and status in ('saving', 'importing')")[0][0]
    locks = rows("select count(*) from image_properties where name = 'os_glance_import_task' and deleted = 0")[0][0]
    return busy + locks + sum(rows(f"select count(*) from {table}")[0][0] for table in LEASES) == 0


def check_all():
    print(time.strftime("%H:%M:%S"), f"load ended, {OPTIONS.settle:.0f} s for recovery", flush=True)
    begun = time.time()
    while time.time() - begun < OPTIONS.settle and not is_at_rest():
        time.sleep(1)
    print(f"quiet after {time.time() - begun:.0f} s", flush=True)
    check_images()
    check_states()
    check_files()
    check_rows()


def check_images():
    client = Client(chance)
    for image in IMAGES.values():
        try:
            check_image(client, image)
        except (Broken, OSError, http.client.HTTPException) as error:
            fault("broken", f"at the end, {image.id}: {error!r}")


def check_image(client, image):
    status, document = look(client, image)
    if image.gone == "yes" and status != 404:
        fault("resurrected", f"{image.id}: {status} after an acknowledged deletion")
    if image.gone is None and status == 404:
        fault("lost", f"{image.id} is 404, nobody deleted it")
    if status == 404:
        return
    if status != 200:
        fault("status", f"at the end, show of {image.id}: {status}")
        return
    check_document(image, document, "at the end")
    if document["status"] == "active":
        check_download(client, image, document)
    left = [name for name in ("os_glance_import_task", "os_glance_importing_to_stores") if document.get(name)]
    if left:
        fault("lock", f"{image.id} still has {left}")


def check_download(client, image, document):
    status, headers, response, *_ = client.ask("GET", f"/v2/images/{image.id}/file", raw=True)
    hashed, got = hashlib.sha512(), 0
    while block := response.read(1 << 18):
        hashed.update(block)
        got += len(block)
    if status != 200 or hashed.hexdigest() != document["os_hash_value"]:
        fault("wrong bytes", f"at the end, {image.id}: {status}, {got} of {document['size']} bytes")
    if headers.get("Content-MD5") != document["checksum"]:
        fault("header", f"Content-MD5 of {image.id}")


def check_states():
    staging = f"{OPTIONS.dir}/staging"
    staged = {name: os.path.getsize(f"{staging}/{name}") for name in os.listdir(staging)}
    located = {id for id, in rows("select image_id from image_locations where deleted = 0 and status = 'active'")}
    for id, status, size in rows("select id, status, size from images where deleted = 0"):
        if status in ("saving", "importing", "pending_delete", "deleted"):
            fault("state", f"{id} is {status}")
        if status == "uploading":
            there = staged.pop(id, None)
            if there is None or there != size:
                fault("state", f"{id} is uploading with size {size}, staged {there}")
        if status == "queued" and id in located:
            fault("state", f"{id} is queued and has a location")
    for name, size in staged.items():
        fault("orphan", f"staging/{name}, {size} bytes")


def check_files():
    """Checks that every file belongs to a location, and every location has its file with the right bytes."""
    located = {}
    for id, url, size in rows("select i.id, l.value, i.size from image_locations l join images i on i.id = l.image_id "
                              "where l.deleted = 0 and i.deleted = 0"):
        located[urllib.parse.urlparse(url).path] = (id, size)
    for store in (*STORES, "tasks"):
        for folder, _, names in os.walk(f"{OPTIONS.dir}/{store}"):
            for name in names:
                path = os.path.join(folder, name)
                size, age = os.path.getsize(path), time.time() - os.path.getmtime(path)
                if path not in located:
                    fault("orphan", f"{path}, {size} bytes, {age:.0f} s old")
                elif size != located[path][1]:
                    fault("size", f"{path}: {size}, the image says {located[path][1]}")
    for path, (id, _) in located.items():
        if not os.path.exists(path):
            fault("lost", f"{path} of {id} is not there")
            continue
        with open(path, "rb") as file:
            hashed = hashlib.file_digest(file, "sha512").hexdigest()
        image = IMAGES.get(id)
        if image and image.body and image.body.sha != hashed:
            fault("wrong bytes", f"copy {path} of {id}")


def check_rows():
    for table in LEASES:
        for row in rows(f"select * from {table}"):
            fault("lease", f"{table}: {row}")
    for id, name, value in rows("select image_id, name, value from image_properties "
                                "where deleted = 0 and name like 'os_glance%' and coalesce(value, '') <> ''"):
        if name in KEPT:
            note(f"left: {name}")
        else:
            fault("lock", f"{id}: {name} = {value}")
    for row in rows("select id, status, type, created_at, updated_at from tasks "
                    "where deleted = 0 and status in ('pending', 'processing')"):
        fault("task", f"{row}")
    for pragma in ("integrity_check", "foreign_key_check"):
        result = rows(f"pragma {pragma}")
        if result and result != [("ok",)]:
            fault("database", f"{pragma}: {result[:5]}")


def check_resources():
    """Checks that memory and open files do not grow in the calm part, and that no data file stays open at rest."""
    for server in SERVERS:
        calm = [sample for sample in server.samples if sample[1] == server.process.pid]
        if len(calm) < 12:
            continue
        third = len(calm) // 3
        middle, last = calm[third:2 * third], calm[2 * third:]
        memory = [median(part, 2) / 1024 for part in (middle, last)]
        files = [median(part, 3) for part in (middle, last)]
        peak = max(sample[2] for sample in calm) / 1024
        print(f"server {server.number} without kills ({calm[-1][0] - calm[0][0]:.0f} s): resident "
              f"{memory[0]:.0f} -> {memory[1]:.0f} MiB, peak {peak:.0f}; open files {files[0]} -> {files[1]}")
        if memory[1] > memory[0] * 1.5 + 50:
            fault("memory", f"server {server.number}: {memory} MiB")
    time.sleep(5)
    for server in SERVERS:
        check_open_files(server)


def median(samples, field):
    return sorted(sample[field] for sample in samples)[len(samples) // 2]


def check_open_files(server):
    server.sample()
    folder = f"/proc/{server.process.pid}/fd"
    paths = []
    for number in os.listdir(folder):
        try:
            paths.append(os.readlink(f"{folder}/{number}"))
        except OSError:
            pass
    data = [path for path in paths if path.startswith(tuple(f"{OPTIONS.dir}/{name}/" for name in FOLDERS))]
    _, _, resident, files = server.samples[-1]
    print(f"server {server.number} at rest: resident {resident // 1024} MiB, open files {files}, "
          f"of these data {len(data)}")
    for path in data:
        fault("open file", f"server {server.number} at rest holds {path}")
