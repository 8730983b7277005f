"""The few calls of Keystone's v3 API that the compatibility tests need to fill it."""
import json
import urllib.error
import urllib.request


class Keystone:
    def __init__(self, url, password):
        self.url = url
        self.token = None
        scope = {'project': {'name': 'admin', 'domain': {'id': 'default'}}}
        user = {'name': 'admin', 'domain': {'id': 'default'}, 'password': password}
        _, headers = self.call('POST', '/auth/tokens', {'auth': {
            'identity': {'methods': ['password'], 'password': {'user': user}}, 'scope': scope}})
        self.token = headers['X-Subject-Token']

    def call(self, method, path, body=None):
        """Returns the decoded response (or None) and its headers; ends the program on an error."""
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header('Content-Type', 'application/json')
        if self.token:
            request.add_header('X-Auth-Token', self.token)
        try:
            data = None if body is None else json.dumps(body).encode()
            with urllib.request.urlopen(request, data, timeout=60) as answer:
                text = answer.read()
                return json.loads(text) if text else None, answer.headers
        except urllib.error.HTTPError as error:
            raise SystemExit('keystone: %s %s: %s %s' % (method, path, error.code, error.read()[:400]))

    def find(self, plural, query):
        found, _ = self.call('GET', '/%s?%s' % (plural, query))
        return found[plural]

    def ensure(self, kind, name, **fields):
        """Returns the id of the entry with this name; creates the entry when it does not exist."""
        for row in self.find(kind + 's', 'name=' + name):
            if row['name'] == name:
                return row['id']
        made, _ = self.call('POST', '/%ss' % kind, {kind: dict(fields, name=name)})
        return made[kind]['id']
