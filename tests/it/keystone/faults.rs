//! Every way in which a login fails: each has its own message, makes exactly one request, and shows no secret.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use osagent::keystone::{self, Fault, Http};
use osagent::profile::{Reference, Scope};
use osagent::secret::Secret;

use super::{assert_silent, chain, login, login_as, open, password, profile, soon};
use crate::fake::{Fake, Knobs, RetryAfter, Trouble, What};

/// `{}` stands for the Keystone's address. The flag: whether it is worth a retry.
async fn check(what: What, message: &str, is_worth_retrying: bool) -> Fault {
    let fake = Fake::start(Knobs { trouble: Trouble::always(what), ..Knobs::default() });
    let fault = login(&fake).await.expect_err("trouble was ordered");
    let expect = message.replace("{}", &format!("keystone at {}", fake.url()));
    assert!(chain(&fault).starts_with(&expect), "{}\n{expect}", chain(&fault));
    assert_eq!(fault.is_worth_retrying(), is_worth_retrying, "{fault}");
    assert_silent(&fault);
    assert_eq!(fake.requests().len(), 1, "{fault}");
    fault
}

#[tokio::test]
async fn every_reply_that_is_no_token_has_its_own_message() {
    let reply = |status, kind, body: &str| What::Reply(status, kind, body.to_owned());
    let rows = [
        (What::Status(403), "{} forbids this (it says: Injected by the test.)", false),
        (What::Status(413), "{} says that the request is too large", false),
        (What::Status(400), "{} answered with an unexpected status (400)", false),
        (What::Status(418), "{} answered with an unexpected status (418)", false),
        (What::Status(500), "{} has trouble of its own (status 500)", true),
        (reply(502, "text/html", "<html>S3cret</html>"), "{} has trouble of its own (status 502)", true),
        (What::Status(503), "{} has trouble of its own (status 503)", true),
        (What::Limited(RetryAfter::Absent), "{} limits the rate of logins", true),
        (What::Limited(RetryAfter::Seconds(7)), "{} limits the rate of logins; it asks to wait 7 s", true),
        (What::Limited(RetryAfter::Date(90)), "{} limits the rate of logins; it asks to wait 90 s", true),
        (What::CutOff, "the exchange with {} broke off", true),
        (What::HangUp, "the exchange with {} broke off", true),
        (What::Huge, "the reply of {} is larger than 4 MiB", false),
        (
            What::SubjectToken(None),
            "the reply of {} is not as it should be: there is no X-Subject-Token",
            false,
        ),
        (
            reply(201, "application/json", "{}"),
            "the reply of {} is not as it should be: there is no X-Su",
            false,
        ),
        (What::Receipt, "{} accepted the password and asks for another factor (password + totp)", false),
    ];
    for (what, message, is_worth_retrying) in rows {
        check(what, message, is_worth_retrying).await;
    }
}

#[tokio::test]
async fn what_is_no_keystone_at_all_is_said_to_be_none() {
    for what in [What::Rubbish, What::Html, What::Reply(201, "text/plain", "S3cret".to_owned())] {
        let fake = Fake::start(Knobs { trouble: Trouble::always(what), ..Knobs::default() });
        let fault = login(&fake).await.unwrap_err();
        let expect = format!("what answers at {} is no keystone: its reply is not JSON", fake.url());
        assert_eq!(chain(&fault), expect);
        assert_silent(&fault);
    }
    let fake = Fake::start(Knobs { trouble: Trouble::always(What::Status(404)), ..Knobs::default() });
    let fault = login(&fake).await.unwrap_err();
    assert_eq!(chain(&fault), format!("there is no identity service (v3) at {}", fake.url()));
}

#[tokio::test]
async fn a_wrong_password_a_locked_account_and_an_unknown_project_are_refused_once() {
    let fake = Fake::start(Knobs::default());
    let profile = profile(&fake.url());
    let wrong = login_as(&profile, &profile.scope, &Secret::new("S3cret but wrong".to_owned())).await;
    let name = |name: &str| Reference { id: None, name: Some(name.to_owned()) };
    let unknown = Scope::Project { project: name("nosuch"), domain: name("Default") };
    let unknown = login_as(&profile, &unknown, &password()).await;
    fake.turn(|knobs| knobs.is_locked = true);
    let locked = login(&fake).await;
    let said = "(it says: The request you have made requires authentication.)";
    for outcome in [wrong, unknown, locked] {
        let fault = outcome.unwrap_err();
        assert_eq!(chain(&fault), format!("keystone at {} refused the login {said}", fake.url()));
        assert!(!fault.is_worth_retrying());
        assert_silent(&fault);
    }
    assert_eq!(fake.creations(), 3);
}

#[tokio::test]
async fn a_server_that_repeats_the_secret_is_not_quoted() {
    let error = |message: &str| serde_json::json!({"error": {"code": 401, "message": message, "title": "x"}});
    let password = Knobs::default().password;
    let as_json = serde_json::json!({"password": password}).to_string();
    for message in [password.as_str(), as_json.as_str(), "gone S3cret pa'ss\"w$rd\\ gone"] {
        for status in [400, 401, 403, 409, 422, 500] {
            let what = What::Reply(status, "application/json", error(message).to_string());
            let fake = Fake::start(Knobs { trouble: Trouble::always(what), ..Knobs::default() });
            assert_silent(&login(&fake).await.unwrap_err());
        }
    }
}

