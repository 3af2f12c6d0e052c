//! Every variable of the field and what it is to a profile: one table. The order of the rows is the order of precedence
//! among those that mean the same.

/// What a variable is to a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    AuthUrl,
    AuthType,
    Version,
    UserId,
    UserName,
    Password,
    UserDomainId,
    UserDomainName,
    ProjectId,
    ProjectName,
    ProjectDomainId,
    ProjectDomainName,
    DomainId,
    DomainName,
    DefaultDomainId,
    DefaultDomainName,
    SystemScope,
    Region,
    Interface,
    CaCert,
    Cert,
    Key,
    Insecure,
    Verify,
    /// Asks for what this release cannot do; the text says what that is.
    Later(&'static str),
    /// Known in the field, and nothing to a profile.
    Beside,
}

use Meaning::*;

const TABLE: &[(&str, Meaning)] = &[
    ("OS_AUTH_URL", AuthUrl),
    ("OS_AUTH_TYPE", AuthType),
    ("OS_AUTH_PLUGIN", AuthType),
    ("OS_IDENTITY_API_VERSION", Version),
    ("OS_AUTH_VERSION", Version),
    ("OS_USER_ID", UserId),
    ("OS_USERNAME", UserName),
    ("OS_USER_NAME", UserName),
    ("OS_PASSWORD", Password),
    ("OS_USER_DOMAIN_ID", UserDomainId),
    ("OS_USER_DOMAIN_NAME", UserDomainName),
    ("OS_PROJECT_ID", ProjectId),
    ("OS_TENANT_ID", ProjectId),
    ("OS_PROJECT_NAME", ProjectName),
    ("OS_TENANT_NAME", ProjectName),
    ("OS_PROJECT_DOMAIN_ID", ProjectDomainId),
    ("OS_PROJECT_DOMAIN_NAME", ProjectDomainName),
    ("OS_DOMAIN_ID", DomainId),
    ("OS_DOMAIN_NAME", DomainName),
    ("OS_DEFAULT_DOMAIN_ID", DefaultDomainId),
    ("OS_DEFAULT_DOMAIN", DefaultDomainId),
    ("OS_DEFAULT_DOMAIN_NAME", DefaultDomainName),
    ("OS_SYSTEM_SCOPE", SystemScope),
    ("OS_REGION_NAME", Region),
    ("OS_INTERFACE", Interface),
    ("OS_ENDPOINT_TYPE", Interface),
    ("OS_CACERT", CaCert),
    ("OS_CERT", Cert),
    ("OS_KEY", Key),
    ("OS_INSECURE", Insecure),
    ("OS_VERIFY", Verify),
    ("OS_TRUST_ID", Later("a trust")),
    ("OS_PASSCODE", Later("a one-time code")),
    ("OS_AUTH_METHODS", Later("a login of several factors")),
    ("OS_APPLICATION_CREDENTIAL_ID", Later("an application credential")),
    ("OS_APPLICATION_CREDENTIAL_NAME", Later("an application credential")),
    ("OS_APPLICATION_CREDENTIAL_SECRET", Later("an application credential")),
    ("OS_IDENTITY_PROVIDER", Later("a federated login")),
    ("OS_PROTOCOL", Later("a federated login")),
    ("OS_MUTUAL_AUTH", Later("a federated login")),
    ("OS_DISCOVERY_ENDPOINT", Later("a federated login")),
    ("OS_CLIENT_ID", Later("a federated login")),
    ("OS_CLIENT_SECRET", Later("a federated login")),
    ("OS_ACCESS_TOKEN", Later("a federated login")),
    ("OS_ACCESS_TOKEN_ENDPOINT", Later("a federated login")),
    ("OS_ACCESS_TOKEN_TYPE", Later("a federated login")),
    ("OS_OPENID_SCOPE", Later("a federated login")),
    ("OS_AUTHORIZATION_CODE", Later("a federated login")),
    ("OS_IDENTITY_PROVIDER_URL", Later("a federated login")),
    ("OS_SERVICE_PROVIDER_ENDPOINT", Later("a federated login")),
    ("OS_SERVICE_PROVIDER_ENTITY_ID", Later("a federated login")),
    ("OS_CLOUD", Later("a cloud of clouds.yaml")),
    ("OS_PW_CMD", Later("a command that prints the password")),
    ("OS_TOKEN", Beside),
    ("OS_AUTH_TOKEN", Beside),
    ("OS_SERVICE_TOKEN", Beside),
    ("OS_SERVICE_ENDPOINT", Beside),
    ("OS_STORAGE_URL", Beside),
    ("OS_ENDPOINT", Beside),
    ("OS_URL", Beside),
    ("OS_AUTH_SYSTEM", Beside),
    ("OS_AUTH_STRATEGY", Beside),
    ("OS_AUTH_PROTOCOL", Beside),
    ("OS_CLOUDNAME", Beside),
    ("OS_NO_CACHE", Beside),
    ("OS_CLIENT_CONFIG_FILE", Beside),
    ("OS_SERVICE_TYPE", Beside),
    ("OS_SERVICE_NAME", Beside),
    ("OS_BAREMETAL_API_VERSION", Beside),
    ("OS_COMPUTE_API_VERSION", Beside),
    ("OS_IMAGE_API_VERSION", Beside),
    ("OS_NETWORK_API_VERSION", Beside),
    ("OS_OBJECT_API_VERSION", Beside),
    ("OS_VOLUME_API_VERSION", Beside),
    ("OS_MANILA_ENDPOINT_TYPE", Beside),
    ("ST_AUTH", Beside),
    ("ST_AUTH_VERSION", Beside),
    ("ST_USER", Beside),
    ("ST_KEY", Beside),
];

/// The variables that mean `meaning`, the one that wins first.
pub(crate) fn of(meaning: Meaning) -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(move |(_, other)| *other == meaning).map(|(name, _)| *name)
}

/// The variables that ask for what comes later, with what that is.
pub(crate) fn later() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.iter().filter_map(|(name, meaning)| match meaning {
        Later(what) => Some((*name, *what)),
        _ => None,
    })
}

/// Whether a profile has a use for the variable, in this release or a later one.
pub(crate) fn is_taken(name: &str) -> bool {
    TABLE.iter().any(|(other, meaning)| *other == name && *meaning != Beside)
}

/// What another cloud's file may have left in a session.
pub(crate) fn leftovers() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _)| *name)
}

/// Whether a variable's name says that its value is a secret.
pub fn is_secret_name(name: &str) -> bool {
    const SECRET: &[&str] =
        &["PASSWORD", "PASSWD", "PASSCODE", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "API_KEY"];
    const WHOLE: &[&str] = &["PASS", "PW", "PWD", "KEY"];
    let name = name.to_ascii_uppercase();
    let is_type = name.ends_with("_TYPE")
        || name.ends_with("_ENDPOINT")
        || name.ends_with("_URL")
        || name.ends_with("_ID");
    let last = name.rsplit('_').next().unwrap_or("");
    // OS_KEY is the path of a file.
    !is_type
        && name != "OS_KEY"
        && (SECRET.iter().any(|part| name.contains(part))
            || WHOLE.contains(&last)
            || WHOLE.contains(&name.as_str()))
}
