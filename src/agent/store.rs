//! Profiles and their secrets: add, change, remove. The order is what keeps them whole: a login tests the secret, then the
//! keyring gets it, then the profile is saved. Killed in between, an `add` that is done again finishes the job.

use std::rc::Rc;

use super::cache::Key;
use super::handout::until;
use super::profiles::{Entry, Forward};
use super::{Agent, changes, prompts, refresh, refused, words};
use crate::keyring::{Done as Stored, Item, Job, Kind};
use crate::keystone::Fault;
use crate::profile::{Identity, Method, Name, Origin, Profile};
use crate::secret::Secret;
use crate::wire::answer::{Added, Change, Done, Listed, Profiles};
use crate::wire::request::Add;
use crate::wire::{Code, Failure, Request, Sealed};

/// What a profile's secret rests under in a keyring.
pub(super) fn item(profile: &Profile, origin: Origin) -> Item {
    let kind = match profile.method {
        Method::Password => Kind::Password,
    };
    Item { profile: profile.name.clone(), origin, user: profile.user.user.word().to_owned(), kind }
}

/// `add`.
pub(super) async fn add(agent: &Rc<Agent>, request: &mut Request) -> Result<Added, Failure> {
    let Some(add) = request.add.take() else { return Err(missing("add")) };
    if let Some(answer) = agent.added.borrow().get(&add.request_id) {
        return Ok(answer.clone());
    }
    let profile = &add.profile;
    if let Some(fault) = profile.fault() {
        return Err(words::about(profile, Failure::of(Code::BadProfile, &fault)));
    }
    let origin = profile.origin().ok_or_else(|| missing("add.profile.auth_url"))?;
    let before = agent.profiles.borrow().get(profile.name.as_str()).cloned();
    let (entry, change) = settle(agent, &add, before.as_deref()).await?;
    let mut added = planned(agent, &add, before.as_deref(), &entry, change)?;
    let entry = entry.entry;
    let given = request.secret.take().map(|Sealed(secret)| secret);
    if add.dry_run {
        // Not compared with the stored one: whoever guesses would be told, as often as they like.
        added.secret = if given.is_some() { "given" } else { "kept" }.to_owned();
        return Ok(added);
    }
    let held = before.as_deref().filter(|before| change != "replaced" && before.keyring == entry.keyring);
    added.secret = compare(agent, held, given.as_ref(), request.may_prompt).await?.to_owned();
    let is_given = given.is_some();
    // Without a secret the one that the profile has already must do: a file that was scrubbed holds none.
    let secret = match (given, change) {
        (Some(secret), _) => secret,
        (None, "new" | "replaced") => return Err(no_secret(profile)),
        (None, _) if before.as_deref().is_some_and(|before| trust(&before.profile) != trust(profile)) => {
            return Err(other_trust(profile));
        }
        (None, _) => refresh::secret(agent, &entry, request.may_prompt).await?,
    };
    if !add.no_verify {
        let until = until(request);
        added.expires_at = Some(match is_given {
            true => try_given(agent, &entry.profile, &secret, until).await?,
            false => test(agent, &entry.profile, &secret, until).await?,
        });
    }
    if matches!(added.secret.as_str(), "new" | "other") {
        put_secret(agent, &entry, item(&entry.profile, origin), secret, request.may_prompt).await?;
    }
    if added.secret != "kept" {
        agent.has_new_secret(&entry.profile.identity());
    }
    let keyring = entry.keyring.clone();
    save(agent, entry, &add)?;
    if let Some(before) = before.filter(|before| before.keyring != keyring) {
        added.warnings.extend(forget_before(agent, &before).await);
    }
    added.default = agent.profiles.borrow().default().is_some_and(|e| e.profile.name == add.profile.name);
    agent.added.borrow_mut().put(add.request_id, added.clone());
    Ok(added)
}

