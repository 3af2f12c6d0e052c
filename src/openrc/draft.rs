//! From settings to what a profile needs, by the rules of the `openstack` client. Nothing is guessed: what is not known is
//! listed with its reason, what this release cannot do is said with its place.
//!
//! The rules are those of openstacksdk 4.22 and osc-lib 4.7: an empty variable counts as unset; an id is sent rather than
//! a name; PROJECT wins over TENANT (`_fix_backwards_auth`); beside a project OS_DOMAIN_* is the domain of user and
//! project where those have none of that kind (`_handle_domain_id`), alone it is the scope; what then still has no domain
//! gets OS_DEFAULT_DOMAIN, whose own default is the id `default` (`_auth_default_domain`, never the user's domain for the
//! project). The client does the last only with OS_IDENTITY_API_VERSION=3 and fails without; here it is done, with a
//! warning, whenever the file does not ask for v2. `tests/real/settings.rs` asks both clients themselves.

use std::fmt;
use std::path::PathBuf;

use super::methods::Login;
use super::names::{self, Meaning};
use super::place::Place;
use super::reading::{Reading, Setting};
use super::value::Why;
use super::warn::{Kind, Warning, is_true};
use crate::profile::{Reference, Scope, Tls, User};
use crate::secret::Secret;

/// What a file says about a profile. Paths are as written: relative ones are relative to the file's folder.
#[derive(Debug)]
pub struct Draft {
    /// How the settings would log in. What this release cannot do is in `unsupported` too.
    pub login: Login,
    pub auth_url: Option<String>,
    pub user: User,
    pub scope: Scope,
    pub regions: Vec<String>,
    pub interface: Option<String>,
    pub tls: Tls,
    /// It stands in the file, or is the answer to a prompt.
    pub secret: Option<Secret>,
    /// The prompt whose answer is the secret.
    pub secret_prompt: Option<usize>,
    /// Settings that matter and cannot be known: what has to be asked for.
    pub unknown: Vec<Open>,
    pub unsupported: Vec<Unsupported>,
    pub warnings: Vec<Warning>,
}

/// A setting that matters and is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    pub name: String,
    /// In words that complete "it hangs on …".
    pub why: Why,
    /// Where what it hangs on stands.
    pub place: Place,
    /// Asked for unseen.
    pub is_secret: bool,
}

/// What the file asks for and this release cannot do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    pub name: String,
    pub place: Place,
    /// After "asks for".
    pub what: String,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} asks for {}, which this release of osagent cannot do", self.name, self.what)
    }
}

/// The settings as the draft sees them.
struct Seen<'r> {
    reading: &'r Reading,
    /// Nothing is exported: what is set counts.
    takes_shell_only: bool,
}

impl<'r> Seen<'r> {
    fn setting(&self, name: &str) -> Option<&'r Setting> {
        let shell_only = self.takes_shell_only.then(|| self.reading.shell_only.get(name)).flatten();
        self.reading.settings.get(name).or(shell_only)
    }

    /// The setting that decides `meaning`: the first that is not empty.
    fn deciding(&self, meaning: Meaning) -> Option<(&'static str, &'r Setting)> {
        names::of(meaning)
            .filter_map(|name| Some((name, self.setting(name)?)))
            .find(|(_, setting)| setting.text() != Some(""))
    }

    /// What a login without OS_AUTH_TYPE was told by.
    fn first_of(&self, login: Login) -> Option<(&'static str, &'r Setting)> {
        let names: &[&'static str] = match login {
            Login::ApplicationCredential => {
                &["OS_APPLICATION_CREDENTIAL_ID", "OS_APPLICATION_CREDENTIAL_NAME"]
            }
            Login::Federated => &["OS_IDENTITY_PROVIDER"],
            _ => &["OS_TOKEN", "OS_AUTH_TOKEN"],
        };
        let found = names.iter().filter_map(|name| Some((*name, self.setting(name)?)));
        found.into_iter().find(|(_, setting)| setting.text() != Some(""))
    }

    fn text(&self, meaning: Meaning) -> Option<String> {
        self.deciding(meaning).and_then(|(_, setting)| setting.text()).map(str::to_owned)
    }

    fn reference(&self, id: Meaning, name: Meaning) -> Reference {
        Reference { id: self.text(id), name: self.text(name) }
    }
}

