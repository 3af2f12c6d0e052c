"""OPERATIONS of the page with a profile that is added, used and removed; the last one ends the agent."""

import json
import os

from peer import CANARY, Connection, check, err, fields, not_quoted, ok, profile_fields, sealed, texts, want


def login_profile(given):
    auth_url, user, project = given.login
    default = {"name": "Default"}
    return {
        "name": "conformance", "auth_url": auth_url, "method": "password", "user": {"name": user, "domain": default},
        "scope": {"project": {"name": project, "domain": default}}, "allow_http": auth_url.startswith("http:"),
    }  # fmt: skip


def add(agent, given, name="1", **more):
    fields_of_add = {"profile": login_profile(given), "request_id": f"conformance-{os.getpid()}-{name}", "keyring": "memory", **more}
    return agent.ask("add", secret=sealed(given.password), add=fields_of_add)


@check("add with dry_run says what it would do, and does nothing", login=True)
def _(path, given):
    with Connection(path) as agent:
        tried = ok(add(agent, given, "dry", dry_run=True), profile=str, keyring=str, why=str, survives=bool, change=str)
        want(tried["change"] == "new", f"the change is {tried['change']}")
        err(agent.ask("show", profile="conformance"), "no_profile")


@check("add refuses a keyring that ends with the agent where it must survive", login=True)
def _(path, given):
    with Connection(path) as agent:
        err(add(agent, given, "survive", must_survive=True), "keyring_volatile")


@check("add of a password that Keystone refuses keeps nothing", login=True)
def _(path, given):
    with Connection(path) as agent:
        wrong = {"profile": login_profile(given), "request_id": f"conformance-{os.getpid()}-wrong", "keyring": "memory"}
        not_quoted(err(agent.ask("add", secret=sealed(CANARY), add=wrong), "refused"))
        err(agent.ask("show", profile="conformance"), "no_profile")


@check("add logs in and keeps; sent again it gets the first answer; as another request it is unchanged", login=True)
def _(path, given):
    with Connection(path) as agent:
        added = ok(add(agent, given), profile=str, keyring=str, why=str, survives=bool, change=str, expires_at=str)
        want(added["change"] == "new" and added["survives"] is False, "it is not new, or survives")
        want(ok(add(agent, given)) == added, "the same request has another answer")
        want(ok(add(agent, given, "2"))["change"] == "unchanged", "the same profile is a change")
        profile = ok(agent.ask("show", profile="conformance"), keyring=str, secret_origin=str)
        profile_fields(profile)
        want(profile["keyring"] == "memory", "the keyring is another")


@check("default names the profile, and what is asked without a name is of that one", login=True)
def _(path, given):
    with Connection(path) as agent:
        want(ok(agent.ask("default", profile="conformance"))["profile"] == "conformance", "another is the default")
        want(ok(agent.ask("default"))["profile"] == "conformance", "another is the default")
        want(ok(agent.ask("token"))["profile"] == "conformance", "the token is of another")


def token(agent, **more):
    return ok(agent.ask("token", profile="conformance", **more), token=str, expires_at=str, left_s=int, profile=str, user_id=str)


@check("token hands out one token to all who ask, and another with fresh", login=True)
def _(path, given):
    with Connection(path) as agent, Connection(path) as other:
        first = token(agent)
        want("project_id" in first, "there is no project")
        want(token(other)["token"] == first["token"], "another client has another token")
        want(token(agent, min_ttl_s=1)["token"] == first["token"], "a token with enough left was not used")
        want(token(agent, fresh=True)["token"] != first["token"], "the fresh token is the old one")
        want("project_id" not in token(agent, unscoped=True), "the unscoped token has a project")


@check("two scopes at once are not chosen from", login=True)
def _(path, given):
    with Connection(path) as agent:
        for scopes in ({"project": "a", "domain": "b"}, {"system": True, "unscoped": True}, {"project": "a", "unscoped": True}):
            for op in ("token", "env"):
                err(agent.ask(op, profile="conformance", **scopes), "usage")


@check("a token that must live longer than the cloud gives comes with a warning", login=True)
def _(path, given):
    with Connection(path) as agent:
        want(token(agent, min_ttl_s=10**7).get("warnings"), "there is no warning")


