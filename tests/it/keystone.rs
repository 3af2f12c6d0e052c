//! Logins, exchanges and revocations against the fake Keystone, and everything that can go wrong on the way.

mod faults;
mod life;
mod logins;
mod tls;

use std::time::{Duration, Instant};

use osagent::keystone::{self, Fault, Gate, Http, Issued};
use osagent::profile::{Profile, Scope};
use osagent::secret::Secret;

use crate::fake::{Fake, Knobs};

/// Counts, and lets through as many as it was told to.
struct Count {
    asked: usize,
    room: usize,
}

impl Gate for Count {
    fn creation(&mut self) -> Result<(), Duration> {
        self.asked += 1;
        if self.asked <= self.room { Ok(()) } else { Err(Duration::from_secs(17)) }
    }
}

fn open() -> Count {
    Count { asked: 0, room: usize::MAX }
}

/// No test waits so long; it is there so that a broken one ends.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn profile(auth_url: &str) -> Profile {
    let text = format!(
        "name = 'prod'\nauth_url = '{auth_url}'\nmethod = 'password'\nallow_http = true\n\
         [user]\nname = 'ada'\ndomain.name = 'Default'\n\
         [scope.project]\nname = 'alpha'\ndomain.name = 'Default'\n"
    );
    toml::from_str(&text).expect("this is a profile")
}

fn password() -> Secret {
    Secret::new(Knobs::default().password)
}

async fn login_as(profile: &Profile, scope: &Scope, proof: &Secret) -> Result<Issued, Fault> {
    keystone::login(&Http::direct(), profile, scope, proof, &mut open(), soon()).await
}

async fn login(fake: &Fake) -> Result<Issued, Fault> {
    let profile = profile(&fake.url());
    login_as(&profile, &profile.scope, &password()).await
}

/// The fault and all its causes, as a person would see them.
fn chain(fault: &Fault) -> String {
    let mut text = fault.to_string();
    let mut source = std::error::Error::source(fault);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Neither the message nor the causes nor `Debug` shows a secret or a token.
fn assert_silent(fault: &Fault) {
    assert!(!chain(fault).contains(char::is_control), "{fault:?}");
    for text in [chain(fault), format!("{fault:?}")] {
        assert!(!text.contains("S3cret") && !text.contains("gAAAAA"), "{text}");
    }
}
