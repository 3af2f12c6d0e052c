"""Fills a bootstrapped Keystone through its own API, in this process, and writes what the tests need to know to FILE.

Usage: seed.py FILE   (OS_KEYSTONE_CONFIG_* and REQUESTS_LOG as app.py wants them)
"""
import json
import sys

FILE = sys.argv[1]

from werkzeug.test import Client  # noqa: E402

import app  # noqa: E402

client = Client(app.application)
token = None

# serve.py puts the real port in its place.
HOST = 'http://127.0.0.1:65535'
# The discard port: nothing listens there, so a client that calls is refused at once.
DEAD = 'http://127.0.0.1:9'
PASSWORDS = {
    'admin': 'adm1n',
    'alice': 'S3cret pa\'ss"w$rd\\',
    # Has a role on the system and nowhere else.
    'carol': 'c4rol',
    # One each for the tests that fail logins, change passwords, or look for a password where none should be.
    'bob': 'b0b-Pa55',
    'dave': 'd4ve-Pa55',
    'erin': 'er1n-Pa55',
    'canary': 'k0libri-C4nary-9f27e1',
}
PROJECTS = ('alpha', 'beta', 'weird  name*\'$(touch pwned)"')
REGIONS = ('SBG1', 'GRA9')
SERVICES = {
    'identity': ('keystone', HOST + '/v3'),
    'image': ('glance', DEAD + '/image'),
    'compute': ('nova', DEAD + '/compute/v2.1'),
    'network': ('neutron', DEAD + '/network'),
    'object-store': ('swift', DEAD + '/v1/AUTH_$(project_id)s'),
    'volumev3': ('cinderv3', DEAD + '/volume/v3/$(project_id)s'),
}


def call(method, path, body=None, want=(200, 201, 204)):
    headers = {'X-Auth-Token': token} if token else {}
    reply = client.open('/v3' + path, method=method, json=body, headers=headers)
    if reply.status_code not in want:
        raise SystemExit(f'{method} {path}: {reply.status}\n{reply.text}')
    return reply


def make(path, kind, **fields):
    return call('POST', path, {kind: fields}).json[kind]['id']


def listed(path, key):
    return {item['name']: item['id'] for item in call('GET', path).json[key]}


def log_in():
    user = {'name': 'admin', 'domain': {'id': 'default'}, 'password': PASSWORDS['admin']}
    auth = {'identity': {'methods': ['password'], 'password': {'user': user}}, 'scope': {'system': {'all': True}}}
    return call('POST', '/auth/tokens', {'auth': auth}).headers['X-Subject-Token']


def people_and_projects():
    users = listed('/users', 'users')
    for name, password in PASSWORDS.items():
        if name not in users:
            users[name] = make('/users', 'user', name=name, password=password, domain_id='default')
    projects = {name: make('/projects', 'project', name=name, domain_id='default') for name in PROJECTS}
    lab = make('/domains', 'domain', name='lab')
    member = listed('/roles', 'roles')['member']
    for project in projects.values():
        call('PUT', f'/projects/{project}/users/{users["alice"]}/roles/{member}')
    for name in ('bob', 'dave', 'erin', 'canary'):
        call('PUT', f'/projects/{projects["alpha"]}/users/{users[name]}/roles/{member}')
    call('PUT', f'/domains/{lab}/users/{users["alice"]}/roles/{member}')
    reader = listed('/roles', 'roles')['reader']
    call('PUT', f'/system/users/{users["carol"]}/roles/{reader}')
    people = {name: {'id': users[name], 'password': password} for name, password in PASSWORDS.items()}
    return {'users': people, 'projects': projects, 'domains': {'lab': lab}}


def catalog():
    call('PUT', '/regions/GRA9', {'region': {}})
    services = {s['type']: s['id'] for s in call('GET', '/services').json['services']}
    for kind, (name, url) in SERVICES.items():
        service = services.get(kind) or make('/services', 'service', type=kind, name=name)
        for region in REGIONS:
            for interface in ('public', 'internal', 'admin'):
                make('/endpoints', 'endpoint', service_id=service, region_id=region, interface=interface, url=url)


token = log_in()
seed = people_and_projects()
catalog()
with open(FILE, 'w') as out:
    json.dump(seed, out, indent=1)
