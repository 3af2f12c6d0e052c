"""The stranger: another user of the machine, who runs what the tests tell it to run.

tests/run starts it as root under a second uid; the tests, which run as an ordinary uid, cannot change theirs. One
connection is one JSON line {"argv": […], "stdin": "…"} and one JSON line back, {"status": …, "stdout": …, "stderr": …}.
It obeys nobody but the uid it was started for.

Usage: stranger.py SOCKET UID
"""
import json
import os
import socket
import struct
import subprocess
import sys

RUN_WITHIN_S = 30


def main():
    path, friend = sys.argv[1], int(sys.argv[2])
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    # Anybody may knock; who is let in is decided by uid.
    os.chmod(path, 0o666)
    listener.listen(16)
    while True:
        peer, _ = listener.accept()
        with peer:
            _, uid, _ = struct.unpack('3i', peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            if uid == friend:
                serve(peer)


def serve(peer):
    try:
        with peer.makefile('rw') as lines:
            lines.write(json.dumps(run(json.loads(lines.readline()))) + '\n')
    except (OSError, ValueError) as error:
        print(f'stranger: {error}', file=sys.stderr)


def run(request):
    try:
        done = subprocess.run(request['argv'], input=request.get('stdin', ''), capture_output=True, text=True,
                              errors='backslashreplace', timeout=RUN_WITHIN_S, cwd='/')
    except (OSError, subprocess.TimeoutExpired) as error:
        return {'status': -1, 'stdout': '', 'stderr': str(error)}
    return {'status': done.returncode, 'stdout': done.stdout, 'stderr': done.stderr}


main()
