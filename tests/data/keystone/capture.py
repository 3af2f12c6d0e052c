"""Records the bodies that keystoneauth1 posts to /v3/auth/tokens, one file a case."""
import http.server, json, sys, threading
from keystoneauth1 import session
from keystoneauth1.identity import v3

out = sys.argv[1]
PASSWORD = "S3cret pa'ss\"w$rd\\ \u00e9\t"
seen = []

class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        seen.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"]))), dict(self.headers)))
        body = json.dumps({"token": {"methods": ["password"], "expires_at": "2099-01-01T00:00:00.000000Z",
                                     "user": {"id": "u", "name": "u", "domain": {"id": "d", "name": "d"}}}}).encode()
        self.send_response(201)
        self.send_header("X-Subject-Token", "gAAAAA")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = "http://127.0.0.1:%d/v3" % server.server_port

users = {
    "user_id": (dict(user_id="8e8f"), {"id": "8e8f"}),
    "user_name_domain_name": (dict(username="ada", user_domain_name="Default"), {"name": "ada", "domain": {"name": "Default"}}),
    "user_name_domain_id": (dict(username="ada", user_domain_id="default"), {"name": "ada", "domain": {"id": "default"}}),
}
P = lambda project, domain=None: {"project": dict(project, **({"domain": domain} if domain else {}))}
scopes = {
    "project_id": (dict(project_id="5950"), P({"id": "5950"})),
    "project_name_domain_name": (dict(project_name="alpha", project_domain_name="Default"), P({"name": "alpha"}, {"name": "Default"})),
    "project_name_domain_id": (dict(project_name="weird  name*'$(touch pwned)\"", project_domain_id="default"), P({"name": "weird  name*'$(touch pwned)\""}, {"id": "default"})),
    "project_id_and_name": (dict(project_id="5950", project_name="alpha", project_domain_name="Default"), P({"id": "5950", "name": "alpha"}, {"name": "Default"})),
    "domain_id": (dict(domain_id="d1"), {"domain": {"id": "d1"}}),
    "domain_name": (dict(domain_name="lab"), {"domain": {"name": "lab"}}),
    "system": (dict(system_scope="all"), "system"),
    "unscoped": (dict(unscoped=True), "unscoped"),
}

def write(name, method, user, scope, plugin):
    del seen[:]
    plugin.get_access(session.Session())
    (path, body, headers), = seen
    doc = {"method": method, "user": user, "scope": scope, "secret": PASSWORD if method == "password" else "gAAAAAparent",
           "path": path, "headers": {k: headers[k] for k in ("Content-Type", "Accept")}, "body": body}
    with open("%s/%s.json" % (out, name), "w") as f:
        json.dump(doc, f, indent=2)
        f.write("\n")

for u, (uopt, user) in users.items():
    for s, (sopt, scope) in scopes.items():
        write("password-%s-%s" % (u, s), "password", user, scope, v3.Password(url, password=PASSWORD, **uopt, **sopt))
for s, (sopt, scope) in scopes.items():
    write("token-%s" % s, "token", None, scope, v3.Token(url, token="gAAAAAparent", **sopt))