/// Every meaning that a profile takes in.
const TAKEN: &[Meaning] = &[
    Meaning::AuthUrl,
    Meaning::AuthType,
    Meaning::Version,
    Meaning::UserId,
    Meaning::UserName,
    Meaning::Password,
    Meaning::UserDomainId,
    Meaning::UserDomainName,
    Meaning::ProjectId,
    Meaning::ProjectName,
    Meaning::ProjectDomainId,
    Meaning::ProjectDomainName,
    Meaning::DomainId,
    Meaning::DomainName,
    Meaning::DefaultDomain,
    Meaning::DefaultDomainId,
    Meaning::DefaultDomainName,
    Meaning::SystemScope,
    Meaning::Region,
    Meaning::Interface,
    Meaning::EndpointType,
    Meaning::CaCert,
    Meaning::Cert,
    Meaning::Key,
    Meaning::Insecure,
    Meaning::Verify,
];

/// What a file says about a profile.
pub fn draft(reading: &Reading) -> Draft {
    let takes_shell_only = reading.settings.is_empty();
    let seen = Seen { reading, takes_shell_only };
    let mut warnings = reading.warnings.clone();
    if let Some(setting) = reading.shell_only.values().next().filter(|_| takes_shell_only) {
        let text = "nothing here is exported; the settings are taken all the same".to_owned();
        warnings.push(Warning { place: setting.place, kind: Kind::NotExported, text });
    }
    let login = login(&seen);
    let mut unsupported = unsupported(&seen, login);
    warnings.extend(password_command(&seen));
    let mut user = User {
        user: seen.reference(Meaning::UserId, Meaning::UserName),
        domain: seen.reference(Meaning::UserDomainId, Meaning::UserDomainName),
    };
    let scope = scope(&seen, &mut user, &mut unsupported, &mut warnings);
    if !unsupported.is_empty() {
        // Identity v2.0 and federated logins know no such domain.
        warnings.retain(|warning| warning.kind != Kind::NoDomain);
    }
    let password = seen.deciding(Meaning::Password).map(|(_, setting)| setting);
    Draft {
        login,
        auth_url: seen.text(Meaning::AuthUrl),
        user,
        scope,
        regions: match reading.regions.len() {
            0 | 1 => seen.text(Meaning::Region).into_iter().collect(),
            _ => reading.regions.clone(),
        },
        interface: interface(&seen),
        tls: tls(&seen),
        secret: password.and_then(Setting::secret),
        secret_prompt: password.and_then(Setting::prompt),
        unknown: unknown(&seen),
        unsupported,
        warnings,
    }
}

/// An id is sent rather than a name: beside a known id the name may stay unknown.
const DECIDED_BY: &[(Meaning, Meaning)] = &[
    (Meaning::UserName, Meaning::UserId),
    (Meaning::UserDomainId, Meaning::UserId),
    (Meaning::UserDomainName, Meaning::UserId),
    (Meaning::UserDomainName, Meaning::UserDomainId),
    (Meaning::ProjectName, Meaning::ProjectId),
    (Meaning::ProjectDomainId, Meaning::ProjectId),
    (Meaning::ProjectDomainName, Meaning::ProjectId),
    (Meaning::ProjectDomainName, Meaning::ProjectDomainId),
    (Meaning::DomainName, Meaning::DomainId),
];

fn unknown(seen: &Seen<'_>) -> Vec<Open> {
    let is_decided = |meaning| {
        DECIDED_BY.iter().any(|&(name, id)| {
            name == meaning && seen.deciding(id).is_some_and(|(_, setting)| setting.is_known())
        })
    };
    let open = |(name, setting): (&'static str, &Setting)| {
        let (why, place) = setting.unknown()?;
        Some(Open { name: name.to_owned(), why, place, is_secret: names::is_secret_name(name) })
    };
    let taken = TAKEN.iter().filter(|&&meaning| !is_decided(meaning));
    taken.filter_map(|&meaning| seen.deciding(meaning)).filter_map(open).collect()
}

