//! From settings to a profile's draft: who wins over whom, what is warned of, what is said to come later.

use osagent::openrc::{Context, Draft, Login, NoFiles, Reading, WarningKind, draft, read};
use osagent::profile::{Reference, Scope};

fn reading(source: &str) -> Reading {
    let context = Context {
        home: "/home/ada",
        user: "ada",
        dir: "/home/ada",
        file_name: "openrc.sh",
        args: &[],
        answers: &[],
        files: &NoFiles,
    };
    read(source.as_bytes(), &context).unwrap()
}

/// `NAME=value` each, exported.
fn of(settings: &[&str]) -> Draft {
    let lines: String = settings.iter().map(|setting| format!("export {setting}\n")).collect();
    draft(&reading(&lines))
}

fn named(name: &str) -> Reference {
    Reference { id: None, name: Some(name.to_owned()) }
}

fn with_id(id: &str) -> Reference {
    Reference { id: Some(id.to_owned()), name: None }
}

#[test]
fn project_wins_over_tenant_and_an_empty_variable_counts_as_unset() {
    let seen = of(&[
        "OS_PROJECT_NAME=new",
        "OS_TENANT_NAME=old",
        "OS_PROJECT_ID=",
        "OS_TENANT_ID=7",
        "OS_PROJECT_DOMAIN_ID=d",
    ]);
    let Scope::Project { project, domain } = seen.scope else { panic!("{:?}", seen.scope) };
    assert_eq!(project, Reference { id: Some("7".to_owned()), name: Some("new".to_owned()) });
    assert_eq!(domain, with_id("d"));
}

#[test]
fn a_domain_beside_a_project_is_that_of_user_and_project_and_alone_it_is_the_scope() {
    let seen =
        of(&["OS_USERNAME=ada", "OS_PROJECT_NAME=p", "OS_DOMAIN_NAME=lab", "OS_USER_DOMAIN_NAME=people"]);
    assert_eq!(seen.user.domain, named("people"));
    assert_eq!(seen.scope, Scope::Project { project: named("p"), domain: named("lab") });
    assert_eq!(of(&["OS_USERNAME=ada", "OS_DOMAIN_NAME=lab"]).scope, Scope::Domain(named("lab")));
    assert_eq!(of(&["OS_USERNAME=ada", "OS_SYSTEM_SCOPE=all"]).scope, Scope::System);
    assert_eq!(of(&["OS_USERNAME=ada"]).scope, Scope::Unscoped);
}

#[test]
fn a_missing_domain_is_the_default_one_and_never_the_users_for_the_project() {
    let seen = of(&["OS_USERNAME=ada", "OS_USER_DOMAIN_NAME=lab", "OS_PROJECT_NAME=p"]);
    assert_eq!(seen.scope, Scope::Project { project: named("p"), domain: with_id("default") });
    assert!(
        seen.warnings.iter().any(|warning| warning.kind == WarningKind::NoDomain && warning.place.line == 3)
    );
    let seen = of(&["OS_USERNAME=ada", "OS_PROJECT_NAME=p", "OS_DEFAULT_DOMAIN=lab"]);
    assert_eq!(seen.user.domain, with_id("lab"));
    assert_eq!(seen.scope, Scope::Project { project: named("p"), domain: with_id("lab") });
    assert!(of(&["OS_USER_ID=7", "OS_PROJECT_ID=8"]).user.domain.is_empty());
}

#[test]
fn a_domain_that_is_not_known_is_asked_for_and_not_replaced() {
    let seen = of(&["OS_USERNAME=ada", "OS_USER_DOMAIN_NAME=$(ask)", "OS_PROJECT_ID=8"]);
    assert!(seen.user.domain.is_empty());
    assert_eq!(seen.unknown.len(), 1);
    assert_eq!(seen.unknown[0].name, "OS_USER_DOMAIN_NAME");
}

#[test]
fn the_secret_is_in_the_file_or_the_answer_to_a_prompt() {
    let seen = of(&["OS_PASSWORD='pa ss'"]);
    assert_eq!(seen.secret.unwrap().expose(), "pa ss");
    assert_eq!(seen.secret_prompt, None);
    let seen = draft(&reading("read -s x\nexport OS_PASSWORD=$x\n"));
    assert!(seen.secret.is_none());
    assert_eq!(seen.secret_prompt, Some(0));
}

