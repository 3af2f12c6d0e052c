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
    DefaultDomain,
    DefaultDomainId,
    DefaultDomainName,
    SystemScope,
    Region,
    Interface,
    EndpointType,
    CaCert,
    Cert,
    Key,
    Insecure,
    Verify,
    /// Belongs to another way to log in, or asks for what this release cannot do; the text says what that is.
    Later(&'static str),
    /// A command that prints the password.
    PasswordCommand,
    /// Known in the field, and nothing to a profile; the text says what it is.
    Beside(&'static str),
}

impl Meaning {
    /// What becomes of the variable, for people.
    pub(crate) fn word(self) -> String {
        let word = match self {
            AuthUrl => "the auth URL",
            AuthType => "the way to log in",
            Version => "the version of the Identity API",
            UserId => "the user, by id; it goes before a name",
            UserName => "the user, by name",
            Password => "the secret",
            UserDomainId => "the user's domain, by id",
            UserDomainName => "the user's domain, by name",
            ProjectId => "the project, by id; it goes before a name",
            ProjectName => "the project, by name",
            ProjectDomainId => "the project's domain, by id",
            ProjectDomainName => "the project's domain, by name",
            DomainId | DomainName => "the scope; beside a project the domain of user and project",
            DefaultDomainId | DefaultDomainName | DefaultDomain => "the domain where none is named",
            SystemScope => "the scope: all",
            Region => "the region",
            Interface => "the interface",
            EndpointType => "the interface; it goes before another OS_INTERFACE, as openstack has it",
            CaCert => "the CA certificate",
            Cert => "the client's certificate",
            Key => "the key of the client's certificate",
            Insecure | Verify => "whether the server's certificate is checked",
            PasswordCommand => {
                "kept out: a command that prints the password is not run, the password is asked for"
            }
            Later(what) => return format!("refused in this release: {what}"),
            Beside(what) => return format!("nothing: {what}"),
        };
        word.to_owned()
    }
}

use Meaning::*;

const APPLICATION_CREDENTIAL: &str = "an application credential";
const FEDERATED: &str = "a federated login";
const OAUTH: &str = "a login by OAuth";
const TOKEN: &str = "a token, which ends; a profile makes its own";
const ENDPOINT: &str = "where one service is; the catalog says that";
const TOOL: &str = "a tool's own switch";
const VERSION: &str = "the version of a service's API, which stays with the tools";
const SWIFT: &str = "a login of Swift's own (TempAuth), no Keystone";
const NOVA: &str = "an older nova's own name";
const EC2: &str = "a key for the EC2 and S3 interfaces, no login at Keystone";

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
    ("OS_DEFAULT_DOMAIN", DefaultDomain),
    ("OS_DEFAULT_DOMAIN_ID", DefaultDomainId),
    ("OS_DEFAULT_DOMAIN_NAME", DefaultDomainName),
    ("OS_SYSTEM_SCOPE", SystemScope),
    ("OS_REGION_NAME", Region),
    ("OS_INTERFACE", Interface),
    ("OS_ENDPOINT_TYPE", EndpointType),
    ("OS_CACERT", CaCert),
    ("OS_CERT", Cert),
    ("OS_KEY", Key),
    ("OS_INSECURE", Insecure),
    ("OS_VERIFY", Verify),
    ("OS_PW_CMD", PasswordCommand),
    ("OS_TRUST_ID", Later("a trust")),
    ("OS_PASSCODE", Later("a one-time code")),
    ("OS_AUTH_METHODS", Later("a login of several factors")),
    ("OS_APPLICATION_CREDENTIAL_ID", Later(APPLICATION_CREDENTIAL)),
    ("OS_APPLICATION_CREDENTIAL_NAME", Later(APPLICATION_CREDENTIAL)),
    ("OS_APPLICATION_CREDENTIAL_SECRET", Later(APPLICATION_CREDENTIAL)),
    ("OS_IDENTITY_PROVIDER", Later(FEDERATED)),
    ("OS_PROTOCOL", Later(FEDERATED)),
    ("OS_MUTUAL_AUTH", Later(FEDERATED)),
    ("OS_IDENTITY_PROVIDER_URL", Later(FEDERATED)),
    ("OS_SERVICE_PROVIDER_ENDPOINT", Later(FEDERATED)),
    ("OS_SERVICE_PROVIDER_ENTITY_ID", Later(FEDERATED)),
    ("OS_DISCOVERY_ENDPOINT", Later(FEDERATED)),
    ("OS_CLIENT_ID", Later(FEDERATED)),
    ("OS_CLIENT_SECRET", Later(FEDERATED)),
    ("OS_ACCESS_TOKEN", Later(FEDERATED)),
    ("OS_ACCESS_TOKEN_ENDPOINT", Later(FEDERATED)),
    ("OS_ACCESS_TOKEN_TYPE", Later(FEDERATED)),
    ("OS_OPENID_SCOPE", Later(FEDERATED)),
    ("OS_CODE", Later(FEDERATED)),
    ("OS_AUTHORIZATION_CODE", Later(FEDERATED)),
    ("OS_REDIRECT_URI", Later(FEDERATED)),
    ("OS_REDIRECT_HOST", Later(FEDERATED)),
    ("OS_REDIRECT_PORT", Later(FEDERATED)),
    ("OS_LOGIN_TIMEOUT", Later(FEDERATED)),
    ("OS_DEVICE_AUTHORIZATION_ENDPOINT", Later(FEDERATED)),
    ("OS_CODE_CHALLENGE_METHOD", Later(FEDERATED)),
    ("OS_IDP_OTP_KEY", Later(FEDERATED)),
    ("OS_CONSUMER_KEY", Later(OAUTH)),
    ("OS_CONSUMER_SECRET", Later(OAUTH)),
    ("OS_ACCESS_KEY", Later(OAUTH)),
    ("OS_ACCESS_SECRET", Later(OAUTH)),
    ("OS_OAUTH2_ENDPOINT", Later(OAUTH)),
    ("OS_OAUTH2_CLIENT_ID", Later(OAUTH)),
    ("OS_OAUTH2_CLIENT_SECRET", Later(OAUTH)),
    ("OS_CLOUD", Later("a cloud of a clouds.yaml (add it by --cloud)")),
    ("OS_TOKEN", Beside(TOKEN)),
    ("OS_AUTH_TOKEN", Beside(TOKEN)),
    ("OS_SERVICE_TOKEN", Beside(TOKEN)),
    ("OS_TOKEN_ID", Beside(TOKEN)),
    ("OS_STORAGE_URL", Beside(ENDPOINT)),
    ("OS_ENDPOINT", Beside(ENDPOINT)),
    ("OS_URL", Beside(ENDPOINT)),
    ("OS_SERVICE_ENDPOINT", Beside(ENDPOINT)),
    ("OS_BYPASS_URL", Beside(ENDPOINT)),
    ("OS_NEUTRON_ENDPOINT", Beside(ENDPOINT)),
    ("OS_IRONIC_URL", Beside(ENDPOINT)),
    ("OS_MANILA_ENDPOINT_TYPE", Beside(ENDPOINT)),
    ("OS_VOLUME_ENDPOINT_TYPE", Beside(ENDPOINT)),
    ("OS_SERVICE_TYPE", Beside("a tool's choice of a service")),
    ("OS_SERVICE_NAME", Beside("a tool's choice of a service")),
    ("OS_SERVICE_PROVIDER", Beside("another cloud that trusts this one")),
    ("OS_REMOTE_PROJECT_ID", Beside("another cloud that trusts this one")),
    ("OS_REMOTE_PROJECT_NAME", Beside("another cloud that trusts this one")),
    ("OS_REMOTE_PROJECT_DOMAIN_ID", Beside("another cloud that trusts this one")),
    ("OS_REMOTE_PROJECT_DOMAIN_NAME", Beside("another cloud that trusts this one")),
    ("OS_AUTH_SYSTEM", Beside("how older tools chose a login")),
    ("OS_AUTH_STRATEGY", Beside("how older tools chose a login")),
    ("OS_AUTH_PROTOCOL", Beside("how older tools chose a login")),
    ("OS_CLIENT_CONFIG_FILE", Beside("where openstack finds a clouds.yaml")),
    ("OS_CLIENT_SECURE_FILE", Beside("where openstack finds a clouds.yaml")),
    ("OS_CLOUD_NAME", Beside("where openstack finds a clouds.yaml")),
    ("OS_CLOUDNAME", Beside("a name for people")),
    ("OS_NO_CACHE", Beside(TOOL)),
    ("OS_PREFER_IPV6", Beside(TOOL)),
    ("OS_FORCE_IPV4", Beside(TOOL)),
    ("OS_PROFILE", Beside(TOOL)),
    ("OS_MAX_RETRIES", Beside(TOOL)),
    ("OS_ALLOW_REAUTH", Beside(TOOL)),
    ("OS_DEBUG", Beside(TOOL)),
    ("OS_BAREMETAL_API_VERSION", Beside(VERSION)),
    ("OS_COMPUTE_API_VERSION", Beside(VERSION)),
    ("OS_DNS_API_VERSION", Beside(VERSION)),
    ("OS_IMAGE_API_VERSION", Beside(VERSION)),
    ("OS_KEY_MANAGER_API_VERSION", Beside(VERSION)),
    ("OS_NETWORK_API_VERSION", Beside(VERSION)),
    ("OS_OBJECT_API_VERSION", Beside(VERSION)),
    ("OS_ORCHESTRATION_API_VERSION", Beside(VERSION)),
    ("OS_SHARE_API_VERSION", Beside(VERSION)),
    ("OS_VOLUME_API_VERSION", Beside(VERSION)),
    ("OS_CONTAINER_INFRA_API_VERSION", Beside(VERSION)),
    ("OS_PLACEMENT_API_VERSION", Beside(VERSION)),
    ("ST_AUTH", Beside(SWIFT)),
    ("ST_AUTH_VERSION", Beside(SWIFT)),
    ("ST_USER", Beside(SWIFT)),
    ("ST_KEY", Beside(SWIFT)),
    ("NOVA_USERNAME", Beside(NOVA)),
    ("NOVA_PASSWORD", Beside(NOVA)),
    ("NOVA_API_KEY", Beside(NOVA)),
    ("NOVA_PROJECT_ID", Beside(NOVA)),
    ("NOVA_REGION_NAME", Beside(NOVA)),
    ("NOVA_URL", Beside(NOVA)),
    ("NOVA_VERSION", Beside(NOVA)),
    ("NOVA_ENDPOINT_TYPE", Beside(NOVA)),
    ("NOVA_RAX_AUTH", Beside(NOVA)),
    ("EC2_ACCESS_KEY", Beside(EC2)),
    ("EC2_SECRET_KEY", Beside(EC2)),
    ("EC2_URL", Beside(EC2)),
    ("EC2_USER_ID", Beside(EC2)),
    ("EC2_CERT", Beside(EC2)),
    ("EC2_PRIVATE_KEY", Beside(EC2)),
    ("S3_URL", Beside(EC2)),
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

/// Every variable with what becomes of it, in the table's order.
pub fn variables() -> impl Iterator<Item = (&'static str, String)> {
    TABLE.iter().map(|(name, meaning)| (*name, meaning.word()))
}

/// Whether a profile has a use for the variable, in this release or a later one.
pub(crate) fn is_taken(name: &str) -> bool {
    TABLE.iter().any(|(other, meaning)| *other == name && !matches!(meaning, Beside(_)))
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
