//! Logins, exchanges and revocations against the fake Keystone, and everything that can go wrong on the way.

use std::time::{Duration, Instant};

use osagent::keystone::{self, Fault, Gate, Http, Issued, Revoked};
use osagent::profile::{Profile, Scope};
use osagent::secret::Secret;

use crate::fake::{Fake, Knobs};

struct Open;

impl Gate for Open {
    fn creation(&mut self) -> Result<(), Duration> {
        Ok(())
    }
}

fn profile(auth_url: &str) -> Profile {
    toml::from_str(&format!(
        "name = 'p'\nauth_url = '{auth_url}'\nmethod = 'password'\n[user]\nname = 'ada'\ndomain.name = 'Default'\n\
         [scope.project]\nname = 'alpha'\ndomain.name = 'Default'\n"
    ))
    .expect("a profile")
}

async fn login(fake: &Fake) -> Result<Issued, Fault> {
    let profile = profile(&fake.url());
    let secret = Secret::new(Knobs::default().password);
    let deadline = Instant::now() + Duration::from_secs(20);
    keystone::login(&Http::direct(), &profile, &profile.scope, &secret, &mut Open, deadline).await
}

#[tokio::test]
async fn a_login_gives_a_token() {
    let fake = Fake::start(Knobs::default());
    let issued = login(&fake).await.unwrap();
    assert_eq!(issued.token.id.expose().len(), 183);
    let profile = profile(&fake.url());
    let deadline = Instant::now() + Duration::from_secs(20);
    let http = Http::direct();
    let child = keystone::rescope(&http, &profile, &issued.token.id, &Scope::Unscoped, &mut Open, deadline)
        .await
        .unwrap();
    assert_eq!(child.token.expires_s, issued.token.expires_s);
    assert!(keystone::check(&http, &profile, &child.token.id, deadline).await.unwrap());
    assert_eq!(keystone::revoke(&http, &profile, &issued.token.id, deadline).await.unwrap(), Revoked::Ended);
    assert_eq!(
        keystone::revoke(&http, &profile, &issued.token.id, deadline).await.unwrap(),
        Revoked::AlreadyDead
    );
    assert!(!keystone::check(&http, &profile, &child.token.id, deadline).await.unwrap());
}
