"""The other side as the page describes it: a connection, and the form that every answer must have."""

import base64
import json
import socket

REQUEST_LEN_MAX = 65536
ANSWER_LEN_MAX = 4 * 1024 * 1024
REQUEST_S = 2
IDLE_S = 60
# What a client waits longer than it said, before it takes the agent for stuck.
GRACE_S = 3

# No agent has a profile of this name, and none may show this text.
NOBODY = "conformance-nobody"
CANARY = "c4n4ry-7d1b"

CAPABILITIES = {"token", "env", "rejected", "profiles", "secrets", "revoke", "lock", "status", "audit", "stop", "handover"}
CODES = {
    "refused", "no_role", "forbidden", "not_found", "rejected",
    "usage", "no_profile", "no_default", "exists", "bad_profile",
    "needs_person", "locked", "revoked",
    "keyring_absent", "keyring_locked", "keyring_timeout", "keyring_volatile", "other_origin", "keyring",
    "unreachable", "tls", "bad_answer", "server", "limited", "deadline",
    "agent", "bad_request", "unsupported", "file", "config", "internal",
}  # fmt: skip


class Wrong(Exception):
    """What the agent did, where the page says something else."""


def want(truth, said):
    if not truth:
        raise Wrong(said)


class Connection:
    def __init__(self, path, timeout_s=10):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout_s)
        self.socket.connect(path)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def write(self, data):
        self.socket.sendall(data)

    def line(self):
        """One answer's bytes without the line feed, or None where the connection has ended."""
        while b"\n" not in self.rest:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                want(not self.rest, "the connection ended in the middle of an answer")
                return None
            self.rest += more
            want(len(self.rest) <= ANSWER_LEN_MAX + 1, "the answer is longer than 4 MiB")
        line, self.rest = self.rest.split(b"\n", 1)
        return line

    def answer(self):
        line = self.line()
        want(line is not None, "the connection was closed without an answer")
        return read(line)

    def ask(self, op, **fields):
        self.write(request(op, **fields))
        return self.answer()

    def is_closed(self):
        return self.line() is None


def request(op, **fields):
    return json.dumps({"v": 1, "op": op, **fields}).encode() + b"\n"


def read(line):
    """An answer, its form checked whatever it says."""
    want(b"\r" not in line, "the answer ends in a carriage return")
    try:
        answer = json.loads(line.decode("utf-8"))
    except ValueError:
        raise Wrong("the answer is no JSON in UTF-8") from None
    want(isinstance(answer, dict), "the answer is no object")
    want(not has_null(answer), "a field is null")
    want(len(answer) == 1 and set(answer) <= {"ok", "err", "ask"}, f"the answer has the fields {sorted(answer)}")
    ((kind, value),) = answer.items()
    want(isinstance(value, dict), f"the value of {kind} is no object")
    if kind == "err":
        fault(value)
    elif kind == "ask":
        fields(value, id=str, question=str, hidden=bool, why=str)
    else:
        texts(value.get("warnings", []), "warnings")
    return kind, value


def has_null(value):
    within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is None or any(has_null(each) for each in within)


def fault(value):
    fields(value, code=str, message=str)
    want(value["code"] in CODES, f"the code {value['code']!r} is not in the table")
    texts(value.get("causes", []), "causes")
    want(isinstance(value.get("profile", ""), str), "profile is no text")


def fields(value, **kinds):
    for name, kind in kinds.items():
        want(name in value, f"the field {name} is missing")
        right = isinstance(value[name], kind) and (kind is bool or not isinstance(value[name], bool))
        want(right, f"the field {name} is no {kind.__name__}")
    return value


def profile_fields(value):
    fields(value, name=str, auth_url=str, method=str, scope=object)


def texts(value, name):
    want(isinstance(value, list) and all(isinstance(each, str) for each in value), f"{name} is no list of texts")


def ok(answer, **kinds):
    kind, value = answer
    want(kind == "ok", f"ok was due, and the answer is {kind} {value.get('code', '')}: {value.get('message', '')}")
    return fields(value, **kinds)


def err(answer, *codes):
    kind, value = answer
    want(kind == "err", f"an error was due, and the answer is {kind}")
    want(value["code"] in codes, f"the code is {value['code']}, not {' or '.join(codes)}")
    return value


def not_quoted(value):
    want(CANARY not in json.dumps(value), "the answer quotes what was sent")


def sealed(text):
    return base64.b64encode(text.encode()).decode()


# The checks, in the order in which they run. Each is given the path of the socket and the options of the command line.

CHECKS = []


def check(claim, **when):
    def keep(function):
        CHECKS.append((claim, function, when))
        return function

    return keep