#[test]
fn what_this_release_cannot_do_is_said_with_its_place() {
    for (settings, word) in [
        (&["OS_USERNAME=a", "OS_AUTH_TYPE=v3applicationcredential"][..], "application credential"),
        (&["OS_APPLICATION_CREDENTIAL_ID=1"], "application credential"),
        (&["OS_USERNAME=a", "OS_IDENTITY_API_VERSION=2"], "v2.0"),
        (&["OS_USERNAME=a", "OS_AUTH_URL=https://id/v2.0/"], "v2.0"),
        (&["OS_USERNAME=a", "OS_AUTH_TYPE=v3multifactor"], "several factors"),
        (&["OS_USERNAME=a", "OS_AUTH_PLUGIN=v3oidcpassword"], "federated"),
        (&["OS_USERNAME=a", "OS_TRUST_ID=1"], "trust"),
        (&["OS_USERNAME=a", "OS_PROJECT_ID=1", "OS_SYSTEM_SCOPE=all"], "scope of the system"),
    ] {
        let seen = of(settings);
        let found = seen.unsupported.iter().find(|unsupported| unsupported.what.contains(word));
        assert!(
            found.is_some_and(|found| found.place.line as usize <= settings.len()),
            "{settings:?}: {seen:?}"
        );
    }
    assert!(
        of(&["OS_USERNAME=a", "OS_AUTH_TYPE=password", "OS_IDENTITY_API_VERSION=3"]).unsupported.is_empty()
    );
}

#[test]
fn the_way_to_log_in_is_told_by_its_word_or_by_what_is_there() {
    let check = |settings: &[&str], login: Login| {
        let seen = of(settings);
        assert_eq!(seen.login, login, "{settings:?}");
        assert_eq!(
            seen.unsupported.is_empty(),
            login == Login::Password,
            "{settings:?}: {:?}",
            seen.unsupported
        );
        if let Some(first) = seen.unsupported.first() {
            assert_eq!(first.what, login.what(), "{settings:?}");
            assert!(first.to_string().ends_with("which this release of osagent cannot do"));
        }
    };
    for (word, _, _) in osagent::openrc::logins() {
        check(&["OS_USERNAME=a", &format!("OS_AUTH_TYPE={word}")], Login::named(word));
    }
    check(&["OS_AUTH_TYPE=v3something"], Login::Unnamed);
    check(
        &["OS_USERNAME=a", "OS_APPLICATION_CREDENTIAL_ID=1", "OS_TOKEN=t", "OS_IDENTITY_PROVIDER=i"],
        Login::Password,
    );
    check(
        &["OS_APPLICATION_CREDENTIAL_NAME=n", "OS_APPLICATION_CREDENTIAL_SECRET=s"],
        Login::ApplicationCredential,
    );
    check(&["OS_TOKEN=t", "OS_PROJECT_ID=1"], Login::Token);
    check(&["OS_TOKEN=t", "OS_ENDPOINT=https://id"], Login::AdminToken);
    check(&["OS_IDENTITY_PROVIDER=i", "OS_PROTOCOL=openid", "OS_ACCESS_TOKEN=t"], Login::Federated);
    check(&["OS_PASSWORD=p"], Login::Password);
}

#[test]
fn a_command_that_prints_the_password_is_said_and_the_password_asked_for() {
    let seen = of(&["OS_USERNAME=a", "OS_PW_CMD='pass show cloud'"]);
    assert!(seen.unsupported.is_empty() && seen.secret.is_none());
    let said = seen.warnings.iter().find(|warning| warning.kind == WarningKind::PasswordCommand).unwrap();
    assert!(
        said.text.contains("not run") && said.place.line == 2 && !said.text.contains("pass show"),
        "{said:?}"
    );
}

#[test]
fn settings_that_are_not_exported_are_taken_with_a_word_when_nothing_is() {
    let seen = draft(&reading("OS_AUTH_URL=https://id\nOS_USERNAME=ada\n"));
    assert_eq!(seen.auth_url.as_deref(), Some("https://id"));
    assert!(seen.warnings.iter().any(|warning| warning.kind == WarningKind::NotExported));
}

