//! `add`: an OpenRC file, a cloud of a clouds.yaml or the environment becomes a profile. Nothing is run; the password goes into
//! the keyring after a login has tested it; an OpenRC file may lose it.

use std::hash::{BuildHasher, Hasher, RandomState};

use clap::Args;

use super::source::{Named, Source};
use super::{ask, output, plan, report, scrub, secret, source};
use crate::host::terminal;
use crate::openrc::{self, Draft, Reading};
use crate::profile::{Fault, Name, Profile};
use crate::secret::Secret;
use crate::wire::answer::{Added, Profiles};
use crate::wire::request::Add as Wish;
use crate::wire::{Code, Failure, Op, Request, Sealed};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  osagent add openrc.sh\n  osagent add openrc.sh --name prod --default --scrub\n  \
    pass show cloud/prod | osagent add openrc.sh --name prod --secret-stdin\n  \
    osagent add --cloud prod                   a cloud of a clouds.yaml\n  \
    osagent add --from-env                     where the file was sourced already\n\n\
    The file is read and never run. The login is tested before anything is stored; the password goes into the keyring,\n\
    never into a file of osagent's. Adding the same file again costs one login and changes nothing; a changed one says what it\n\
    changes. What the file leaves open (OS_USERNAME=$(whoami)) is asked for on the terminal, never guessed."
)]
pub(crate) struct Add {
    #[command(flatten)]
    pub source: Named,
    /// The profile's name; without it one is made from the cloud's, the project's or the user's
    #[arg(long, value_name = "NAME")]
    pub name: Option<Name>,
    /// Make it the default profile
    #[arg(long)]
    pub default: bool,
    /// Show what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not test the login
    #[arg(long)]
    pub no_verify: bool,
    /// Take the name from another login that has it
    #[arg(long)]
    pub replace: bool,
    /// Take the password out of the file
    #[arg(long, conflicts_with = "no_scrub")]
    pub scrub: bool,
    /// Leave the file as it is, and do not ask
    #[arg(long)]
    pub no_scrub: bool,
    /// Scrub even if the keyring does not outlive the agent
    #[arg(long, requires = "scrub")]
    pub force: bool,
    /// Read the password from standard input, one line
    #[arg(long)]
    pub secret_stdin: bool,
    /// Where the password rests: secret-service, memory, auto
    #[arg(long, value_name = "BACKEND")]
    pub keyring: Option<String>,
    /// Allow an auth URL that is http:// to another machine (the password crosses the network in clear)
    #[arg(long)]
    pub allow_http: bool,
}

pub(crate) fn run(arguments: &Add) -> Result<(), Failure> {
    if arguments.secret_stdin && arguments.source.is_stdin() {
        return Err(Failure::new(Code::Usage, "file and password cannot both come from standard input"));
    }
    let source = arguments.source.open()?;
    if let (true, None) = (arguments.scrub, source.rc()) {
        let text = format!(
            "--scrub edits an OpenRC file, and {} is none; take the password out by hand",
            source.shown()
        );
        return Err(Failure::new(Code::Usage, text));
    }
    let given = if arguments.secret_stdin { Some(secret::from_stdin()?) } else { None };
    let unanswered = source.read()?;
    refuse_unsupported(&source, &unanswered, &openrc::draft(&unanswered))?;
    if arguments.dry_run {
        return show_plan(arguments, &source, &unanswered, given);
    }
    let reading = source.interview(given.as_ref())?;
    let draft = openrc::draft(&reading);
    refuse_unsupported(&source, &reading, &draft)?;
    tell_warnings(&source, &reading, &draft);
    let profile = profile(arguments, &source, &reading, &draft)?;
    let is_in_file = draft.secret.is_some() && draft.secret_prompt.is_none();
    // Whatever stands in the way of the scrub is said before anything is stored.
    let wanted = source.rc().filter(|_| arguments.scrub);
    let mut scrub = wanted.map(|rc| scrub::prepare(rc, &reading, &profile.name)).transpose()?;
    let why_unknown = why_unknown(&source, &reading, &draft);
    let secret = given.or_else(|| draft.secret.as_ref().map(Secret::duplicate));
    let added = send(arguments, &profile, secret, why_unknown)?;
    plan::tell(&added, &profile);
    let may_scrub = is_in_file && !arguments.no_scrub && added.survives && terminal::can_ask();
    if let (None, true, Some(rc)) = (&scrub, may_scrub, source.rc().filter(|rc| rc.path.is_some())) {
        scrub = scrub::offer(rc, &reading, &profile.name)?;
    }
    if let Some(scrub) = scrub {
        scrub.run()?;
    }
    let name = if added.default { String::new() } else { format!(" {}", added.profile) };
    if let Some(left) = source.left_behind(&reading, &draft, &name) {
        report::note(&left);
    }
    report::note(&format!("next: eval $(osagent env{name})"));
    Ok(())
}

