"""Lines, limits and time: SOCKET and FRAMES of the page."""

import base64
import json
import os
import re
import socket
import stat
import time

from peer import CANARY, CAPABILITIES, GRACE_S, IDLE_S, NOBODY, REQUEST_LEN_MAX, REQUEST_S
from peer import Connection, Wrong, check, err, not_quoted, ok, request, texts, want


@check("the socket's folder belongs to the user, has mode 0700 and is no symbolic link")
def _(path, _given):
    folder = os.lstat(os.path.dirname(path))
    want(stat.S_ISDIR(folder.st_mode), "it is no folder")
    want(folder.st_uid == os.getuid(), "it belongs to somebody else")
    want(stat.S_IMODE(folder.st_mode) == 0o700, f"its mode is {stat.S_IMODE(folder.st_mode):o}")


@check("the epoch file holds one number and a line feed")
def _(path, _given):
    with open(path + ".epoch", "rb") as file:
        want(re.fullmatch(rb"[0-9]+\n", file.read(64)), "it holds something else")


@check("hello tells version, capabilities, release and process id")
def _(path, _given):
    with Connection(path) as agent:
        hello = ok(agent.ask("hello"), version=int, capabilities=list, release=str, pid=int)
        want(hello["version"] == 1, "the version is not 1")
        texts(hello["capabilities"], "capabilities")
        missing = CAPABILITIES - set(hello["capabilities"])
        want(not missing, f"{', '.join(sorted(missing))} is not among the capabilities")


@check("hello is understood in any version")
def _(path, _given):
    with Connection(path) as agent:
        for v in (0, 2, 99):
            ok(agent.ask("hello", v=v), version=int)


@check("another version's request is unsupported")
def _(path, _given):
    with Connection(path) as agent:
        err(agent.ask("status", v=2), "unsupported")
        err(agent.ask("token", v=0, profile=NOBODY), "unsupported")
        ok(agent.ask("status"))


@check("an operation that the agent does not know is unsupported")
def _(path, _given):
    with Connection(path) as agent:
        for op in ("conjure", "", "HELLO", "h" * 1000):
            err(agent.ask(op), "unsupported")
        ok(agent.ask("hello"))


@check("a field that the agent does not know is ignored")
def _(path, _given):
    with Connection(path) as agent:
        ok(agent.ask("hello", colour="blue", nested={"a": [1, {"b": None}]}), version=int)
        err(agent.ask("token", profile=NOBODY, colour=7), "no_profile")


@check("several requests on one connection are answered in their order")
def _(path, _given):
    with Connection(path) as agent:
        for _ in range(50):
            ok(agent.ask("hello"), version=int)
            err(agent.ask("show", profile=NOBODY), "no_profile")


@check("two requests in one write are two requests")
def _(path, _given):
    with Connection(path) as agent:
        agent.write(request("hello") + request("show", profile=NOBODY) + request("status"))
        ok(agent.answer(), version=int)
        err(agent.answer(), "no_profile")
        ok(agent.answer(), up_s=int)


@check("a request may come in pieces, byte by byte")
def _(path, _given):
    with Connection(path) as agent:
        for byte in request("hello"):
            agent.write(bytes([byte]))
        ok(agent.answer(), version=int)
        # A piece with the end of one request and the beginning of the next.
        first, second = request("hello"), request("status")
        agent.write(first + second[:9])
        ok(agent.answer(), version=int)
        agent.write(second[9:])
        ok(agent.answer(), up_s=int)


@check("white space around the object is JSON's, a carriage return included")
def _(path, _given):
    with Connection(path) as agent:
        agent.write(b' \t{"op" : "hello", "v" : 1} \r\n')
        ok(agent.answer(), version=int)


@check("escapes in a text are undone as JSON wants it")
def _(path, _given):
    with Connection(path) as agent:
        agent.write(b'{"v":1,"\\u006fp":"he\\u006clo"}\n')
        ok(agent.answer(), version=int)


@check("a client that has sent its request may close its half, and is answered")
def _(path, _given):
    with Connection(path) as agent:
        agent.write(request("hello"))
        agent.socket.shutdown(socket.SHUT_WR)
        ok(agent.answer(), version=int)
        want(agent.is_closed(), "the connection stays open")


@check("a request without its line feed is no request")
def _(path, _given):
    with Connection(path) as agent:
        agent.write(request("hello").rstrip(b"\n"))
        agent.socket.shutdown(socket.SHUT_WR)
        want(agent.is_closed(), "it was answered")


@check("what is no JSON object is a bad request, is not quoted, and the connection goes on")
def _(path, _given):
    lines = (
        CANARY, "", " ", f'"{CANARY}"', "[]", '[1,"hello"]', f'["{CANARY}"]', "1", "null", f'{{"v":1,"op":"{CANARY}"', f'{{"v":1,{CANARY}}}',
        f'{{"v":1,"op":"hello"}} {CANARY}', '{"v":1,"op":"hello"}{"v":1,"op":"hello"}', "[" * 5000, '{"a":' * 5000, "GET / HTTP/1.1",
    )  # fmt: skip
    for line in lines:
        with Connection(path) as agent:
            agent.write(line.encode() + b"\n")
            not_quoted(err(agent.answer(), "bad_request"))
            ok(agent.ask("hello"), version=int)


