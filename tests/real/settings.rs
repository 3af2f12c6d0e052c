//! What settings mean, asked of the real `openstack` and openstacksdk: generated combinations go through their loaders as far
//! as the request that they would send (settings.py; nothing is sent), and through ours; the identity and the scope must be
//! the same. Where ours differs by design, a row of `DIFFERENCES` says why.

use std::io::Write;
use std::process::{Command, Stdio};

use osagent::openrc::{self, CloudFile, CloudFiles, Draft, Login};
use osagent::profile::{Reference, Scope};
use serde_json::{Map, Value, json};

/// Enough that every pair of settings meets; each case costs some 20 ms.
const CASES: usize = 600;

/// Printed when a case fails; any number gives as good a run.
const SEED: u64 = 20_261_122;

/// Where openstack refuses and we do not: a piece of its error, and why that is right.
const DIFFERENCES: &[(&str, &str)] = &[
    ("not given: auth_url", "a profile without an auth URL is refused when it is made"),
    ("Missing value auth-url", "the same, in the words of `openstack`"),
    (
        "Password.__init__() got an unexpected keyword argument",
        "a leftover of another login stands beside a password",
    ),
    ("only unique within a domain", "a name without its domain gets the default one, with a warning"),
];

/// A generator of its own, so that a seed means the same cases for ever.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// In so many of a hundred cases.
    fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }
}

/// Name, how often in a hundred cases, and its values. An empty one counts as unset.
type Pool = &'static [(&'static str, usize, &'static [&'static str])];

const VARIABLES: Pool = &[
    (
        "OS_AUTH_URL",
        98,
        &["https://id.example/v3", "https://id.example", "https://id.example:5000/identity/v3/"],
    ),
    (
        "OS_AUTH_TYPE",
        25,
        &["password", "v3password", "v3applicationcredential", "v3totp", "v3token", "token", ""],
    ),
    ("OS_AUTH_PLUGIN", 5, &["password", "v3password"]),
    ("OS_IDENTITY_API_VERSION", 60, &["3", "3", ""]),
    ("OS_USERNAME", 80, &["ada", "ada", ""]),
    ("OS_USER_NAME", 5, &["eve"]),
    ("OS_USER_ID", 15, &["u7", ""]),
    ("OS_PASSWORD", 95, &["pw"]),
    ("OS_USER_DOMAIN_NAME", 40, &["people", ""]),
    ("OS_USER_DOMAIN_ID", 20, &["ud1", ""]),
    ("OS_PROJECT_ID", 25, &["p1", ""]),
    ("OS_PROJECT_NAME", 50, &["alpha", ""]),
    ("OS_TENANT_ID", 15, &["t1", ""]),
    ("OS_TENANT_NAME", 20, &["beta", ""]),
    ("OS_PROJECT_DOMAIN_NAME", 30, &["rooms", ""]),
    ("OS_PROJECT_DOMAIN_ID", 20, &["pd1", ""]),
    ("OS_DOMAIN_NAME", 15, &["lab", ""]),
    ("OS_DOMAIN_ID", 10, &["d1", ""]),
    ("OS_DEFAULT_DOMAIN", 15, &["dd1", ""]),
    ("OS_SYSTEM_SCOPE", 6, &["all", ""]),
    ("OS_TRUST_ID", 4, &["t9", ""]),
    ("OS_PASSCODE", 4, &["123456", ""]),
    ("OS_TOKEN", 4, &["gAAAA", ""]),
    ("OS_APPLICATION_CREDENTIAL_ID", 12, &["a1", ""]),
    ("OS_APPLICATION_CREDENTIAL_NAME", 6, &["robot"]),
    ("OS_APPLICATION_CREDENTIAL_SECRET", 12, &["s1"]),
    ("OS_REGION_NAME", 40, &["SBG1", ""]),
    ("OS_INTERFACE", 20, &["internal", "public", ""]),
    // Not empty: that hides OS_INTERFACE from `openstack`, which ours does not copy.
    ("OS_ENDPOINT_TYPE", 8, &["publicURL", "adminURL"]),
    ("OS_CACERT", 20, &["/ca.pem", ""]),
    ("OS_CERT", 10, &["/cert.pem", ""]),
    ("OS_KEY", 10, &["/key.pem"]),
    ("OS_INSECURE", 10, &["true", "False", ""]),
];