/// What the answer is to say, before anything was done.
fn planned(
    agent: &Agent,
    add: &Add,
    before: Option<&Entry>,
    settled: &Settled,
    change: &str,
) -> Result<Added, Failure> {
    let keyring = &settled.entry.keyring;
    let survives = agent.keyrings.survives(keyring);
    if add.must_survive && !survives {
        let text = format!(
            "the keyring {keyring} ends with the agent, so the file must keep its secret ({})",
            settled.why
        );
        return Err(words::about(&add.profile, Failure::new(Code::KeyringVolatile, text)));
    }
    Ok(Added {
        profile: add.profile.name.to_string(),
        survives,
        keyring: keyring.clone(),
        why: settled.why.clone(),
        change: change.to_owned(),
        changes: before.map(|before| told(before, &settled.entry)).unwrap_or_default(),
        secret: String::new(),
        default: add.default,
        expires_at: None,
        warnings: Vec::new(),
    })
}

/// How the secret stands to the one that the profile has already in its keyring.
async fn compare(
    agent: &Agent,
    held: Option<&Entry>,
    given: Option<&Secret>,
    may_prompt: bool,
) -> Result<&'static str, Failure> {
    let Some(given) = given else { return Ok("kept") };
    let Some((entry, origin)) = held.and_then(|entry| Some((entry, entry.origin()?))) else {
        return Ok("new");
    };
    let job = Job::Get(item(&entry.profile, origin));
    match agent.keyrings.ask(&entry.keyring, job, may_prompt).await {
        Ok(Stored::Got(Some(secret))) => {
            let is_same = agent.arena.keep(secret).expose() == given.expose();
            Ok(if is_same { "same" } else { "other" })
        }
        Ok(_) | Err(crate::keyring::Fault::OtherOrigin { .. }) => Ok("new"),
        Err(fault) => Err(words::keyring(entry.profile.name.as_str(), &fault)),
    }
}

/// What of a profile that is there becomes another thing.
fn told(before: &Entry, after: &Entry) -> Vec<Change> {
    let mut told = changes::changes(&before.profile, &after.profile);
    if before.keyring != after.keyring {
        let (old, new) = (before.keyring.clone(), after.keyring.clone());
        told.push(Change { key: "keyring".to_owned(), old, new });
    }
    told
}

struct Settled {
    entry: Entry,
    why: String,
}

/// What the profile will be: new, the same login updated, or a name that another login has.
async fn settle(
    agent: &Agent,
    add: &Add,
    before: Option<&Entry>,
) -> Result<(Settled, &'static str), Failure> {
    let profile = &add.profile;
    let same_login = before.filter(|entry| Key::of(&entry.profile) == Key::of(profile));
    if let (Some(before), None, false) = (before, same_login, add.replace) {
        let text =
            format!("the name is taken by {}, {}", before.profile.who(), before.profile.scope.describe());
        return Err(words::about(profile, Failure::new(Code::Exists, text)));
    }
    let Some(before) = same_login else {
        let choice = agent.keyrings.choose(add.keyring.as_deref()).await;
        let choice = choice.map_err(|text| Failure::new(Code::Usage, text))?;
        let entry = Entry::new(profile.clone(), choice.keyring);
        return Ok((Settled { entry, why: choice.why }, if before.is_some() { "replaced" } else { "new" }));
    };
    // A profile keeps its keyring, unless another is asked for by name.
    let (keyring, why) = match add.keyring.as_deref() {
        Some(_) => {
            let choice = agent.keyrings.choose(add.keyring.as_deref()).await;
            let choice = choice.map_err(|text| Failure::new(Code::Usage, text))?;
            (choice.keyring.to_owned(), choice.why)
        }
        None => (before.keyring.clone(), "the profile has it already".to_owned()),
    };
    let mut merged = profile.clone();
    let news = profile.regions.iter().filter(|region| !before.profile.regions.contains(region)).count();
    merged.regions = before.profile.regions.clone();
    merged.regions.extend(profile.regions.iter().filter(|r| !before.profile.regions.contains(r)).cloned());
    let entry = before.with(merged, &keyring);
    let change = match entry == *before {
        true => "unchanged",
        false if news > 0 && !before.profile.regions.is_empty() => "region",
        false => "updated",
    };
    Ok((Settled { entry, why }, change))
}