#[tokio::test]
async fn a_message_of_the_server_moves_no_cursor() {
    let error = serde_json::json!({"error": {"message": "locked\u{1b}[2J\r\nrun: rm -rf"}}).to_string();
    let fault = check(
        What::Reply(401, "application/json", error),
        "{} refused the login (it says: locked [2J run: rm -rf)",
        false,
    );
    fault.await;
}

#[tokio::test]
async fn a_redirect_is_named_and_never_followed() {
    let elsewhere = Fake::start(Knobs::default());
    let to = format!("{}/auth/tokens", elsewhere.url());
    let message = format!("{{}} points elsewhere, to {to}; a login is not sent on");
    check(What::Redirect(to), &message, false).await;
    assert_eq!(elsewhere.requests().len(), 0);

    let to = "https://ada:S3cret@evil.example/v3?q=S3cret#S3cret".to_owned();
    check(What::Redirect(to), "{} points elsewhere, to https://evil.example/v3;", false).await;
}

#[tokio::test]
async fn a_token_that_could_not_be_a_header_again_is_no_token() {
    for text in ["", "a b", "gAAAAA\u{e9}", "a\tb", &"x".repeat(9000)] {
        let what = What::SubjectToken(Some(text.to_owned()));
        let fake = Fake::start(Knobs { trouble: Trouble::always(what), ..Knobs::default() });
        let fault = login(&fake).await.unwrap_err();
        assert!(matches!(fault, Fault::Shape { .. }), "{fault}");
        assert_silent(&fault);
    }
}

#[tokio::test]
async fn a_host_without_address_is_told_from_one_that_refuses() {
    let nowhere = profile("http://name.invalid:5000/v3");
    let fault = login_as(&nowhere, &nowhere.scope, &password()).await.unwrap_err();
    assert_eq!(fault.to_string(), "the host name of keystone at http://name.invalid:5000/v3 has no address");
    assert!(fault.is_worth_retrying());
    assert_silent(&fault);

    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = profile(&format!("http://{free}/v3"));
    let fault = login_as(&closed, &closed.scope, &password()).await.unwrap_err();
    let expect = format!("keystone at http://{free}/v3 cannot be reached: Connection refused (os error 111)");
    assert_eq!(chain(&fault), expect);
    assert!(fault.is_worth_retrying());
}

#[tokio::test]
async fn a_keystone_that_does_not_answer_costs_no_more_than_the_callers_deadline() {
    let fake = Fake::start(Knobs { trouble: Trouble::always(What::Hold), ..Knobs::default() });
    let profile = profile(&fake.url());
    let deadline = Instant::now() + Duration::from_millis(300);
    let http = Http::direct();
    let login = keystone::login(&http, &profile, &profile.scope, &password(), &mut open(), deadline).await;
    let fault = login.unwrap_err();
    assert_eq!(fault.to_string(), format!("keystone at {} did not answer in time (no reply)", fake.url()));
    assert!(fault.is_worth_retrying());
    assert_silent(&fault);
    assert!(Instant::now() >= deadline);
}

#[tokio::test]
async fn a_deadline_that_has_passed_sends_nothing() {
    let fake = Fake::start(Knobs::default());
    let profile = profile(&fake.url());
    let http = Http::direct();
    let passed = Instant::now();
    for _ in 0..2 {
        let login = keystone::login(&http, &profile, &profile.scope, &password(), &mut open(), passed).await;
        assert!(matches!(login.unwrap_err(), Fault::TimedOut { .. }));
        assert_eq!(fake.creations(), 0);
        keystone::login(&http, &profile, &profile.scope, &password(), &mut open(), soon()).await.unwrap();
        fake.forget_requests();
    }
}

#[tokio::test]
async fn a_connection_that_died_in_between_is_no_second_creation() {
    let fake = Fake::start(Knobs::default());
    let (profile, http) = (profile(&fake.url()), Http::direct());
    keystone::login(&http, &profile, &profile.scope, &password(), &mut open(), soon()).await.unwrap();
    fake.turn(|knobs| knobs.trouble = Trouble::first(1, What::HangUp));
    let second = keystone::login(&http, &profile, &profile.scope, &password(), &mut open(), soon()).await;
    assert!(matches!(second.unwrap_err(), Fault::CutOff { .. }));
    assert_eq!(fake.creations(), 2);
}

#[tokio::test]
async fn what_speaks_no_http_is_a_broken_reply() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let profile = profile(&format!("http://{}/v3", listener.local_addr().unwrap()));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n").unwrap();
        let _ = stream.read(&mut [0; 4096]);
    });
    let fault = login_as(&profile, &profile.scope, &password()).await.unwrap_err();
    server.join().unwrap();
    assert!(matches!(fault, Fault::CutOff { .. }), "{}", chain(&fault));
    assert_silent(&fault);
}