#[test]
fn tls_and_region_are_as_written() {
    let seen =
        of(&["OS_CACERT=ca.pem", "OS_INSECURE=True", "OS_REGION_NAME=r", "OS_ENDPOINT_TYPE=publicURL"]);
    assert_eq!(seen.tls.cacert.as_deref(), Some("ca.pem".as_ref()));
    assert!(seen.tls.insecure);
    assert_eq!((seen.regions, seen.interface.as_deref()), (vec!["r".to_owned()], Some("publicURL")));
}

#[test]
fn the_old_name_of_the_interface_wins_where_it_says_another() {
    let interface = |settings: &[&str]| of(settings).interface;
    assert_eq!(interface(&["OS_INTERFACE=public", "OS_ENDPOINT_TYPE=publicURL"]).as_deref(), Some("public"));
    assert_eq!(
        interface(&["OS_INTERFACE=public", "OS_ENDPOINT_TYPE=internalURL"]).as_deref(),
        Some("internalURL")
    );
}

#[test]
fn with_v3_said_the_default_domain_is_that_of_one_variable() {
    let domain = |more: &str| of(&["OS_USERNAME=ada", "OS_DEFAULT_DOMAIN_NAME=lab", more]).user.domain;
    assert_eq!(domain("OS_IDENTITY_API_VERSION=3"), with_id("default"));
    assert_eq!(domain("OS_IDENTITY_API_VERSION="), named("lab"));
}

#[test]
fn what_is_no_shells_file_is_refused_with_its_place() {
    let context = Context {
        home: "/home/ada",
        user: "ada",
        dir: "/home/ada",
        file_name: "openrc.sh",
        args: &[],
        answers: &[],
        files: &NoFiles,
    };
    for (text, reason, what) in [
        ("# c\nlet-env OS_USERNAME = 'ada'\n", "dialect", "nushell"),
        ("\n$env.OS_USERNAME = 'ada'\n", "dialect", "nushell"),
        ("set-env OS_USERNAME ada\n", "dialect", "elvish"),
        ("clouds:\n  a: b\n", "not-an-rc", "clouds.yaml"),
        ("[default]\nOS_USERNAME=ada\n", "not-an-rc", "sections"),
        ("{\"auth\": 1}\n", "not-an-rc", "JSON"),
        ("<!DOCTYPE html>\n<html>\n", "not-an-rc", "web page"),
    ] {
        let refusal = read(text.as_bytes(), &context).unwrap_err();
        assert_eq!(refusal.reason.word(), reason, "{text}");
        assert!(refusal.what.contains(what) && refusal.place.line > 0, "{text}: {refusal}");
        assert!(refusal.hint.is_some());
    }
}

#[test]
fn each_warning_comes_at_its_place() {
    for (line, kind, column) in [
        ("export OS_PASSWORD='s3cret'", WarningKind::SecretInFile, 20),
        ("export OS_PROJECT_NAME=\"<your project>\"", WarningKind::Placeholder, 8),
        ("export OS_PASSWORD=\"Pa$sw0rd\"", WarningKind::DollarEaten, 23),
        ("export OS_USERNAME=\"o\\'malley\"", WarningKind::BackslashKept, 22),
        ("export OS_USERNAME=\"now\\!\"", WarningKind::BackslashKept, 24),
        ("export OS_INSECURE=true", WarningKind::Insecure, 8),
        ("export OS_AUTH_URL=http://id.example/v3", WarningKind::PlainHttp, 8),
        ("export OS_TOKEN=abc", WarningKind::TokenExported, 8),
        ("export OS_TOKEN = abc", WarningKind::NotAName, 17),
        ("source /elsewhere/file", WarningKind::NotRead, 1),
        ("export OS_USERNAME=$'a\\eb'", WarningKind::ControlCharacter, 8),
    ] {
        let seen = reading(&format!("# first\n{line}\n"));
        let place = seen
            .warnings
            .iter()
            .find(|warning| warning.kind == kind)
            .map(|warning| (warning.place.line, warning.place.column));
        assert_eq!(place, Some((2, column)), "{line}: {:?}", seen.warnings);
    }
    let clean = reading(
        "export OS_AUTH_URL=http://127.0.0.1:5000\nexport OS_USERNAME=\"it's \\$5\"\nexport OS_INSECURE=false\n",
    );
    assert_eq!(clean.warnings, []);
}