/// One login with the secret; its token is kept. The end of the token, for people.
async fn test(
    agent: &Rc<Agent>,
    profile: &Profile,
    secret: &Secret,
    until: std::time::Instant,
) -> Result<String, Failure> {
    let fault = match refresh::login(agent, profile, &profile.scope, secret, until).await {
        Ok(issued) => {
            return Ok(agent.keep(profile, Key::of(profile), issued, None).token.expires_at.clone());
        }
        Err(fault) => fault,
    };
    let is_refused = matches!(fault, Fault::Refused { .. });
    if is_refused && refused::is_good_unscoped(agent, profile, secret, until).await {
        return Err(refused::no_role(profile));
    }
    Err(words::keystone(profile, &fault))
}

/// The same with a secret that somebody gave, who may be guessing: one at a time, and after wrong ones not at once.
async fn try_given(
    agent: &Rc<Agent>,
    profile: &Profile,
    secret: &Secret,
    until: std::time::Instant,
) -> Result<String, Failure> {
    let mut turn = prompts::try_password(agent, profile, until).await?;
    let tested = test(agent, profile, secret, until).await;
    turn.tried(tested.as_ref().err());
    tested
}

impl Agent {
    /// What was refused before may be asked again, and what is refused from now on counts only if it was this secret.
    fn has_new_secret(&self, identity: &Identity) {
        self.secrets.set(self.secrets.get() + 1);
        self.refused.borrow_mut().forget(identity);
    }
}

/// Puts the secret into the keyring and reads it back: what cannot be read is not there.
async fn put_secret(
    agent: &Agent,
    entry: &Entry,
    item: Item,
    secret: Secret,
    may_prompt: bool,
) -> Result<(), Failure> {
    let name = entry.profile.name.as_str();
    let failed = |fault| words::keyring(name, &fault);
    let copy = agent.arena.keep(secret.duplicate());
    let set = Job::Set(item.clone(), secret);
    agent.keyrings.ask(&entry.keyring, set, may_prompt).await.map_err(failed)?;
    match agent.keyrings.ask(&entry.keyring, Job::Get(item), may_prompt).await.map_err(failed)? {
        Stored::Got(Some(back)) if back.expose() == copy.expose() => Ok(()),
        _ => {
            let text = format!("the keyring {} took the secret and does not give it back", entry.keyring);
            Err(words::about(&entry.profile, Failure::new(Code::Keyring, text)))
        }
    }
}

/// The secret has moved: the keyring that had it before loses it, or the warning says that it did not.
async fn forget_before(agent: &Agent, before: &Entry) -> Option<String> {
    let job = Job::Remove(item(&before.profile, before.profile.origin()?));
    let fault = agent.keyrings.ask(&before.keyring, job, false).await.err()?;
    Some(format!("the secret is still in the keyring {} too: {fault}", before.keyring))
}

fn save(agent: &Agent, entry: Entry, add: &Add) -> Result<(), Failure> {
    let mut profiles = agent.profiles.borrow_mut();
    let name = entry.profile.name.clone();
    profiles.save(entry).map_err(|fault| words::profiles(&fault))?;
    if add.default {
        profiles.set_default(&name).map_err(|fault| words::profiles(&fault))?;
    }
    // Shells that follow the default, or this profile, look again.
    agent.epoch.bump();
    Ok(())
}

/// `secret_set` (`passwd`): the new secret is tested before it replaces the old one, and is bound to the profile's origin.
/// `answer`: a secret that the keyring has lost; the same, but only for a keyring that loses them.
pub(super) async fn secret_set(agent: &Rc<Agent>, request: &mut Request) -> Result<Done, Failure> {
    let entry = agent.entry(request.profile.as_deref())?;
    let Some(Sealed(secret)) = request.secret.take() else { return Err(missing("secret")) };
    let profile = entry.profile.clone();
    if let Some(fault) = profile.fault() {
        return Err(words::about(&profile, Failure::of(Code::BadProfile, &fault)));
    }
    if !request.no_verify {
        try_given(agent, &profile, &secret, until(request)).await?;
    }
    let origin = profile.origin().ok_or_else(|| missing("profile.auth_url"))?;
    put_secret(agent, &entry, item(&profile, origin), secret, request.may_prompt).await?;
    if entry.origin().is_none() {
        let bound = entry.with(profile.clone(), &entry.keyring);
        agent.profiles.borrow_mut().save(bound).map_err(|fault| words::profiles(&fault))?;
    }
    agent.has_new_secret(&profile.identity());
    agent.prompts.answered(profile.name.as_str());
    Ok(Done { profile: Some(profile.name.to_string()), warnings: Vec::new() })
}

