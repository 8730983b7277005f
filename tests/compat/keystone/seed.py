"""Fills a bootstrapped Keystone with projects, users and roles; safe to repeat.

Arguments: KEYSTONE_URL PASSWORD WORK. Writes WORK/clouds.yaml, WORK/accounts.yaml (for tempest), WORK/ids.json.
"""
import json
import sys

from keystone_api import Keystone

PEOPLE = {  # user: (project, roles)
    'admin': ('admin', ['admin', 'member', 'reader']),
    'demo': ('demo', ['member', 'reader']),
    'reader': ('demo', ['reader']),
    'demoadmin': ('demo', ['admin', 'member', 'reader']),
    'alt': ('alt', ['member', 'reader']),
    'altreader': ('alt', ['reader']),
    'glance': ('service', ['admin', 'service']),
    'nova': ('service', ['service']),
}

CLOUD = '''  %(user)s:
    auth: {auth_url: "%(url)s", username: %(user)s, password: "%(password)s", project_name: %(project)s,
      user_domain_id: default, project_domain_id: default}
    region_name: RegionOne
    identity_api_version: 3
    image_api_version: 2
'''
ACCOUNT = '''- username: %(user)s
  project_name: %(project)s
  password: "%(password)s"
  domain_name: Default
  roles: [%(roles)s]
'''


def main(url, password, work):
    keystone = Keystone(url, password)
    roles = {name: keystone.ensure('role', name) for name in ('admin', 'member', 'reader', 'service')}
    projects = {name: keystone.ensure('project', name, domain_id='default')
                for name in ('admin', 'demo', 'alt', 'service')}
    users, clouds, accounts = {}, ['clouds:\n'], []
    for user, (project, wanted) in PEOPLE.items():
        users[user] = keystone.ensure('user', user, domain_id='default', password=password,
                                      default_project_id=projects[project])
        for role in wanted:
            keystone.call('PUT', '/projects/%s/users/%s/roles/%s' % (projects[project], users[user], roles[role]))
        words = {'user': user, 'project': project, 'password': password, 'url': url, 'roles': ', '.join(wanted)}
        clouds.append(CLOUD % words)
        if project != 'service':
            accounts.append(ACCOUNT % words + ('  types: [admin]\n' if 'admin' in wanted else ''))
    # For callers that need a system-scoped token.
    keystone.call('PUT', '/system/users/%s/roles/%s' % (users['admin'], roles['admin']))
    for name, text in (('clouds.yaml', ''.join(clouds)), ('accounts.yaml', ''.join(accounts)),
                       ('ids.json', json.dumps({'projects': projects, 'users': users, 'roles': roles}, indent=1))):
        with open('%s/%s' % (work, name), 'w') as file:
            file.write(text)


main(*sys.argv[1:4])
