"""OPERATIONS of the page, as far as an agent can be asked without being changed."""

from peer import CANARY, CODES, NOBODY, Connection, check, err, fields, ok, profile_fields, sealed, texts, want


@check("profiles is a list of what show answers")
def _(path, _given):
    with Connection(path) as agent:
        profiles = ok(agent.ask("profiles"), profiles=list)["profiles"]
        for profile in profiles:
            want(ok(agent.ask("show", profile=profile["name"])) == profile, f"show of {profile['name']} differs")
            profile_fields(profile)
        want(sum(each.get("default", False) for each in profiles) <= 1, "two are the default")


@check("a profile that is not there is no_profile to every operation that has one")
def _(path, _given):
    with Connection(path) as agent:
        for op in ("token", "env", "show", "remove", "default", "rejected"):
            err(agent.ask(op, profile=NOBODY), "no_profile")
        for op in ("secret_set", "answer"):
            err(agent.ask(op, profile=NOBODY, secret=sealed(CANARY)), "no_profile")
        err(agent.ask("revoke", profile=NOBODY, dry_run=True), "no_profile")


@check("an operation without a field that it needs is a bad request")
def _(path, _given):
    with Connection(path) as agent:
        for op in ("add", "remove"):
            err(agent.ask(op), "bad_request")
        for op in ("secret_set", "answer"):
            err(agent.ask(op, profile=NOBODY), "bad_request", "no_profile")
        err(agent.ask("add", add={}), "bad_request")
        err(agent.ask("add", add={"profile": CANARY}), "bad_request")


@check("status has the agent's state, and no token")
def _(path, _given):
    with Connection(path) as agent:
        status = ok(
            agent.ask("status"), pid=int, release=str, version=int, up_s=int, locked=bool, socket=str, tokens=list, creations=list
        )
        texts(status.get("degraded", []), "degraded")
        for each in status["tokens"]:
            token = fields(each, profiles=list, user=str, scope=str, auth_url=str, expires_at=str, left_s=int, handed_out=int)
            want("token" not in token, "a token is in it")
        for each in status["creations"]:
            fields(each, auth_url=str, user=str, last_minute=int, limit=int)
        want(status["pid"] == ok(agent.ask("hello"))["pid"], "hello has another process id")


@check("audit takes since and since_s, and tells entries and path")
def _(path, _given):
    with Connection(path) as agent:
        for since in ({}, {"since_s": 3600}, {"since": "2026-11-22"}, {"since": "2026-11-22T10:00"}, {"since": "2026-11-22T10:00:00Z"}):
            audit = ok(agent.ask("audit", **since), path=str, entries=list)
            for each in audit["entries"]:
                fields(each, time=str, op=str, code=str, times=int)
        err(agent.ask("audit", since="yesterday"), "usage")


@check("default without a profile tells which is meant")
def _(path, _given):
    with Connection(path) as agent:
        answer = agent.ask("default")
        if answer[0] == "ok":
            fields(answer[1], profile=str)
        else:
            err(answer, "no_profile", "no_default")


@check("a revoke that is only tried counts and ends nothing")
def _(path, _given):
    with Connection(path) as agent:
        held = len(ok(agent.ask("status"))["tokens"])
        tried = ok(agent.ask("revoke", all=True, dry_run=True), revoked=int, already_dead=int, forgotten=int)
        want(tried["revoked"] == 0 and tried["already_dead"] == 0, "it ended something")
        want(len(ok(agent.ask("status"))["tokens"]) >= min(held, tried["forgotten"]), "a token is gone")


@check("handover_done without a handover is an error, and the agent goes on")
def _(path, _given):
    with Connection(path) as agent:
        err(agent.ask("handover_done"), *CODES)
    with Connection(path) as agent:
        ok(agent.ask("hello"), version=int)
