//! Ways to log in, by the words of keystoneauth and openstacksdk: what each is, and whether this release can do it. It decides
//! which one settings mean; it never logs in.

/// A way to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    Password,
    PasswordV2,
    Token,
    TokenV2,
    ApplicationCredential,
    Totp,
    MultiFactor,
    OidcPassword,
    OidcClientCredentials,
    OidcAccessToken,
    OidcAuthCode,
    OidcDevice,
    WebSso,
    Saml,
    Adfs,
    Kerberos,
    FederatedKerberos,
    /// Federation, and the settings do not say which.
    Federated,
    OAuth1,
    OAuth2,
    Tokenless,
    AdminToken,
    HttpBasic,
    NoLogin,
    /// A word that no table has.
    Unnamed,
}

struct Row {
    /// As OS_AUTH_TYPE and `auth_type` name it; the first is the usual one.
    words: &'static [&'static str],
    login: Login,
    /// After "asks for".
    what: &'static str,
    is_done: bool,
}

const fn row(login: Login, words: &'static [&'static str], what: &'static str) -> Row {
    Row { words, login, what, is_done: false }
}

/// Every way, with those that no single word stands for.
const TABLE: &[Row] = &[
    Row { words: &["v3password", "password"], login: Login::Password, what: "a password", is_done: true },
    row(Login::PasswordV2, &["v2password"], "a login to Identity v2.0"),
    row(Login::Token, &["v3token", "token"], "a token in place of a login"),
    row(Login::TokenV2, &["v2token"], "a token of Identity v2.0 in place of a login"),
    row(Login::ApplicationCredential, &["v3applicationcredential"], "a login by application credential"),
    row(Login::Totp, &["v3totp"], "a login by one-time code"),
    row(Login::MultiFactor, &["v3multifactor"], "a login of several factors"),
    row(Login::OidcPassword, &["v3oidcpassword"], "a federated login by password (OpenID Connect)"),
    row(
        Login::OidcClientCredentials,
        &["v3oidcclientcredentials"],
        "a federated login of a client (OpenID Connect)",
    ),
    row(Login::OidcAccessToken, &["v3oidcaccesstoken"], "a federated login by access token (OpenID Connect)"),
    row(Login::OidcAuthCode, &["v3oidcauthcode"], "a federated login by code (OpenID Connect)"),
    row(Login::OidcDevice, &["v3oidcdeviceauthz"], "a federated login on another device (OpenID Connect)"),
    row(Login::WebSso, &["v3websso"], "a federated login in a browser"),
    row(Login::Saml, &["v3samlpassword"], "a federated login by password (SAML)"),
    row(Login::Adfs, &["v3adfspassword"], "a federated login by password (ADFS)"),
    row(Login::Kerberos, &["v3kerberos"], "a login by Kerberos"),
    row(Login::FederatedKerberos, &["v3fedkerb", "v3mapped"], "a federated login by Kerberos"),
    row(Login::Federated, &[], "a federated login"),
    row(Login::OAuth1, &["v3oauth1"], "a login by OAuth 1"),
    row(
        Login::OAuth2,
        &["v3oauth2clientcredential", "v3oauth2mtlsclientcredential"],
        "a login of a client (OAuth 2)",
    ),
    row(Login::Tokenless, &["v3tokenlessauth"], "a certificate in place of a login"),
    row(
        Login::AdminToken,
        &["admin_token", "token_endpoint"],
        "a token and one endpoint in place of a login",
    ),
    row(Login::HttpBasic, &["http_basic"], "HTTP authentication without Keystone"),
    row(Login::NoLogin, &["none"], "no login at all"),
    row(Login::Unnamed, &[], "a kind of login that osagent does not know"),
];

impl Login {
    /// By the word that selects it.
    pub fn named(word: &str) -> Login {
        let row = TABLE.iter().find(|row| row.words.contains(&word));
        row.map_or(Login::Unnamed, |row| row.login)
    }

    /// keystoneauth's word for it, where there is one.
    pub fn word(self) -> Option<&'static str> {
        self.row().words.first().copied()
    }

    /// For people: a noun with its article.
    pub fn what(self) -> &'static str {
        self.row().what
    }

    /// Whether this release logs in so.
    pub fn is_done(self) -> bool {
        self.row().is_done
    }

    fn row(self) -> &'static Row {
        TABLE.iter().find(|row| row.login == self).expect("a test walks the table")
    }
}

/// The words of every way, with what it is and whether it is done.
pub fn logins() -> impl Iterator<Item = (&'static str, &'static str, bool)> {
    TABLE.iter().flat_map(|row| row.words.iter().map(move |word| (*word, row.what, row.is_done)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_names_one_way_and_every_way_has_a_row() {
        for row in TABLE {
            assert!(row.words.iter().all(|word| Login::named(word) == row.login));
            assert_eq!(row.login.what(), row.what);
        }
        assert_eq!(TABLE.len(), Login::Unnamed as usize + 1);
        assert_eq!(Login::named("v3nothing"), Login::Unnamed);
    }
}