/// `remove`: first the secret, then the profile, so that no secret is left that nothing names. Its tokens are kept for
/// `revoke --all`.
pub(super) async fn remove(agent: &Rc<Agent>, request: &Request) -> Result<Done, Failure> {
    let Some(name) = request.profile.as_deref() else { return Err(missing("profile")) };
    let entry = agent.entry(Some(name))?;
    let mut done = Done { profile: Some(name.to_owned()), warnings: Vec::new() };
    if let Ok(origin) = entry.profile.origin().ok_or(()) {
        let job = Job::Remove(item(&entry.profile, origin));
        match agent.keyrings.ask(&entry.keyring, job, request.may_prompt).await {
            Ok(_) => {}
            Err(fault) if request.all => done.warnings.push(words::keyring(name, &fault).message),
            Err(fault) => return Err(words::keyring(name, &fault)),
        }
    }
    agent.profiles.borrow_mut().remove(&entry.profile.name).map_err(|fault| words::profiles(&fault))?;
    agent.refused.borrow_mut().forget(&entry.profile.identity());
    agent.epoch.bump();
    Ok(done)
}

/// `default`: sets it when a profile is named, and answers what it is.
pub(super) fn default(agent: &Agent, request: &Request) -> Result<Done, Failure> {
    let entry = agent.entry(request.profile.as_deref())?;
    let name = entry.profile.name.clone();
    if request.profile.is_some() {
        agent.profiles.borrow_mut().set_default(&name).map_err(|fault| words::profiles(&fault))?;
        agent.epoch.bump();
    }
    Ok(Done { profile: Some(name.to_string()), warnings: Vec::new() })
}

/// `profiles`.
pub(super) fn profiles(agent: &Agent) -> Profiles {
    let profiles = agent.profiles.borrow();
    let default = profiles.default().map(|entry| entry.profile.name.clone());
    let listed = profiles.all().map(|entry| listed(entry, default.as_ref())).collect();
    Profiles { profiles: listed, warnings: profiles.warnings.clone() }
}

/// `show`.
pub(super) fn show(agent: &Agent, request: &Request) -> Result<Listed, Failure> {
    let entry = agent.entry(request.profile.as_deref())?;
    let profiles = agent.profiles.borrow();
    Ok(listed(&entry, profiles.default().map(|entry| &entry.profile.name)))
}

fn listed(entry: &Entry, default: Option<&Name>) -> Listed {
    Listed {
        profile: entry.profile.clone(),
        default: default == Some(&entry.profile.name),
        keyring: entry.keyring.clone(),
        secret_origin: entry.secret_origin.clone(),
        allow_forward: (entry.forward != Forward::No).then(|| entry.forward.to_string()),
    }
}

fn no_secret(profile: &Profile) -> Failure {
    words::about(
        profile,
        Failure::new(Code::NeedsPerson, "the file does not hold its password, and nor does any keyring"),
    )
}

/// What decides to whom a secret goes beside its origin.
fn trust(profile: &Profile) -> (bool, Option<&std::path::Path>, bool) {
    (profile.tls.insecure, profile.tls.cacert.as_deref(), profile.allow_http)
}

fn other_trust(profile: &Profile) -> Failure {
    let text = "it would trust another way to its keystone (insecure, cacert or allow_http), \
        and the stored password is not sent there: give it anew";
    words::about(profile, Failure::new(Code::NeedsPerson, text))
}

fn missing(field: &str) -> Failure {
    Failure::new(Code::BadRequest, format!("the request has no {field:?}"))
}
