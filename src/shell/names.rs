//! Names: which variables are ours, and which must go before others are exported, for a leftover of another cloud
//! breaks the next command or sends it elsewhere.
//!
//! Nothing here reads the environment: the names that are there come in by argument.

/// What a client would read, or trip over, beside the variables that we export. Unset each time, set or not.
pub const LEFTOVERS: &[&str] = &[
    "OS_AUTH_URL",
    "OS_IDENTITY_API_VERSION",
    "OS_AUTH_TYPE",
    "OS_AUTH_PLUGIN",
    "OS_AUTH_METHODS",
    "OS_USERNAME",
    "OS_USER_NAME",
    "OS_USER_ID",
    "OS_PASSWORD",
    "OS_USER_DOMAIN_NAME",
    "OS_USER_DOMAIN_ID",
    "OS_PROJECT_ID",
    "OS_PROJECT_NAME",
    "OS_PROJECT_DOMAIN_NAME",
    "OS_PROJECT_DOMAIN_ID",
    "OS_TENANT_ID",
    "OS_TENANT_NAME",
    "OS_DOMAIN_ID",
    "OS_DOMAIN_NAME",
    "OS_DEFAULT_DOMAIN",
    "OS_DEFAULT_DOMAIN_ID",
    "OS_DEFAULT_DOMAIN_NAME",
    "OS_SYSTEM_SCOPE",
    "OS_TRUST_ID",
    "OS_PASSCODE",
    "OS_CLOUD",
    "OS_APPLICATION_CREDENTIAL_ID",
    "OS_APPLICATION_CREDENTIAL_NAME",
    "OS_APPLICATION_CREDENTIAL_SECRET",
    "OS_TOKEN",
    "OS_AUTH_TOKEN",
    "OS_STORAGE_URL",
    "OS_ENDPOINT",
    "OS_URL",
    "OS_ENDPOINT_TYPE",
    "OS_INTERFACE",
    "OS_REGION_NAME",
    "OS_CACERT",
    "OS_CERT",
    "OS_KEY",
    "OS_INSECURE",
    "OS_VERIFY",
    // Federation: the options of keystoneauth1's plug-ins v3oidc*, v3oauth2*, v3websso, v3samlpassword, v3adfspassword,
    // v3kerberos and v3oauth1.
    "OS_IDENTITY_PROVIDER",
    "OS_IDENTITY_PROVIDER_URL",
    "OS_PROTOCOL",
    "OS_SERVICE_PROVIDER_ENDPOINT",
    "OS_SERVICE_PROVIDER_ENTITY_ID",
    "OS_ACCESS_TOKEN",
    "OS_ACCESS_TOKEN_ENDPOINT",
    "OS_ACCESS_TOKEN_TYPE",
    "OS_DISCOVERY_ENDPOINT",
    "OS_DEVICE_AUTHORIZATION_ENDPOINT",
    "OS_CODE_CHALLENGE_METHOD",
    "OS_OPENID_SCOPE",
    "OS_CLIENT_ID",
    "OS_CLIENT_SECRET",
    "OS_CODE",
    "OS_AUTHORIZATION_CODE",
    "OS_REDIRECT_URI",
    "OS_REDIRECT_HOST",
    "OS_REDIRECT_PORT",
    "OS_LOGIN_TIMEOUT",
    "OS_IDP_OTP_KEY",
    "OS_OAUTH2_ENDPOINT",
    "OS_OAUTH2_CLIENT_ID",
    "OS_OAUTH2_CLIENT_SECRET",
    "OS_MUTUAL_AUTH",
    "OS_CONSUMER_KEY",
    "OS_CONSUMER_SECRET",
    "OS_ACCESS_KEY",
    "OS_ACCESS_SECRET",
    // Ours.
    EXPIRES,
    EXPORTED,
    HOOK,
];

/// The profile that a shell uses. A setting of the user's too, so it goes only when we exported it.
pub const PROFILE: &str = "OSAGENT_PROFILE";
/// When the token ends: epoch seconds by the local clock.
pub const EXPIRES: &str = "OSAGENT_EXPIRES";
/// The names that were exported together, with `:` between them; see [`exported`].
pub const EXPORTED: &str = "OSAGENT_EXPORTED";

/// How the prompt's hook knows its own work: it sets this after each export, and an export by anybody else takes it away.
pub const HOOK: &str = "OSAGENT_HOOK";