fn pick(dice: &mut Dice, pool: Pool) -> Map<String, Value> {
    let mut chosen = Map::new();
    for (name, share, values) in pool {
        if dice.percent(*share) {
            chosen.insert((*name).to_owned(), json!(dice.one(values)));
        }
    }
    chosen
}

/// The answers of the real thing, one for each case.
fn ask(cases: &[Value]) -> Vec<Value> {
    let python = crate::home::clients().join("python");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/settings.py");
    let home = tempfile::TempDir::new().unwrap();
    let mut child = Command::new(python)
        .arg(script)
        .env_clear()
        .env("HOME", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the clients' environment, which tests/run builds");
    let mut stdin = child.stdin.take().unwrap();
    let lines: String = cases.iter().map(|case| format!("{case}\n")).collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), cases.len());
    answers
}

/// What Keystone would be sent for the reference: the id, else the name in its domain.
fn reference(of: &Reference, domain: Option<&Reference>) -> Value {
    match (&of.id, &of.name, domain) {
        (Some(id), _, _) => json!({ "id": id }),
        (None, name, Some(domain)) => json!({ "name": name, "domain": reference(domain, None) }),
        (None, name, None) => json!({ "name": name }),
    }
}

fn scope(draft: &Draft) -> Value {
    match &draft.scope {
        Scope::Project { project, domain } => json!({ "project": reference(project, Some(domain)) }),
        Scope::Domain(domain) => json!({ "domain": reference(domain, None) }),
        Scope::System => json!({ "system": { "all": true } }),
        Scope::Unscoped => Value::Null,
    }
}

/// A name that the other side would send without a domain, which Keystone refuses: there ours may have one.
fn is_same(ours: &Value, theirs: &Value) -> bool {
    let bare = |thing: &Value| thing["name"].is_string() && thing.get("domain").is_none();
    let without_domain = |thing: &Value| json!({ "name": thing["name"] });
    match (ours.get("project"), theirs.get("project")) {
        (Some(ours), Some(theirs)) if bare(theirs) => without_domain(ours) == *theirs,
        _ if bare(theirs) && ours["name"].is_string() => without_domain(ours) == *theirs,
        _ => ours == theirs,
    }
}

/// What is wrong with our reading of the case, if anything.
fn differs(draft: &Draft, answer: &Value) -> Option<String> {
    let error = answer["error"].as_str().or(answer["request_error"].as_str());
    if let Some(error) = error {
        let known = DIFFERENCES.iter().any(|(part, _)| error.contains(part));
        let is_refused = !draft.unsupported.is_empty() || !draft.unknown.is_empty();
        return (!known && !is_refused).then(|| format!("they refuse: {error}"));
    }
    let auth = &answer["request"]["body"]["auth"];
    let method = auth["identity"]["methods"][0].as_str().unwrap_or_default();
    let theirs = auth.get("scope").filter(|scope| **scope != "unscoped").cloned().unwrap_or(Value::Null);
    let login = match method {
        "password" => Login::Password,
        "application_credential" => Login::ApplicationCredential,
        "totp" => Login::Totp,
        _ => Login::Token,
    };
    // No user at all: Keystone refuses that. Ours takes what else is there, or says that there is none.
    if login == Login::Password && !has_user(auth) {
        return None;
    }
    if login != draft.login {
        return Some(format!("the login is {login:?} and not {:?}", draft.login));
    }
    if login != Login::Password || theirs.get("OS-TRUST:trust").is_some() {
        return draft.unsupported.is_empty().then(|| "a login that cannot be done is taken".to_owned());
    }
    if let Some(unsupported) = draft.unsupported.first() {
        return Some(format!("ours says {unsupported}"));
    }
    let mut user = auth["identity"]["password"]["user"].clone();
    user.as_object_mut().unwrap().remove("password");
    let ours = reference(&draft.user.user, Some(&draft.user.domain));
    if !is_same(&ours, &user) {
        return Some(format!("the user is {user} and not {ours}"));
    }
    if !is_same(&scope(draft), &theirs) {
        return Some(format!("the scope is {theirs} and not {}", scope(draft)));
    }
    // `{region_name}` where no region is named: theirs leaves a hole in the address, ours asks for it.
    if draft.unknown.iter().any(|open| open.name == "OS_AUTH_URL") {
        return None;
    }
    differs_beside(draft, answer)
}