/// `openstack` takes the old name last, so it goes first; `publicURL` is `public`.
fn interface(seen: &Seen<'_>) -> Option<String> {
    let (new, old) = (seen.text(Meaning::Interface), seen.text(Meaning::EndpointType));
    let is_same = |new: &String| old.as_deref().is_none_or(|old| old.trim_end_matches("URL") == new);
    new.filter(is_same).or(old)
}

fn tls(seen: &Seen<'_>) -> Tls {
    let path = |meaning| seen.text(meaning).map(PathBuf::from);
    let is_unverified = seen
        .text(Meaning::Verify)
        .is_some_and(|text| matches!(text.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off"));
    Tls {
        cacert: path(Meaning::CaCert),
        cert: path(Meaning::Cert),
        key: path(Meaning::Key),
        insecure: is_unverified || seen.text(Meaning::Insecure).is_some_and(|text| is_true(&text)),
    }
}

fn scope(
    seen: &Seen<'_>,
    user: &mut User,
    unsupported: &mut Vec<Unsupported>,
    warnings: &mut Vec<Warning>,
) -> Scope {
    let project = seen.reference(Meaning::ProjectId, Meaning::ProjectName);
    let domain = seen.reference(Meaning::DomainId, Meaning::DomainName);
    let system = seen.deciding(Meaning::SystemScope);
    if let Some((name, setting)) = system {
        let several = !project.is_empty() || !domain.is_empty();
        let what = match setting.text() {
            Some("all") if several => "a scope of the system beside another scope",
            Some("all") | None => "",
            Some(_) => "a system scope other than all",
        };
        if !what.is_empty() {
            unsupported.push(Unsupported {
                name: name.to_owned(),
                place: setting.place,
                what: what.to_owned(),
            });
        }
    }
    let is_project = !project.is_empty();
    let mut project_domain = seen.reference(Meaning::ProjectDomainId, Meaning::ProjectDomainName);
    if is_project {
        for place in [&mut user.domain, &mut project_domain] {
            place.id = place.id.take().or(domain.id.clone());
            place.name = place.name.take().or(domain.name.clone());
        }
    }
    let needs = |reference: &Reference| reference.id.is_none() && reference.name.is_some();
    default_domain(seen, needs(&user.user), "the user", Meaning::UserName, &mut user.domain, warnings);
    default_domain(seen, needs(&project), "the project", Meaning::ProjectName, &mut project_domain, warnings);
    if is_project {
        Scope::Project { project, domain: project_domain }
    } else if !domain.is_empty() {
        Scope::Domain(domain)
    } else if system.is_some() {
        Scope::System
    } else {
        Scope::Unscoped
    }
}

/// The id that `openstack` takes when nothing names a domain.
const DEFAULT_DOMAIN: &str = "default";

fn default_domain(
    seen: &Seen<'_>,
    is_needed: bool,
    whose: &str,
    named_by: Meaning,
    domain: &mut Reference,
    warnings: &mut Vec<Warning>,
) {
    // A domain that is set and not known is asked for, never replaced.
    let (id, name) = match named_by {
        Meaning::UserName => (Meaning::UserDomainId, Meaning::UserDomainName),
        _ => (Meaning::ProjectDomainId, Meaning::ProjectDomainName),
    };
    let is_unknown = [
        id,
        name,
        Meaning::DomainId,
        Meaning::DomainName,
        Meaning::DefaultDomain,
        Meaning::DefaultDomainId,
        Meaning::DefaultDomainName,
    ]
    .into_iter()
    .filter_map(|meaning| seen.deciding(meaning))
    .any(|(_, setting)| !setting.is_known());
    if !is_needed || !domain.is_empty() || is_unknown {
        return;
    }
    // With v3 said, `openstack` looks at OS_DEFAULT_DOMAIN alone.
    if seen.text(Meaning::Version).as_deref() != Some("3") {
        *domain = seen.reference(Meaning::DefaultDomainId, Meaning::DefaultDomainName);
    }
    if domain.is_empty() {
        domain.id = seen.text(Meaning::DefaultDomain);
    }
    if !domain.is_empty() {
        return;
    }
    domain.id = Some(DEFAULT_DOMAIN.to_owned());
    if let Some((name, setting)) = seen.deciding(named_by) {
        let text = format!(
            "{name} comes without a domain of {whose}; the domain with the id {DEFAULT_DOMAIN} is taken, as openstack does"
        );
        warnings.push(Warning { place: setting.place, kind: Kind::NoDomain, text });
    }
}

/// As OS_AUTH_TYPE says. Without one `openstack` takes a password; where there is neither user nor password, what else the
/// settings hold tells what was meant.
fn login(seen: &Seen<'_>) -> Login {
    let is_set = |names: &[&str]| {
        names.iter().filter_map(|name| seen.setting(name)).any(|setting| setting.text() != Some(""))
    };
    if let Some((_, setting)) = seen.deciding(Meaning::AuthType) {
        // One that is not known is asked for.
        return setting.text().map_or(Login::Password, Login::named);
    }
    let has_user = [Meaning::UserId, Meaning::UserName, Meaning::Password, Meaning::PasswordCommand];
    if has_user.into_iter().any(|meaning| seen.deciding(meaning).is_some()) {
        Login::Password
    } else if is_set(&["OS_APPLICATION_CREDENTIAL_ID", "OS_APPLICATION_CREDENTIAL_NAME"]) {
        Login::ApplicationCredential
    } else if is_set(&["OS_IDENTITY_PROVIDER"]) {
        Login::Federated
    } else if is_set(&["OS_TOKEN", "OS_AUTH_TOKEN"]) {
        if is_set(&["OS_ENDPOINT", "OS_URL"]) { Login::AdminToken } else { Login::Token }
    } else {
        Login::Password
    }
}

fn unsupported(seen: &Seen<'_>, login: Login) -> Vec<Unsupported> {
    let mut found = Vec::new();
    let mut say = |name: &str, place: Place, what: &str| {
        found.push(Unsupported { name: name.to_owned(), place, what: what.to_owned() });
    };
    if let (Some((name, setting)), false) = (seen.deciding(Meaning::AuthType), login.is_done()) {
        say(name, setting.place, login.what());
    } else if let (false, Some((name, setting))) = (login.is_done(), seen.first_of(login)) {
        say(name, setting.place, login.what());
    }
    let is_v2 = |text: &str| text.starts_with('2') || text.starts_with("v2");
    if let Some((name, setting)) = seen.deciding(Meaning::Version)
        && setting.text().is_some_and(is_v2)
    {
        say(name, setting.place, Login::PasswordV2.what());
    } else if let Some((name, setting)) = seen.deciding(Meaning::AuthUrl)
        && setting.text().is_some_and(|url| url.trim_end_matches('/').ends_with("/v2.0"))
    {
        say(name, setting.place, Login::PasswordV2.what());
    }
    // Beside a login of another kind they belong to it, beside a password most are no more than leftovers.
    let has_user = seen.deciding(Meaning::UserId).or(seen.deciding(Meaning::UserName)).is_some();
    for (name, what) in names::later() {
        let always = matches!(name, "OS_TRUST_ID" | "OS_CLOUD") || (name == "OS_PASSCODE" && login.is_done());
        if let Some(setting) = seen.setting(name).filter(|setting| setting.text() != Some(""))
            && (always || (login.is_done() && !has_user))
        {
            say(name, setting.place, what);
        }
    }
    found
}

/// The command is not run, so the password is asked for.
fn password_command(seen: &Seen<'_>) -> Option<Warning> {
    let (name, setting) = seen.deciding(Meaning::PasswordCommand)?;
    let text = format!(
        "{name} is a command that prints the password; it is not run (a keyring of that kind comes later), the password is asked for"
    );
    Some(Warning { place: setting.place, kind: Kind::PasswordCommand, text })
}
