//! What the settings betray side by side: versions that do not go together, names that say the same twice. It compares
//! values and shows none.

use std::collections::BTreeMap;

use super::{Kind, Warning};
use crate::openrc::eval::{Evaluator, Site};
use crate::openrc::names;
use crate::openrc::place::Span;
use crate::openrc::reading::Setting;
use crate::openrc::value::Val;

type Settings = BTreeMap<String, Setting>;

/// Names that only v3 knows.
const OF_V3: &[&str] = &[
    "OS_USER_DOMAIN_ID",
    "OS_USER_DOMAIN_NAME",
    "OS_PROJECT_DOMAIN_ID",
    "OS_PROJECT_DOMAIN_NAME",
    "OS_DOMAIN_ID",
    "OS_DOMAIN_NAME",
    "OS_APPLICATION_CREDENTIAL_ID",
    "OS_SYSTEM_SCOPE",
];

/// What an application credential carries in itself.
const SCOPES: &[&str] = &[
    "OS_PROJECT_ID",
    "OS_PROJECT_NAME",
    "OS_TENANT_ID",
    "OS_TENANT_NAME",
    "OS_DOMAIN_ID",
    "OS_DOMAIN_NAME",
    "OS_SYSTEM_SCOPE",
];

/// Names that have a newer one, which is wanted where it is missing.
const RENAMED: &[(&str, &str)] = &[
    ("OS_TENANT_ID", "OS_PROJECT_ID"),
    ("OS_TENANT_NAME", "OS_PROJECT_NAME"),
    ("OS_ENDPOINT_TYPE", "OS_INTERFACE"),
    ("OS_AUTH_PLUGIN", "OS_AUTH_TYPE"),
    ("OS_USER_NAME", "OS_USERNAME"),
];

struct Found<'s> {
    settings: &'s Settings,
    warnings: Vec<Warning>,
}

pub(crate) fn of_settings(settings: &Settings, shell_only: &Settings) -> Vec<Warning> {
    let mut found = Found { settings, warnings: Vec::new() };
    found.versions();
    found.credential_scope();
    found.named_twice();
    for (name, setting) in shell_only.iter().filter(|(name, _)| !settings.is_empty() && names::is_taken(name))
    {
        let is_empty = setting.text() == Some("");
        if !is_empty && !settings.contains_key(name) {
            found.say_at(
                setting,
                Kind::NotExported,
                format!("{name} is set and never exported: no program sees it"),
            );
        }
    }
    found.warnings
}

