//! The real Keystone: one for the whole run, started at the first use, with a door for each test, so that a test counts
//! its own requests and nobody else's. tests/real/keystone/ has the server's side.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, process};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::home::cache;
use crate::run::Run;

pub(crate) struct Keystone {
    pub(crate) port: u16,
    requests: PathBuf,
    seed: Value,
    /// Its stdin is the server's life line: it closes when the tests end, however they end.
    _server: Child,
    _dir: TempDir,
}

/// A person that seed.py made.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) password: String,
}

impl Keystone {
    pub(crate) fn get() -> &'static Keystone {
        static KEYSTONE: OnceLock<Keystone> = OnceLock::new();
        KEYSTONE.get_or_init(Keystone::start)
    }

    fn start() -> Keystone {
        let dir = TempDir::new().expect("a temporary folder");
        let state = cache().join("keystone-state");
        let python = cache().join("keystone-venv/bin/python");
        let serve = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/keystone/serve.py");
        let mut server = Command::new(&python)
            .args(["-W", "ignore"])
            .arg(serve)
            .args([&state, &dir.path().join("keystone")])
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("HOME", "/nonexistent")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; tests/run prepares it", python.display()));
        let mut line = String::new();
        BufReader::new(server.stdout.take().expect("it is piped")).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).expect("Keystone said where it is");
        let seed = fs::read_to_string(state.join("seed.json")).unwrap();
        Keystone {
            port: ready["port"].as_u64().unwrap() as u16,
            requests: ready["requests"].as_str().unwrap().into(),
            seed: serde_json::from_str(&seed).unwrap(),
            _server: server,
            _dir: dir,
        }
    }

    /// A way in of one's own.
    pub(crate) fn door(&'static self) -> Door {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("door{}-{}", NEXT.fetch_add(1, Ordering::Relaxed), process::id());
        Door { keystone: self, name }
    }

    pub(crate) fn user(&self, name: &str) -> User {
        let user = &self.seed["users"][name];
        let text = |key: &str| user[key].as_str().unwrap_or_else(|| panic!("no user {name}")).to_owned();
        User { name: name.to_owned(), id: text("id"), password: text("password") }
    }

    pub(crate) fn project_id(&self, name: &str) -> &str {
        self.seed["projects"][name].as_str().unwrap_or_else(|| panic!("no project {name}"))
    }

    pub(crate) fn domain_id(&self, name: &str) -> &str {
        self.seed["domains"][name].as_str().unwrap_or_else(|| panic!("no domain {name}"))
    }

    /// What Keystone says of a token that shows itself: 200 while it lives, 401 afterwards.
    pub(crate) fn status_of(&self, token: &str) -> u16 {
        let headers = [("X-Auth-Token", token), ("X-Subject-Token", token)];
        self.call("GET", "/v3/auth/tokens", &headers, None).0
    }

    /// The whole of what Keystone knows of a living token.
    pub(crate) fn about(&self, token: &str) -> Value {
        let headers = [("X-Auth-Token", token), ("X-Subject-Token", token)];
        let (status, body) = self.call("GET", "/v3/auth/tokens", &headers, None);
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()["token"].take()
    }

    /// Gives the person the password that stands in `user`.
    pub(crate) fn set_password(&self, user: &User) {
        self.as_admin(
            "PATCH",
            &format!("/v3/users/{}", user.id),
            &json!({"user": {"password": user.password}}),
        );
        // With it Keystone revoked every token up to this second, also those that are issued in the rest of it.
        let second = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let changed = second();
        crate::wait::until("the second is over", || second() > changed);
    }

    /// Does what only an administrator may.
    fn as_admin(&self, method: &str, path: &str, body: &Value) {
        let admin = self.user("admin");
        let user = json!({"id": admin.id, "password": admin.password});
        let identity = json!({"methods": ["password"], "password": {"user": user}});
        let login = json!({"auth": {"identity": identity, "scope": {"system": {"all": true}}}});
        let token = self.log_in(&login);
        let (status, answer) = self.call(method, path, &[("X-Auth-Token", &token)], Some(body));
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
    }

    fn log_in(&self, login: &Value) -> String {
        let run = self.curl("POST", "/v3/auth/tokens", &[], Some(login)).ok();
        let token = run.stdout.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("X-Subject-Token").then(|| value.trim().to_owned())
        });
        token.unwrap_or_else(|| panic!("no token: {run:#?}"))
    }

    fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> (u16, String) {
        let answer = self.curl(method, path, headers, body).ok().stdout;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or_else(|| panic!("no HTTP: {answer}")), body.to_owned())
    }

    /// Everything goes through curl's stdin, for argv is everybody's to read.
    fn curl(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Run {
        let mut config = format!("url = http://127.0.0.1:{}{path}\nrequest = {method}\n", self.port);
        for (name, value) in headers {
            config.push_str(&format!("header = \"{name}: {value}\"\n"));
        }
        if let Some(body) = body {
            let text = body.to_string().replace('\\', "\\\\").replace('"', "\\\"");
            config.push_str(&format!(
                "header = \"Content-Type: application/json\"\ndata-binary = \"{text}\"\n"
            ));
        }
        Run::new("/usr/bin/curl")
            .args(["--silent", "--show-error", "--include", "--config", "-"])
            .stdin(config)
    }
}

/// One test's way in: its own URL, its own count.
pub(crate) struct Door {
    keystone: &'static Keystone,
    name: String,
}

impl Door {
    pub(crate) fn url(&self) -> String {
        self.url_through(self.keystone.port)
    }

    /// The same door, reached through something that listens elsewhere.
    pub(crate) fn url_through(&self, port: u16) -> String {
        format!("http://127.0.0.1:{port}/{}/v3", self.name)
    }

    /// Every request that came through this door, as app.py wrote them down.
    pub(crate) fn requests(&self) -> Vec<Value> {
        let log = fs::read_to_string(&self.keystone.requests).unwrap();
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of app.py's"));
        lines.filter(|line| line["door"] == self.name.as_str()).collect()
    }

    /// How often a token was asked for, granted or not.
    pub(crate) fn creations(&self) -> usize {
        let is_creation = |r: &&Value| r["method"] == "POST" && r["path"] == "/v3/auth/tokens";
        self.requests().iter().filter(is_creation).count()
    }
}
