"""The processes of the service, and a web server that imports download from."""
import http.client
import http.server
import os
import signal
import subprocess
import time

from findings import fault
from options import OPTIONS

STORES = ("fast", "slow")
FOLDERS = (*STORES, "staging", "tasks")
NEVER = 9e18


def configuration(server):
    """Returns the configuration of one process: options by group."""
    folder = OPTIONS.dir
    groups = {
        "DEFAULT": {
            "bind_host": "127.0.0.1",
            "bind_port": server.port,
            "log_file": f"{folder}/api{server.number}.log",
            "enabled_backends": "fast:file, slow:file",
            "enabled_import_methods": "[glance-direct,web-download,copy-image]",
            "worker_self_reference_url": f"http://127.0.0.1:{server.port}",
        },
        "database": {"connection": f"sqlite:///{folder}/glance.sqlite"},
        "glance_store": {"default_backend": "fast"},
        **{store: {"filesystem_store_datadir": f"{folder}/{store}"} for store in STORES},
        "os_glance_staging_store": {"filesystem_store_datadir": f"{folder}/staging"},
        "os_glance_tasks_store": {"filesystem_store_datadir": f"{folder}/tasks"},
        "import_filtering_opts": {"allowed_hosts": "[127.0.0.1]", "allowed_ports": f"[{OPTIONS.web_port}]"},
    }
    for item in OPTIONS.set:
        key, value = item.split("=", 1)
        group, option = key.rsplit(".", 1)
        groups.setdefault(group, {})[option] = value
    return groups


class Server:
    """One server process; the load starts it again after each kill."""

    def __init__(self, number):
        self.number, self.port = number, OPTIONS.port + number
        self.process = None
        self.down = []      # [from, to]: times in which the process certainly did not respond
        self.samples = []   # (time, pid, resident kB, open files)
        self.starts = []    # seconds

    def config_file(self):
        path = f"{OPTIONS.dir}/glance-api-{self.number}.conf"
        with open(path, "w") as file:
            for group, options in configuration(self).items():
                file.write(f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in options.items()))
        return path

    def start(self):
        """Starts the process; returns True when it responds."""
        temporary = f"{OPTIONS.dir}/tmp{self.number}"
        os.makedirs(temporary, mode=0o700, exist_ok=True)
        begun = time.time()
        self.output = open(f"{OPTIONS.dir}/out{self.number}", "ab")
        self.process = subprocess.Popen(
            [*OPTIONS.exe.split(), "serve", "--config-file", self.config_file()],
            stdout=self.output, stderr=self.output, env={**os.environ, "TMPDIR": temporary})
        while not self.answers():
            if self.process.poll() is not None:
                fault("start", f"server {self.number} ended at its start with {self.process.returncode}")
                return False
            if time.time() - begun > 60:
                fault("start", f"server {self.number} not up in 60 s")
                return False
            time.sleep(.05)
        self.starts.append(time.time() - begun)
        return True

    def answers(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/healthcheck")
            well = connection.getresponse().status == 200
            connection.close()
            return well
        except OSError:
            return False

    def sample(self):
        try:
            pid = self.process.pid
            with open(f"/proc/{pid}/status") as status:
                resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
            self.samples.append((time.time(), pid, resident, len(os.listdir(f"/proc/{pid}/fd"))))
        except (OSError, StopIteration):
            pass

    def end(self, sign):
        if self.process.poll() is not None:
            fault("died", f"server {self.number} had ended by itself with {self.process.returncode}")
        self.down.append([time.time() - .5, NEVER])
        self.process.send_signal(sign)
        try:
            code = self.process.wait(90)
        except subprocess.TimeoutExpired:
            fault("stop", f"server {self.number} did not end in 90 s after {sign.name}")
            self.process.kill()
            code = self.process.wait()
        if sign == signal.SIGTERM and code != 0:
            fault("stop", f"server {self.number}: exit {code} after SIGTERM")
        self.output.close()

    def restart(self):
        started = self.start()
        self.down[-1][1] = time.time() + .5
        return started

    def restart_if_dead(self, when):
        if self.process.poll() is None:
            return
        fault("died", f"server {self.number} ended by itself with {self.process.returncode} {when}")
        self.down.append([time.time() - 2, NEVER])
        self.restart()

    def was_down(self, since):
        return any(end >= since for _, end in self.down)


SERVERS = [Server(number) for number in range(OPTIONS.servers)]


class WebSource(http.server.BaseHTTPRequestHandler):
    """Serves bodies by path."""
    protocol_version = "HTTP/1.1"
    bodies = {}

    def log_message(self, *_):
        pass

    def do_GET(self):
        body = self.bodies.get(self.path)
        if not body:
            self.send_error(404)
            return
        try:
            self.send_response(200)
            self.send_header("Content-Length", str(body.size))
            self.end_headers()
            for block in body.blocks(256 * 1024):
                self.wfile.write(block)
        except OSError:
            self.close_connection = True
