"""The WSGI application: Keystone as shipped, with one line of JSON in REQUESTS_LOG for each request.

The first part of a path that is not an API version is taken off and logged as `door`: each test has its own door
(http://127.0.0.1:PORT/NAME/v3), so that its requests can be told from those of the tests beside it. Never a body, a
token or a password is logged. One thing is stricter than in Keystone as shipped: see `forget_the_last_request`.
"""
import io
import json
import os
import sys

# oslo.config reads sys.argv, which here is gunicorn's.
sys.argv = sys.argv[:1]

from keystone.wsgi.api import application as keystone  # noqa: E402
from oslo_context import context  # noqa: E402

# Append mode and one write a line: the lines of two workers do not mix.
LOG = os.open(os.environ['REQUESTS_LOG'], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
SCOPES = ('project', 'domain', 'system', 'OS-TRUST:trust')


def application(environ, start_response):
    forget_the_last_request()
    line = {'door': take_door(environ), 'method': environ['REQUEST_METHOD'], 'path': environ['PATH_INFO']}
    if environ.get('QUERY_STRING'):
        line['query'] = environ['QUERY_STRING']
    if line['method'] == 'POST' and line['path'].rstrip('/') == '/v3/auth/tokens':
        line.update(login_of(environ))

    def start(status, headers, exc_info=None):
        # Before the reply leaves: who has the reply finds the line.
        line['status'] = int(status.split()[0])
        os.write(LOG, (json.dumps(line) + '\n').encode())
        return start_response(status, headers, exc_info)

    return keystone(environ, start)


def forget_the_last_request():
    """Keystone hangs its request-local cache on the thread's last context and looks a token up before it makes a new
    one, so a revoked token may be accepted again. The tests need to see a revoked token refused each time."""
    context._request_store.__dict__.pop('context', None)


def take_door(environ):
    first, slash, rest = environ['PATH_INFO'].lstrip('/').partition('/')
    if first in ('', 'v3', 'v2.0'):
        return ''
    environ['SCRIPT_NAME'] = environ.get('SCRIPT_NAME', '') + '/' + first
    environ['PATH_INFO'] = slash + rest
    return first


def login_of(environ):
    """The methods and the kind of scope that a login asks for, and nothing else of it."""
    body = environ['wsgi.input'].read(int(environ.get('CONTENT_LENGTH') or 0))
    environ['wsgi.input'] = io.BytesIO(body)
    try:
        auth = json.loads(body)['auth']
        scope = auth.get('scope')
        kind = 'none' if scope is None else next((k for k in SCOPES if k in scope), 'unscoped')
        return {'methods': auth['identity']['methods'], 'scope': kind}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {'methods': None, 'scope': None}