/// Settings of the user's: no list, whoever wrote it, takes them away.
const KEPT: &[&str] = &["OS_CLIENT_CONFIG_FILE", "OSAGENT_SOCK", "OSAGENT_SHELL"];

/// More names than any export of ours has; a longer OSAGENT_EXPORTED was not written by us.
const EXPORTED_MAX: usize = 1024;

/// The value of OSAGENT_EXPORTED for these names.
pub fn exported<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut list = String::new();
    for name in names {
        if !list.is_empty() {
            list.push(':');
        }
        list.push_str(name);
    }
    list
}

/// What to unset, given the names that are in the environment and the value of OSAGENT_EXPORTED there: [`LEFTOVERS`],
/// every OS_*_ENDPOINT and OS_*_ENDPOINT_OVERRIDE, and what we exported. In a stable order, each name once.
pub fn to_unset<'a>(present: impl IntoIterator<Item = &'a str>, exported: Option<&'a str>) -> Vec<&'a str> {
    let listed = exported.unwrap_or("").split(':').take(EXPORTED_MAX);
    let endpoints = present.into_iter().filter(|name| is_endpoint(name));
    let mut more: Vec<&str> =
        endpoints.chain(listed).filter(|name| is_ours(name) && !is_kept(name)).collect();
    more.sort_unstable();
    more.dedup();
    more.retain(|name| !LEFTOVERS.contains(name));
    let mut names = LEFTOVERS.to_vec();
    names.append(&mut more);
    names
}

/// An identifier that begins with `OS_`, `OSAGENT_`, `ST_` or `SWIFT_`: we touch no other.
pub fn is_ours(name: &str) -> bool {
    const PREFIXES: [&str; 4] = ["OS_", "OSAGENT_", "ST_", "SWIFT_"];
    let has_rest = |prefix: &str| name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty());
    is_identifier(name) && PREFIXES.iter().any(|prefix| has_rest(prefix))
}

/// What every shell takes for a variable's name.
pub(super) fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_endpoint(name: &str) -> bool {
    name.starts_with("OS_") && (name.ends_with("_ENDPOINT") || name.ends_with("_ENDPOINT_OVERRIDE"))
}

fn is_kept(name: &str) -> bool {
    let is_version = name.starts_with("OS_") && name.ends_with("_API_VERSION");
    is_version || KEPT.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_that_are_there_go() {
        let present =
            ["HOME", "OS_COMPUTE_ENDPOINT_OVERRIDE", "OS_VOLUMEV3_ENDPOINT", "OS_TOKEN", "OS_X ENDPOINT"];
        let names = to_unset(present, None);
        assert_eq!(names[..LEFTOVERS.len()], *LEFTOVERS);
        assert_eq!(names[LEFTOVERS.len()..], ["OS_COMPUTE_ENDPOINT_OVERRIDE", "OS_VOLUMEV3_ENDPOINT"]);
    }

    #[test]
    fn what_we_exported_goes() {
        let list = exported(["OS_TOKEN", "SWIFT_PREAUTHURL", PROFILE, EXPORTED]);
        let names = to_unset([], Some(&list));
        assert_eq!(names[LEFTOVERS.len()..], ["OSAGENT_PROFILE", "SWIFT_PREAUTHURL"]);
    }

    #[test]
    fn a_forged_list_takes_nothing_else_away() {
        let forged = "PATH:LD_PRELOAD:OS_:_OS_A:OS_A B:OS_;id:OS_$(id):`id`:os_token::OS_\n:HOME:OSAGENT_SOCK\
                      :OS_CLIENT_CONFIG_FILE:OS_COMPUTE_API_VERSION:-f:OS_X[0]:OS_É";
        assert_eq!(to_unset(["PATH"], Some(forged)), *LEFTOVERS);
    }

    #[test]
    fn the_api_versions_and_the_config_file_stay() {
        let present = ["OS_COMPUTE_API_VERSION", "OS_CLIENT_CONFIG_FILE", "OS_IDENTITY_API_VERSION"];
        let names = to_unset(present, None);
        assert!(names.contains(&"OS_IDENTITY_API_VERSION"));
        assert!(!names.contains(&"OS_COMPUTE_API_VERSION") && !names.contains(&"OS_CLIENT_CONFIG_FILE"));
    }

    #[test]
    fn the_table_holds_each_name_once_and_only_ours() {
        for (index, name) in LEFTOVERS.iter().enumerate() {
            assert!(is_ours(name), "{name}");
            assert!(!LEFTOVERS[..index].contains(name), "{name}");
        }
    }
}