fn has_user(auth: &Value) -> bool {
    let user = &auth["identity"]["password"]["user"];
    user.get("id").or(user.get("name")).is_some()
}

/// An empty one counts as unset, and is passed on as it is all the same.
fn filled(text: &Value) -> &Value {
    if text == "" { &Value::Null } else { text }
}

/// Address, region and TLS.
fn differs_beside(draft: &Draft, answer: &Value) -> Option<String> {
    let text =
        |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.to_str().unwrap().to_owned());
    let verify = match (draft.tls.insecure, text(&draft.tls.cacert)) {
        (true, _) => json!(false),
        (false, Some(cacert)) => json!(cacert),
        (false, None) => json!(true),
    };
    let cert = match (text(&draft.tls.cert), text(&draft.tls.key)) {
        (Some(cert), Some(key)) => json!([cert, key]),
        (cert, _) => json!(cert),
    };
    let check = |what: &str, ours: Value, theirs: &Value| {
        (ours != *theirs).then(|| format!("{what} is {theirs} and not {ours}"))
    };
    let plain = |interface: &str| interface.trim_end_matches("URL").to_owned();
    let interface = plain(draft.interface.as_deref().unwrap_or("public"));
    let theirs =
        json!(plain(answer["interface"].as_str().filter(|text| !text.is_empty()).unwrap_or("public")));
    check("the address", json!(draft.auth_url), &answer["auth_url"])
        .or_else(|| check("the region", json!(draft.regions.first()), &answer["region"]))
        .or_else(|| check("the interface", json!(interface), &theirs))
        .or_else(|| check("verify", verify, &answer["verify"]))
        .or_else(|| check("the certificate", cert, filled(&answer["cert"])))
}

#[track_caller]
fn judge(cases: &[Value], mut read: impl FnMut(&Value) -> Result<Draft, String>) {
    let answers = ask(cases);
    let mut wrong = Vec::new();
    let mut sent = 0;
    for (case, answer) in cases.iter().zip(&answers) {
        let is_sent = answer["request"].is_object();
        sent += usize::from(is_sent);
        match read(case) {
            Ok(draft) => wrong.extend(differs(&draft, answer).map(|what| format!("{what}\n    {case}"))),
            Err(fault) if is_sent => wrong.push(format!("ours refuses: {fault}\n    {case}")),
            Err(_) => {}
        }
    }
    assert!(sent * 3 > cases.len(), "the cases are too wild: {sent} of {} came to a request", cases.len());
    assert!(wrong.is_empty(), "{} of {} (seed {SEED}):\n  {}", wrong.len(), cases.len(), wrong.join("\n  "));
}

#[test]
fn an_environment_means_to_us_what_it_means_to_openstack() {
    let mut dice = Dice(SEED);
    let cases: Vec<Value> = (0..CASES).map(|_| json!({ "env": pick(&mut dice, VARIABLES) })).collect();
    judge(&cases, |case| {
        let variables = case["env"].as_object().unwrap().iter();
        let variables =
            variables.map(|(name, value)| (name.clone(), value.as_str().unwrap().as_bytes().to_vec().into()));
        Ok(openrc::draft(&openrc::environment(variables.collect())))
    });
}

const TOP: Pool = &[
    ("profile", 25, &["ovh-us", "auro", "citycloud", "limestonenetworks", "mine", "nosuch"]),
    ("auth_type", 15, &["password", "v3password", "v3applicationcredential", "v3totp"]),
    ("region_name", 30, &["one", "US-WEST-OR-1", "'one,two'"]),
    ("regions", 10, &["[one, two]", "[{name: one, values: {auth: {username: eve}}}, two]", "[{name: one}]"]),
    ("identity_api_version", 30, &["3", "'3'"]),
    ("interface", 15, &["internal", "public"]),
    ("endpoint_type", 5, &["admin"]),
    ("verify", 15, &["false", "yes", "/verify.pem"]),
    ("insecure", 10, &["true", "off", "'True'"]),
    ("cacert", 20, &["/ca.pem", "~"]),
    ("cert", 10, &["/cert.pem"]),
    ("key", 10, &["/key.pem"]),
    ("username", 5, &["top"]),
    ("project_name", 5, &["top"]),
    ("project-id", 4, &["topid"]),
    ("tenant_name", 4, &["topold"]),
    ("domain_name", 3, &["topdomain"]),
    ("user_domain_name", 5, &["toppeople"]),
    ("auth_url", 5, &["https://top.example/v3"]),
    ("image_format", 10, &["raw"]),
];

