"""Runs the clients' commands in one process, because each start of a client takes more than a second.

Reads one request per line of standard input and writes one response per line of standard output, both JSON. Every
request has `env`, the whole environment of the call with the user's credentials, and one of
  run   [program, argument…]: `glance` or `openstack`, by the function their executables call
  sdk   [method, [argument…], {name: value}]: a method of openstacksdk's image proxy
  lib   [method, [argument…], {name: value}]: a method of python-glanceclient, such as images.list
`run` returns {code, stdout, stderr}; the others {value} or {error, status, message}.
"""
import io
import json
import logging
import os
import pty
import sys
import traceback

# glanceclient reads image data from a standard input that is not a terminal.
answers = os.fdopen(os.dup(1), 'w')
requests_in = os.fdopen(os.dup(0), 'r')
os.dup2(pty.openpty()[1], 0)
os.dup2(2, 1)
sys.stdin = open(0)

import glanceclient.client
import glanceclient.shell
import keystoneauth1.identity.v3.base
import openstack
import openstack.resource
import openstackclient.shell
import osc_lib.clientmanager


logins = {}
real_login = keystoneauth1.identity.v3.base.Auth.get_auth_ref


def login(plugin, session, **named):
    """Keeps one login per user: each takes Keystone half a second, and a test makes hundreds of calls."""
    who = os.environ['OS_USERNAME']
    if who not in logins:
        logins[who] = real_login(plugin, session, **named)
    return logins[who]


keystoneauth1.identity.v3.base.Auth.get_auth_ref = login


def glance(args):
    sys.argv = ['glance'] + args
    glanceclient.shell.main()


def openstack_command(args):
    # openstackclient keeps its sessions in its classes: remove those of the previous caller.
    for kind in openstackclient.shell.clientmanager.ClientManager.__mro__:
        for each in vars(kind).values():
            if isinstance(each, osc_lib.clientmanager.ClientCache):
                each._handle = None
    return openstackclient.shell.main(args)


PROGRAMS = {'glance': glance, 'openstack': openstack_command}


def run(name, *args):
    real = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err = io.StringIO(), io.StringIO()
    # The handlers of an earlier call still write to the standard error of that call.
    logging.getLogger().handlers.clear()
    try:
        code = PROGRAMS[name](list(args)) or 0
    except SystemExit as end:
        code = 0 if end.code is None else end.code
        if not isinstance(code, int):
            err.write(str(code))
            code = 1
    finally:
        sys.stdout, sys.stderr = real
    return {'code': code, 'stdout': out.getvalue(), 'stderr': err.getvalue()}


connections = {}


def connect():
    who = os.environ['OS_USERNAME']
    if who not in connections:
        connections[who] = openstack.connect(region_name=os.environ['OS_REGION_NAME'], load_yaml_config=False)
    return connections[who]


def plain(value):
    """Returns the part of a client's result that JSON can hold."""
    if isinstance(value, openstack.resource.Resource):
        return value.to_dict(computed=False, original_names=True)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    if isinstance(value, bytes):
        return value.decode()
    if hasattr(value, '__next__'):
        return [plain(item) for item in value]
    if hasattr(value, 'wrapped'):  # glanceclient's answer with its request ids
        return plain(value.wrapped)
    if hasattr(value, 'status_code'):
        return {'status': value.status_code, 'text': value.text}
    if hasattr(value, '__iter__'):
        return [plain(item) for item in value]
    raise TypeError('cannot show a %s' % type(value))


def call(root, method, args, named):
    try:
        for name in method.split('.'):
            root = getattr(root, name)
        return {'value': plain(root(*args, **named))}
    except Exception as error:
        status = getattr(error, 'status_code', None) or getattr(error, 'code', None)
        if status is None:
            traceback.print_exc()
        return {'error': type(error).__name__, 'status': status, 'message': str(error)}


def answer(request):
    os.environ.clear()
    os.environ.update(request['env'])
    if 'run' in request:
        return run(*request['run'])
    if 'sdk' in request:
        return call(connect().image, *request['sdk'])
    client = glanceclient.client.Client('2', session=connect().session, region_name=os.environ['OS_REGION_NAME'])
    return call(client, *request['lib'])


for line in requests_in:
    print(json.dumps(answer(json.loads(line))), file=answers, flush=True)
