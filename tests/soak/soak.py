#!/usr/bin/env python3
"""Mixed load on oneglance with crashes, and a check of every promise afterwards. See README.md."""
import collections
import http.server
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback

import final_check
import import_operations
import operations
from bodies import chance
from client import Broken, Client
from findings import fault, faults, notes, stop
from model import IMAGES
from options import OPTIONS
from servers import FOLDERS, NEVER, SERVERS, WebSource

# The relative frequency of each operation.
OPERATIONS = {
    operations.create: 14,
    operations.upload: 14,
    operations.cut_upload: 3,
    operations.download: 18,
    operations.list_images: 8,
    operations.show: 12,
    operations.patch: 12,
    operations.member: 5,
    operations.tag: 5,
    operations.delete: 8,
    import_operations.import_data: 7,
    import_operations.copy: 4,
}
SIGNALS = {"KILL": [signal.SIGKILL], "TERM": [signal.SIGTERM], "MIX": [signal.SIGKILL, signal.SIGTERM]}


def work(number):
    """Runs one client until the load ends."""
    own = random.Random(OPTIONS.seed + number)
    client = Client(own)
    while not stop.is_set():
        operation, = own.choices(list(OPERATIONS), list(OPERATIONS.values()))
        try:
            operation(client, own)
        except Broken:
            time.sleep(.2)
        except Exception:
            fault("tool", traceback.format_exc())


def prepare():
    shutil.rmtree(OPTIONS.dir, ignore_errors=True)
    for folder in FOLDERS:
        os.makedirs(f"{OPTIONS.dir}/{folder}")
    subprocess.run([*OPTIONS.exe.split(), "db", "sync", "--config-file", SERVERS[0].config_file()],
                   check=True, stdout=subprocess.DEVNULL)
    web = http.server.ThreadingHTTPServer(("127.0.0.1", OPTIONS.web_port), WebSource)
    web.daemon_threads = True
    threading.Thread(target=web.serve_forever, daemon=True).start()
    for server in SERVERS:
        if not server.start():
            sys.exit(2)
    print("seed", OPTIONS.seed, "servers", OPTIONS.servers, "clients", OPTIONS.clients, flush=True)


def next_kill():
    return time.time() + chance.uniform(OPTIONS.kill_from, OPTIONS.kill_to) if OPTIONS.kill_from else NEVER


def load_with_kills():
    end, kill, kills = time.time() + OPTIONS.minutes * 60, next_kill(), 0
    while time.time() < end:
        watch("under load")
        if time.time() < kill:
            continue
        server, sign = SERVERS[kills % len(SERVERS)], chance.choice(SIGNALS[OPTIONS.signal])
        kills += 1
        server.end(sign)
        if not server.restart():
            return
        print(time.strftime("%H:%M:%S"), f"kill {kills} ({sign.name}) of server {server.number}, up in "
              f"{server.starts[-1]:.2f} s; images {len(IMAGES)}, faults {len(faults)}", flush=True)
        kill = next_kill()


def load_without_kills():
    print(time.strftime("%H:%M:%S"), "calm", flush=True)
    end = time.time() + OPTIONS.calm * 60
    while time.time() < end:
        watch("in the calm")


def watch(when):
    time.sleep(1)
    for server in SERVERS:
        server.sample()
        server.restart_if_dead(when)


def end_servers():
    for server in SERVERS:
        server.end(signal.SIGTERM)
        with open(f"{OPTIONS.dir}/api{server.number}.log", errors="replace") as log:
            errors = [line for line in log if " ERROR " in line or " CRITICAL " in line or "Traceback" in line]
        print(f"server {server.number}: {len(errors)} ERROR lines; starts {len(server.starts)}, "
              f"slowest {max(server.starts):.2f} s")
        for line in errors[:10]:
            print("   ", line.rstrip()[:300])


def report():
    print("\nwhat was done:")
    for key, count in sorted(notes.items()):
        print(f"  {count:7d}  {key}")
    deleted = sum(1 for image in IMAGES.values() if image.gone == "yes")
    active = sum(1 for image in IMAGES.values() if image.state == "active" and not image.gone)
    print(f"\nimages {len(IMAGES)}, deleted {deleted}, active at the end {active}")
    print("faults:", dict(collections.Counter(kind for kind, _ in faults)) or "none")


def main():
    prepare()
    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(OPTIONS.clients)]
    for thread in threads:
        thread.start()
    load_with_kills()
    load_without_kills()
    stop.set()
    for thread in threads:
        thread.join(150)
    waiting = sum(thread.is_alive() for thread in threads)
    if waiting:
        fault("hang", f"{waiting} clients still wait")
    final_check.check_resources()
    final_check.check_all()
    end_servers()
    report()
    return 1 if faults else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        for each in SERVERS:
            if each.process and each.process.poll() is None:
                each.process.kill()