@check("bytes that are no UTF-8 are a bad request")
def _(path, _given):
    for bad in (b"\xff\xfe", b"\xc3(", b"\xed\xa0\x80", b"\x00"):
        with Connection(path) as agent:
            agent.write(b'{"v":1,"op":"show","profile":"' + bad + b'"}\n')
            err(agent.answer(), "bad_request")


@check("a field of the wrong type is a bad request and is not quoted")
def _(path, _given):
    wrong = (
        {"v": "1"}, {"v": None}, {"v": -1}, {"v": 1.5}, {"op": 7}, {"op": None}, {"op": [CANARY]},
        {"profile": 7}, {"profile": [CANARY]}, {"min_ttl_s": CANARY}, {"min_ttl_s": -1}, {"min_ttl_s": 1e300}, {"fresh": CANARY},
        {"fresh": 1}, {"deadline_ms": CANARY}, {"deadline_ms": -1}, {"deadline_ms": 0.5}, {"may_prompt": CANARY},
        {"holder": CANARY}, {"secret": 7}, {"secret": {"a": CANARY}}, {"project": {"name": CANARY}}, {"system": CANARY},
        {"unscoped": CANARY},
    )  # fmt: skip
    with Connection(path) as agent:
        for field in wrong:
            agent.write(json.dumps({"v": 1, "op": "token", "profile": NOBODY, **field}).encode() + b"\n")
            try:
                not_quoted(err(agent.answer(), "bad_request"))
            except Wrong as why:
                raise Wrong(f"{json.dumps(field)}: {why}") from None


@check("a request without v or without op is unsupported, and one that has them twice is a bad request")
def _(path, _given):
    with Connection(path) as agent:
        for line in (b'{"op":"status"}\n', b'{"v":1}\n', b"{}\n"):
            agent.write(line)
            err(agent.answer(), "unsupported")
        for line in (b'{"v":1,"v":1,"op":"status"}\n', b'{"v":1,"op":"status","op":"hello"}\n'):
            agent.write(line)
            err(agent.answer(), "bad_request")


@check("a secret that is no base64, of another alphabet, without padding or of no UTF-8 is a bad request and is not quoted")
def _(path, _given):
    no_text = base64.b64encode(b"\xff\xfe\xfd").decode()
    with Connection(path) as agent:
        for secret in (CANARY, "UzNjcmV0!", "UzNjcmV0Cg", "_-8=", "UzNj\ncmV0", " UzNjcmV0", no_text):
            for op in ("secret_set", "answer", "rejected", "revoke", "add"):
                not_quoted(err(agent.ask(op, profile=NOBODY, secret=secret), "bad_request"))


@check("a request of 65,536 bytes is read")
def _(path, _given):
    with Connection(path) as agent:
        bare = len(request("hello", pad="")) - 1
        agent.write(request("hello", pad="x" * (REQUEST_LEN_MAX - bare)))
        ok(agent.answer(), version=int)


@check("a longer one is a bad request, is not quoted, and the connection is closed")
def _(path, _given):
    for length in (REQUEST_LEN_MAX + 1, 10 * REQUEST_LEN_MAX):
        with Connection(path) as agent:
            bare = len(request("hello", pad="")) - 1
            try:
                agent.write(request("hello", pad=(CANARY * length)[: length - bare]))
            except (BrokenPipeError, ConnectionResetError):
                pass
            not_quoted(err(agent.answer(), "bad_request"))
            want(agent.is_closed(), "the connection stays open")


@check("a line without an end is refused before it has ended")
def _(path, _given):
    with Connection(path) as agent:
        try:
            for _ in range(64):
                agent.write(b"x" * REQUEST_LEN_MAX)
        except (BrokenPipeError, ConnectionResetError):
            pass
        err(agent.answer(), "bad_request")
        want(agent.is_closed(), "the connection stays open")


@check("a request that is not whole in 2 seconds is cut off without an answer, and nobody else waits for it")
def _(path, _given):
    with Connection(path) as slow, Connection(path) as other:
        began = time.monotonic()
        slow.write(b'{"v":1,')
        ok(other.ask("hello"), version=int)
        want(time.monotonic() - began < 1, "another client waited")
        want(slow.is_closed(), "it was answered")
        took = time.monotonic() - began
        want(REQUEST_S - 0.5 <= took <= REQUEST_S + GRACE_S, f"it was cut off after {took:.1f} s")


@check("a byte now and then does not stretch the 2 seconds")
def _(path, _given):
    with Connection(path, timeout_s=0.2) as slow:
        began = time.monotonic()
        while time.monotonic() - began < REQUEST_S + GRACE_S:
            try:
                slow.write(b" ")
                if slow.is_closed():
                    return
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                return
        raise Wrong("it was not cut off")


@check("a connection that says nothing is closed after 60 seconds", long=True)
def _(path, _given):
    with Connection(path, timeout_s=IDLE_S + 2 * GRACE_S) as fresh, Connection(path, timeout_s=2 * GRACE_S) as used:
        ok(used.ask("hello"), version=int)
        began = time.monotonic()
        want(fresh.is_closed(), "something came")
        want(used.is_closed(), "something came after an answer")
        took = time.monotonic() - began
        want(IDLE_S - 5 <= took <= IDLE_S + GRACE_S, f"it was closed after {took:.1f} s")


@check("a hundred connections that say nothing are in nobody's way")
def _(path, _given):
    silent = [Connection(path) for _ in range(100)]
    with Connection(path, timeout_s=GRACE_S) as agent:
        ok(agent.ask("hello"), version=int)
    for each in silent:
        each.socket.close()