impl Found<'_> {
    fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings.get(name).filter(|setting| setting.text() != Some(""))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.setting(name).and_then(Setting::text)
    }

    fn say(&mut self, name: &str, kind: Kind, text: impl Into<String>) {
        if let Some(setting) = self.settings.get(name) {
            self.warnings.push(Warning { place: setting.place, kind, text: text.into() });
        }
    }

    fn say_at(&mut self, setting: &Setting, kind: Kind, text: String) {
        self.warnings.push(Warning { place: setting.place, kind, text });
    }

    fn versions(&mut self) {
        let url = self.text("OS_AUTH_URL").unwrap_or_default().trim_end_matches('/');
        let (is_v2_url, is_v3_url) = (url.ends_with("/v2.0"), url.ends_with("/v3"));
        let version = self.text("OS_IDENTITY_API_VERSION").unwrap_or_default();
        let (is_v2, is_v3) = (version.starts_with('2'), version.starts_with('3'));
        let of_v3 = OF_V3.iter().copied().find(|name| self.setting(name).is_some());
        let other = if is_v3 { Some("OS_IDENTITY_API_VERSION") } else { of_v3 };
        if let (true, Some(other)) = (is_v2_url, other) {
            let text = format!(
                "OS_AUTH_URL is one of Identity v2.0, and {other} is for v3; most clouds have v3 only"
            );
            self.say("OS_AUTH_URL", Kind::MixedVersions, text);
        } else if is_v2 && (is_v3_url || of_v3.is_some()) {
            let other = if is_v3_url { "OS_AUTH_URL" } else { of_v3.unwrap_or_default() };
            let text = format!("this asks for Identity v2.0, and {other} is for v3");
            self.say("OS_IDENTITY_API_VERSION", Kind::MixedVersions, text);
        }
        if is_v2_url || is_v2 {
            return;
        }
        for (old, new) in RENAMED {
            // `password` is what every client takes without it.
            let matters = self.setting(old).is_some_and(|setting| setting.text() != Some("password"));
            if matters && self.setting(new).is_none() {
                self.say(
                    old,
                    Kind::Deprecated,
                    format!("{old} is the old name of {new}, which newer programs look for"),
                );
            }
        }
    }

    fn credential_scope(&mut self) {
        let has_user = self.setting("OS_USERNAME").or(self.setting("OS_USER_ID")).is_some();
        let has_credential = self.setting("OS_APPLICATION_CREDENTIAL_ID").is_some()
            || self.setting("OS_APPLICATION_CREDENTIAL_NAME").is_some();
        let is_credential = match self.text("OS_AUTH_TYPE") {
            Some(kind) => kind == "v3applicationcredential",
            None => has_credential && !has_user,
        };
        let scope = SCOPES.iter().copied().find(|name| self.setting(name).is_some());
        if let (true, Some(scope)) = (is_credential, scope) {
            let text = format!(
                "an application credential brings its own project; with {scope} beside it Keystone refuses the login"
            );
            self.say(scope, Kind::CredentialScope, text);
        }
    }

    fn named_twice(&mut self) {
        if self.setting("OS_USERNAME").is_some() && self.setting("OS_USER_ID").is_some() {
            let text = "OS_USER_ID is set too, and is what is sent: this name is for people only";
            self.say("OS_USERNAME", Kind::UserTwice, text);
        }
        for (tenant, project) in [("OS_TENANT_ID", "OS_PROJECT_ID"), ("OS_TENANT_NAME", "OS_PROJECT_NAME")] {
            if let (Some(old), Some(new)) = (self.text(tenant), self.text(project))
                && old != new
            {
                let text = format!("{tenant} and {project} are the same thing and differ; {project} counts");
                self.say(tenant, Kind::TenantDiffers, text);
            }
        }
    }
}

impl Evaluator<'_> {
    /// A setting that is written out twice: the first is without effect, and whoever reads the file may take it for the one.
    pub(crate) fn warn_of_twice(&mut self) {
        let mut last: BTreeMap<&str, &Site> = BTreeMap::new();
        let mut found = Vec::new();
        let is_written = |site: &&Site| {
            let is_text =
                matches!(&site.value, Val::Known(known) if known.answer.is_none() && !known.text.is_empty());
            is_text && site.copies.is_none() && names::is_taken(&site.name)
        };
        for site in self.sites.iter().filter(is_written) {
            let Some(before) = last.insert(&site.name, site) else { continue };
            let (Some(old), Some(new)) = (before.value.str(), site.value.str()) else { continue };
            let value = self.state.variable(&site.name).and_then(|variable| variable.value);
            let counts = value.is_some_and(|value| value.str() == Some(new));
            let is_other = before.word != site.word && !new.contains(old) && !old.contains(new);
            let between = before.word.start..site.word.start;
            let is_used = |at: &Span| at.file == site.word.file && between.contains(&at.start);
            let is_used = self.skipped.iter().any(|(_, at)| is_used(at));
            if counts && is_other && !is_used {
                let line = self.place(site.word).line;
                let text = format!("{} is set to something else in line {line}, which counts", site.name);
                found.push((before.word, text));
            }
        }
        for (at, text) in found {
            self.warn(at, Kind::SetTwice, text);
        }
        self.warn_of_process_number();
    }

    /// `"pa$$word"`: the shell puts its own number there.
    fn warn_of_process_number(&mut self) {
        let of_number = |site: &&Site| {
            matches!(&site.value, Val::Unknown(unknown)
                if matches!(&unknown.why, crate::openrc::value::Why::Session(name) if name == "$$"))
        };
        let found: Vec<_> =
            self.sites.iter().filter(of_number).map(|site| (site.word, site.name.clone())).collect();
        for (at, name) in found.into_iter().filter(|(_, name)| names::is_taken(name)) {
            let text = format!(
                "$$ is the number of the shell's process, and hardly meant in {name}; a $ of the value itself is written \\$ or in single quotes"
            );
            self.warn(at, Kind::DollarEaten, text);
        }
    }
}