@check("env is a list of pairs, in order, with the token", login=True)
def _(path, given):
    with Connection(path) as agent:
        pairs = ok(agent.ask("env", profile="conformance"), set=list)["set"]
        want(all(isinstance(pair, list) and len(pair) == 2 for pair in pairs), "it is no list of pairs")
        texts([text for pair in pairs for text in pair], "set")
        want(dict(pairs).get("OS_TOKEN") == token(agent)["token"], "OS_TOKEN is not the token")
        ok(agent.ask("env", profile="conformance", exec=True, check=True))


@check("rejected asks Keystone, and a token that is not held does not live", login=True)
def _(path, given):
    with Connection(path) as agent:
        want(ok(agent.ask("rejected", secret=sealed(token(agent)["token"])), lives=bool)["lives"], "a token that lives is dead")
        want(ok(agent.ask("rejected", profile="conformance"), lives=bool)["lives"], "a token that lives is dead")
        want(not ok(agent.ask("rejected", secret=sealed(CANARY)), lives=bool)["lives"], "a token of nobody lives")


@check("secret_set tries a secret before it takes the place of the old one", login=True)
def _(path, given):
    with Connection(path) as agent:
        not_quoted(err(agent.ask("secret_set", profile="conformance", secret=sealed(CANARY)), "refused"))
        ok(agent.ask("secret_set", profile="conformance", secret=sealed(given.password)), profile=str)
        token(agent, fresh=True)


@check("revoke counts what it ended, and the next token is another", login=True)
def _(path, given):
    with Connection(path) as agent:
        before = token(agent)["token"]
        tried = ok(agent.ask("revoke", profile="conformance", dry_run=True), forgotten=int)
        want(tried["forgotten"] >= 1, "nothing would be revoked")
        for holder in tried.get("holders", []):
            fields(holder, pid=int, name=str)
        ended = ok(agent.ask("revoke", profile="conformance"), revoked=int, already_dead=int, forgotten=int)
        want(ended["revoked"] >= 1 and not ended.get("failed"), "nothing was revoked")
        err(agent.ask("env", profile="conformance", at_prompt=True), "needs_person")
        want(token(agent)["token"] != before, "the revoked token was handed out")


@check("a locked agent hands out nothing, and what the memory held must be typed again", login=True)
def _(path, given):
    with Connection(path) as agent:
        token(agent)
        locked = ok(agent.ask("lock"), forgotten=int)
        want("conformance" in locked.get("secrets_forgotten", []), "the secret is not named")
        want(ok(agent.ask("status"))["locked"] is True, "status says that it is not locked")
        for op in ("token", "env", "rejected", "secret_set", "answer"):
            err(agent.ask(op, profile="conformance", secret=sealed(given.password)), "locked")
        err(add(agent, given, "locked"), "locked")
        ok(agent.ask("show", profile="conformance"), name=str)
        ok(agent.ask("unlock"))
        want(ok(agent.ask("status"))["locked"] is False, "status says that it is locked")


@check("a person's answer to an ask is the secret from then on", login=True)
def _(path, given):
    with Connection(path) as agent:
        kind, question = agent.ask("token", profile="conformance")
        want(kind == "ask", f"a question was due, and the answer is {kind} {question.get('code', '')}")
        want(question["id"] == "conformance" and question["hidden"], "the question is another's, or not hidden")
        ok(agent.ask("answer", profile="conformance", secret=sealed(given.password)), profile=str)
        token(agent)


@check("the audit tells of it, and holds neither the password nor a token", login=True)
def _(path, given):
    with Connection(path) as agent:
        held = token(agent)["token"]
        audit = ok(agent.ask("audit", since_s=3600), path=str, entries=list)
        want({"token", "env", "add", "revoke", "lock"} <= {each["op"] for each in audit["entries"]}, "an operation is missing")
        want(held not in json.dumps(audit) and given.password not in json.dumps(audit), "a secret is in it")


@check("remove takes the profile away, and a second time there is none", login=True)
def _(path, given):
    with Connection(path) as agent:
        ok(agent.ask("remove", profile="conformance"), profile=str)
        err(agent.ask("show", profile="conformance"), "no_profile")
        err(agent.ask("remove", profile="conformance"), "no_profile")


@check("stop ends the agent, and its socket is gone before the answer", login=True)
def _(path, given):
    with Connection(path) as agent:
        ok(agent.ask("stop"))
        want(not os.path.exists(path), "the socket is there")
        want(agent.is_closed(), "the connection stays open")