fn tell_warnings(source: &Source, reading: &Reading, draft: &Draft) {
    for warning in &draft.warnings {
        report::warning(&format!("{}: {}", source.at(reading, warning.place), warning.text));
    }
}

/// What this release cannot do is said before anybody is asked for anything.
fn refuse_unsupported(source: &Source, reading: &Reading, draft: &Draft) -> Result<(), Failure> {
    let Some(unsupported) = draft.unsupported.first() else { return Ok(()) };
    let text = format!("{}: {}", source.at(reading, unsupported.place), unsupported);
    Err(Failure::new(Code::Usage, text))
}

/// The file names a password and does not say which.
fn why_unknown(source: &Source, reading: &Reading, draft: &Draft) -> Option<String> {
    let open = draft.unknown.iter().find(|open| open.is_secret)?;
    Some(format!("{}: {} hangs on {}", source.at(reading, open.place), open.name, open.why))
}

fn profile(arguments: &Add, source: &Source, reading: &Reading, draft: &Draft) -> Result<Profile, Failure> {
    let mut profile = Profile { allow_http: arguments.allow_http, ..source::profile(draft, source.folder()) };
    match profile.fault() {
        // In a dry run nobody was asked yet, and what is missing is no fault.
        Some(fault) if arguments.dry_run && is_open(draft) && is_missing(&fault, draft) => {}
        Some(Fault::PlainHttp) => {
            let text = format!("{}: {}; --allow-http does it all the same", source.shown(), Fault::PlainHttp);
            return Err(Failure::new(Code::BadProfile, text));
        }
        Some(fault) => return Err(Failure::of(Code::BadProfile, &fault).at(source.shown())),
        None => {}
    }
    profile.name = name(arguments, reading, &profile)?;
    Ok(profile)
}

fn is_missing(fault: &Fault, draft: &Draft) -> bool {
    fault.is_lack() || (*fault == Fault::AuthUrl && draft.auth_url.is_none())
}

/// Something but the password is left to be asked.
fn is_open(draft: &Draft) -> bool {
    draft.unknown.iter().any(|open| !open.is_secret)
}

/// As said; as the same login is called already; else one made from the cloud of a clouds.yaml, the project or the user, confirmed where somebody can.
fn name(arguments: &Add, reading: &Reading, profile: &Profile) -> Result<Name, Failure> {
    if let Some(name) = arguments.name.clone().or_else(|| reading.scrubbed_for.clone()) {
        return Ok(name);
    }
    let known: Profiles = ask::ask(&mut Request::new(Op::Profiles))?;
    let is_same = |other: &Profile| other.identity() == profile.identity() && other.scope == profile.scope;
    if let Some(same) = known.profiles.iter().map(|listed| &listed.profile).find(|other| is_same(other)) {
        return Ok(same.name.clone());
    }
    let cloud = arguments.source.cloud.as_deref().and_then(Name::slug);
    let slug =
        cloud.or_else(|| Name::slug(profile.scope.word())).or_else(|| Name::slug(profile.user.user.word()));
    let slug = slug.unwrap_or_else(|| "openstack".parse().expect("letters only"));
    if arguments.dry_run || !terminal::can_ask() {
        return Ok(slug);
    }
    let typed = terminal::ask(&format!("Name of the profile [{slug}]: "), false)
        .map_err(|fault| ask::asking(&fault))?;
    match typed.expose().trim() {
        "" => Ok(slug),
        typed => typed.parse().map_err(|error| Failure::of(Code::Usage, &error)),
    }
}