const AUTH: Pool = &[
    (
        "auth_url",
        80,
        &["https://id.example/v3", "\"https://{region_name}.id.example/v3\"", "'https://{{x}}.example'"],
    ),
    ("username", 85, &["ada", "\"ad\\u00e9\"", "7"]),
    ("user_name", 5, &["eve"]),
    ("user_id", 10, &["u7", "12345678901234567890123456789012"]),
    ("password", 95, &["pw", "'p#w: {x}'", "'010'"]),
    ("user_domain_name", 50, &["people"]),
    ("user-domain-id", 10, &["ud1"]),
    ("project_name", 50, &["alpha", "2.0"]),
    ("project_id", 20, &["p1"]),
    ("tenant_name", 10, &["beta"]),
    ("tenant_id", 5, &["t1"]),
    ("project_domain_name", 40, &["rooms"]),
    ("project_domain_id", 10, &["pd1"]),
    ("domain_name", 8, &["lab"]),
    ("domain_id", 8, &["d1"]),
    ("system_scope", 5, &["all"]),
    ("trust_id", 3, &["t9"]),
    ("passcode", 3, &["'123456'"]),
    ("application_credential_id", 8, &["a1"]),
    ("application_credential_secret", 8, &["s1"]),
];

fn block(keys: &Map<String, Value>, indent: &str) -> String {
    keys.iter().map(|(key, value)| format!("{indent}{key}: {}\n", value.as_str().unwrap())).collect()
}

/// A cloud in one file or in two, with an anchor now and then.
fn files(dice: &mut Dice) -> Value {
    let (top, auth) = (pick(dice, TOP), pick(dice, AUTH));
    let mut clouds = match dice.percent(20) {
        true => "x: &x\n  auth: {username: anchored, project_name: anchored}\nclouds:\n  work:\n    <<: *x\n"
            .to_owned(),
        false => "clouds:\n  other: {}\n  work:\n    verify: true\n".to_owned(),
    };
    clouds.push_str(&block(&top, "    "));
    clouds.push_str("    auth:\n");
    clouds.push_str(&block(&auth, "      "));
    if auth.is_empty() {
        clouds.push_str("      username: ada\n");
    }
    let mut files = Map::new();
    files.insert("clouds.yaml".to_owned(), json!(clouds));
    if dice.percent(30) {
        let secure = format!(
            "clouds:\n  work:\n    auth:\n      password: hidden\n{}",
            match dice.percent(30) {
                true => "      project_name: hidden\n    cacert: /hidden.pem\n",
                false => "",
            }
        );
        files.insert("secure.yaml".to_owned(), json!(secure));
    }
    let public = "public-clouds:\n  mine:\n    auth: {auth_url: 'https://mine.example', user_domain_name: mine}\n    regions: [m1, m2]\n";
    files.insert("clouds-public.yaml".to_owned(), json!(public));
    Value::Object(files)
}

#[test]
fn a_cloud_means_to_us_what_it_means_to_openstacksdk() {
    let mut dice = Dice(SEED);
    let cases: Vec<Value> =
        (0..CASES).map(|_| json!({ "cloud": "work", "files": files(&mut dice) })).collect();
    let home = "/nowhere";
    judge(&cases, |case| {
        let file = |path: &'static str| {
            let text = case["files"].get(path)?.as_str()?;
            Some(CloudFile { path, bytes: text.as_bytes() })
        };
        let files = CloudFiles {
            clouds: file("clouds.yaml"),
            secure: file("secure.yaml"),
            public: file("clouds-public.yaml"),
            home,
        };
        let reading = openrc::cloud(&files, "work").map_err(|fault| fault.to_string())?;
        Ok(openrc::draft(&reading))
    });
}
