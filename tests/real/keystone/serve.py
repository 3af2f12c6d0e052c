"""Serves a copy of a prepared Keystone on a free loopback port until its stdin ends.

Usage: serve.py STATE_DIR RUN_DIR   (with the interpreter of keystone-venv)

Once Keystone answers, one line of JSON goes to stdout: {"port": …, "requests": the file with a line for each request}.
Stdin is the life line: whoever started us holds its other end, and however they die, even by SIGKILL, it closes.
RUN_DIR is made here and keeps the server's log (`keystone.log`).
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid

HERE = pathlib.Path(__file__).resolve().parent
READY_WITHIN_S = 60


def main():
    state, run = (pathlib.Path(arg).absolute() for arg in sys.argv[1:3])
    shutil.copytree(state, run)
    conf = run / 'keystone.conf'
    conf.write_text(conf.read_text().replace(str(state), str(run)))
    # The socket is ours before Keystone starts and is handed down: no port is chosen that another takes meanwhile.
    listener = socket.create_server(('127.0.0.1', 0), backlog=512)
    port = listener.getsockname()[1]
    freshen(run / 'keystone.db', port)
    requests = run / 'requests.jsonl'
    server = start(run, conf, requests, listener)
    listener.close()
    try:
        wait_until_ready(server, port, requests, run / 'keystone.log')
        print(json.dumps({'port': port, 'requests': str(requests)}), flush=True)
        while os.read(0, 4096):
            pass
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()


def freshen(database, port):
    db = sqlite3.connect(database)
    # seed.py knew no port and wrote 65535.
    db.execute("UPDATE endpoint SET url = replace(url, ':65535/', ?)", (f':{port}/',))
    # Keystone writes down the day of a user's first login each day, reading before it writes in one transaction. When two
    # first logins meet, SQLite tells one that the database is locked, whatever the timeout, and Keystone answers 500.
    db.execute("UPDATE user SET last_active_at = date('now')")
    db.commit()
    db.close()


def start(run, conf, requests, listener):
    gunicorn = [
        str(pathlib.Path(sys.executable).with_name('gunicorn')),
        '--bind', f'fd://{listener.fileno()}',
        '--worker-class', 'gthread', '--workers', '2', '--threads', '4',
        # Several instances would share one in ~/.gunicorn.
        '--no-control-socket',
        '--chdir', str(HERE),
        'app:application',
    ]
    env = dict(os.environ, OS_KEYSTONE_CONFIG_DIR=str(run), OS_KEYSTONE_CONFIG_FILES=conf.name,
               REQUESTS_LOG=str(requests), PYTHONDONTWRITEBYTECODE='1')
    log = open(run / 'keystone.log', 'wb')
    return subprocess.Popen(gunicorn, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                            pass_fds=[listener.fileno()])


def wait_until_ready(server, port, requests, log):
    """Something else may answer on a port. Ready is only who wrote our own request into our own log."""
    mark = uuid.uuid4().hex
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until and server.poll() is None:
        try:
            # The listener's backlog holds the request until the workers are there.
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                f'http://127.0.0.1:{port}/v3?ready={mark}', timeout=5).read()
            if requests.exists() and mark in requests.read_text():
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    raise SystemExit(f'keystone is not ready; its log:\n{log.read_text()}')


main()
