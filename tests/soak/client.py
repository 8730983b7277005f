"""A client that knows which broken connections a kill explains."""
import http.client
import json
import time

from bodies import Body
from findings import fault, note
from servers import SERVERS


class Broken(Exception):
    """The connection broke."""


class Client:
    """Keeps one connection to each server."""

    def __init__(self, chance):
        self.chance, self.connections = chance, {}

    def close(self, server):
        connection = self.connections.pop(server.number, None)
        if connection:
            connection.close()

    def connect(self, server):
        connection = self.connections.get(server.number)
        # Sometimes a new connection.
        if connection is None or self.chance.random() < .05:
            self.close(server)
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
            connection.made = time.time()
            self.connections[server.number] = connection
        return connection

    def ask(self, method, path, body=None, headers=None, raw=False, chunked=None, server=None):
        """
        Sends a request; returns status, headers, bytes (with `raw` the response), server, and the time since when a
        kill of the server explains a failure. `chunked`: bytes per chunk. Raises Broken.
        """
        server = server or self.chance.choice(SERVERS)
        connection = self.connect(server)
        since = connection.made    # A connection older than a kill is also dead.
        try:
            send(connection, method, path, body, dict(headers or {}), chunked)
            response = connection.getresponse()
            if raw:
                return response.status, response.headers, response, server, since
            data = response.read()
            if response.will_close:
                self.close(server)
            return response.status, response.headers, data, server, since
        except (OSError, http.client.HTTPException) as error:
            answer = early_answer(connection, error, body)
            self.close(server)
            if answer:
                return *answer, server, since
            if not server.was_down(since):
                note(f"broken without a kill: {type(error).__name__} {method}")
                if not isinstance(body, Body):
                    self.judge_break(server, since, f"{method} {path}: {error!r}")
            raise Broken(str(error)) from error

    def judge_break(self, server, since, text):
        """Reports a fault unless a kill explains the broken connection. A kill is noted a moment after its effect."""
        time.sleep(.6)
        if not server.was_down(since):
            fault("broken", f"{text} while no server was killed")


def early_answer(connection, error, body):
    """Reads the response after a refusal that closed the connection while we sent."""
    if not (isinstance(error, (BrokenPipeError, ConnectionResetError)) and isinstance(body, Body)):
        return None
    try:
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    except (OSError, http.client.HTTPException):
        return None


def send(connection, method, path, body, headers, chunked):
    if not isinstance(body, Body):
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection.request(method, path, body=body, headers=headers)
        return
    headers.setdefault("Content-Type", "application/octet-stream")
    connection.putrequest(method, path, skip_accept_encoding=True)
    if chunked:
        connection.putheader("Transfer-Encoding", "chunked")
    else:
        connection.putheader("Content-Length", str(body.size))
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    for block in body.blocks(chunked or 256 * 1024):
        if not chunked:
            connection.send(block)
        elif len(block):
            connection.send(b"%x\r\n" % len(block))
            connection.send(block)
            connection.send(b"\r\n")
    if chunked:
        connection.send(b"0\r\n\r\n")