/// Sends it; where the name is taken, asks whether it may be taken away; where no secret is known, asks for it.
fn send(
    arguments: &Add,
    profile: &Profile,
    mut secret: Option<Secret>,
    why_unknown: Option<String>,
) -> Result<Added, Failure> {
    let request_id = format!("{:016x}", RandomState::new().build_hasher().finish());
    let mut replace = arguments.replace;
    loop {
        let mut request = Request::new(Op::Add);
        request.add = Some(Box::new(wish(arguments, profile, request_id.clone(), replace)));
        request.secret = secret.as_ref().map(|secret| Sealed(secret.duplicate()));
        match ask::ask::<Added>(&mut request) {
            Err(failure) if failure.code == Code::Exists && !replace && terminal::can_ask() => {
                replace = may_replace(arguments, profile, &failure)?;
                if !replace {
                    return Err(failure);
                }
            }
            Err(failure) if failure.code == Code::NeedsPerson && secret.is_none() => {
                // There is no such profile yet that a hint could name.
                let message = why_unknown.clone().unwrap_or(failure.message);
                if !terminal::can_ask() {
                    return Err(Failure::new(Code::NeedsPerson, message));
                }
                if why_unknown.is_some() {
                    report::note(&message);
                }
                let question = format!("Password of {}, {}: ", profile.who(), profile.scope.describe());
                secret = Some(secret::from_terminal(&question)?);
            }
            outcome => return outcome.map_err(|failure| Failure { profile: None, ..failure }),
        }
    }
}

/// Shows what of the profile would become another thing, and asks.
fn may_replace(arguments: &Add, profile: &Profile, taken: &Failure) -> Result<bool, Failure> {
    let mut request = Request::new(Op::Add);
    let wish = Wish { dry_run: true, must_survive: false, ..wish(arguments, profile, String::new(), true) };
    request.add = Some(Box::new(wish));
    let added: Added = ask::ask(&mut request)?;
    report::note(&format!("profile {:?}: {}", added.profile, taken.message));
    plan::changes(&added.changes).iter().for_each(|change| report::note(change));
    terminal::confirm("Let the new login have the name?").map_err(|fault| ask::asking(&fault))
}

fn wish(arguments: &Add, profile: &Profile, request_id: String, replace: bool) -> Wish {
    Wish {
        profile: profile.clone(),
        request_id,
        keyring: arguments.keyring.clone(),
        replace,
        default: arguments.default,
        no_verify: arguments.no_verify,
        must_survive: arguments.scrub && !arguments.force,
        dry_run: arguments.dry_run,
    }
}

/// `--dry-run`: on standard output, for it is what was asked for. Nobody is asked for anything.
fn show_plan(
    arguments: &Add,
    source: &Source,
    reading: &Reading,
    given: Option<Secret>,
) -> Result<(), Failure> {
    let draft = openrc::draft(reading);
    tell_warnings(source, reading, &draft);
    let profile = profile(arguments, source, reading, &draft)?;
    let mut text = plan::of_settings(source, reading, &draft, &profile);
    text.push_str(&plan::of_secret(source, reading, &draft, arguments.secret_stdin));
    // The agent takes whole profiles only.
    if !is_open(&draft) {
        let mut request = Request::new(Op::Add);
        request.add = Some(Box::new(wish(arguments, &profile, String::new(), arguments.replace)));
        request.secret = given.or(draft.secret).map(Sealed);
        text.push_str(&plan::of_profile(&ask::ask(&mut request)?));
    }
    if !arguments.no_verify && !profile.auth_url.is_empty() {
        text.push_str(&format!("a login at {} would test it\n", profile.auth_url));
    }
    if arguments.scrub {
        text.push_str(&format!("the password would be taken out of {}\n", source.shown()));
    }
    output::print(&text)
}
