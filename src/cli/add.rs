//! `add`: an OpenRC file, or the environment, becomes a profile. The file is read, never run; its password goes into the keyring after a login has
//! tested it; the file may lose it.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;

use clap::Args;

use super::source::{Named, Source};
use super::{ask, output, report, scrub, secret};
use crate::host::terminal;
use crate::openrc::{self, Draft, Reading};
use crate::profile::{Fault, Method, Name, Profile, Tls};
use crate::secret::Secret;
use crate::wire::answer::{Added, Profiles};
use crate::wire::request::Add as Wish;
use crate::wire::{Code, Failure, Op, Request, Sealed};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  osagent add openrc.sh\n  osagent add openrc.sh --name prod --default --scrub\n  \
    pass show cloud/prod | osagent add openrc.sh --name prod --secret-stdin\n\n\
    The file is read and never run. The login is tested before anything is stored; the password goes into the keyring,\n\
    never into a file of osagent's. Adding the same file again changes nothing."
)]
pub(crate) struct Add {
    #[command(flatten)]
    pub source: Named,
    /// The profile's name; without it one is made from the project's or the user's
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
        let text = format!("--scrub edits an OpenRC file, and {} is none", source.shown());
        return Err(Failure::new(Code::Usage, text));
    }
    let given = if arguments.secret_stdin { Some(secret::from_stdin()?) } else { None };
    let reading = if arguments.dry_run { source.read()? } else { source.interview(given.as_ref())? };
    let draft = source.draft(&reading);
    tell_of(&source, &reading, &draft, arguments.dry_run)?;
    let profile = profile(arguments, &source, &reading, &draft)?;
    if arguments.dry_run {
        return show_plan(arguments, &source, &draft, profile);
    }
    let is_in_file = draft.secret.is_some() && draft.secret_prompt.is_none();
    let secret = given.or_else(|| draft.secret.as_ref().map(Secret::duplicate));
    let added = send(arguments, &profile, secret)?;
    tell_added(&added, &profile);
    if let Some(rc) = source.rc() {
        let may_scrub = is_in_file && !arguments.no_scrub && added.survives && terminal::can_ask();
        if arguments.scrub || (may_scrub && scrub::is_wanted(rc)?) {
            scrub::run(rc, &reading, &profile.name)?;
        }
    }
    let name = if added.default { String::new() } else { format!(" {}", added.profile) };
    if let Some(left) = source.left_behind(&draft, &name) {
        report::note(&left);
    }
    report::note(&format!("next: eval $(osagent env{name})"));
    Ok(())
}

/// Warnings, and what stands in the way: unknowns and what this release cannot do.
fn tell_of(source: &Source, reading: &Reading, draft: &Draft, is_dry_run: bool) -> Result<(), Failure> {
    for warning in &draft.warnings {
        report::warning(&format!("{}: {}", source.at(reading, warning.place), warning.text));
    }
    if let Some(unsupported) = draft.unsupported.first() {
        let text = format!("{}: {}", source.at(reading, unsupported.place), unsupported.what);
        return Err(Failure::new(Code::Usage, text));
    }
    // In a dry run nobody was asked yet: what hangs on an answer is no fault.
    let is_open = |why: &openrc::Why| is_dry_run && matches!(why, openrc::Why::Prompt { .. });
    match draft.unknown.iter().find(|open| !open.is_secret && !is_open(&open.why)) {
        Some(open) => {
            let (at, name, why) = (source.at(reading, open.place), &open.name, &open.why);
            let text = format!("{at}: {name} hangs on {why}; write its value into the file");
            Err(Failure::new(Code::Usage, text))
        }
        None => Ok(()),
    }
}

fn profile(arguments: &Add, source: &Source, reading: &Reading, draft: &Draft) -> Result<Profile, Failure> {
    let absolute = |path: &Option<PathBuf>| path.as_ref().map(|path| source.folder().join(path));
    let mut profile = Profile {
        name: "unnamed".parse().expect("letters only"),
        auth_url: draft.auth_url.clone().unwrap_or_default(),
        method: Method::Password,
        user: draft.user.clone(),
        scope: draft.scope.clone(),
        regions: draft.regions.clone(),
        interface: draft.interface.clone(),
        tls: Tls {
            cacert: absolute(&draft.tls.cacert),
            cert: absolute(&draft.tls.cert),
            key: absolute(&draft.tls.key),
            insecure: draft.tls.insecure,
        },
        allow_http: arguments.allow_http,
    };
    match profile.fault() {
        Some(Fault::NoUser) if arguments.dry_run => {}
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

/// As said; as the same login is called already; else one made from the project or the user, confirmed where somebody can.
fn name(arguments: &Add, reading: &Reading, profile: &Profile) -> Result<Name, Failure> {
    if let Some(name) = arguments.name.clone().or_else(|| reading.scrubbed_for.clone()) {
        return Ok(name);
    }
    let known: Profiles = ask::ask(&mut Request::new(Op::Profiles))?;
    let is_same = |other: &Profile| other.identity() == profile.identity() && other.scope == profile.scope;
    if let Some(same) = known.profiles.iter().map(|listed| &listed.profile).find(|other| is_same(other)) {
        return Ok(same.name.clone());
    }
    let slug = Name::slug(profile.scope.word()).or_else(|| Name::slug(profile.user.user.word()));
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
fn send(arguments: &Add, profile: &Profile, secret: Option<Secret>) -> Result<Added, Failure> {
    let request_id = format!("{:016x}", RandomState::new().build_hasher().finish());
    let mut secret = secret;
    let mut replace = arguments.replace;
    loop {
        let mut request = Request::new(Op::Add);
        request.add = Some(Box::new(wish(arguments, profile, request_id.clone(), replace)));
        request.secret = secret.as_ref().map(|secret| Sealed(secret.duplicate()));
        match ask::ask::<Added>(&mut request) {
            Err(failure) if failure.code == Code::Exists && !replace && terminal::can_ask() => {
                report::note(&failure.message);
                replace = terminal::confirm("Let the new login have the name?")
                    .map_err(|fault| ask::asking(&fault))?;
                if !replace {
                    return Err(failure);
                }
            }
            Err(failure) if failure.code == Code::NeedsPerson && secret.is_none() && terminal::can_ask() => {
                let question = format!("Password of {}, {}: ", profile.who(), profile.scope.describe());
                secret = Some(secret::from_terminal(&question)?);
            }
            // There is no such profile yet that a hint could name.
            outcome => return outcome.map_err(|failure| Failure { profile: None, ..failure }),
        }
    }
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

fn tell_added(added: &Added, profile: &Profile) {
    report::warnings(&added.warnings);
    let what = match added.change.as_str() {
        "new" => "added",
        "replaced" => "now has another login",
        "region" => "has one more region",
        "unchanged" => "is as it was",
        _ => "updated",
    };
    let default = if added.default { "; it is the default" } else { "" };
    let name = &added.profile;
    report::note(&format!(
        "profile {name:?} {what}: {}, {}{default}",
        profile.who(),
        profile.scope.describe()
    ));
    match &added.expires_at {
        Some(end) => report::note(&format!("the login works; its token is kept until {end}")),
        None => report::note("the login was not tested"),
    }
    report::note(&format!("the password is in the keyring {} ({})", added.keyring, added.why));
    if !added.survives {
        report::warning(
            "that keyring ends with the agent (logout, reboot, 'osagent stop'): the password must be typed again then",
        );
    }
}

/// `--dry-run`: on standard output, for it is what was asked for.
fn show_plan(arguments: &Add, source: &Source, draft: &Draft, profile: Profile) -> Result<(), Failure> {
    let mut request = Request::new(Op::Add);
    request.add = Some(Box::new(wish(arguments, &profile, String::new(), arguments.replace)));
    let plan: Result<Added, Failure> = match profile.fault() {
        None => ask::ask(&mut request),
        // A user that the file asks for: the agent takes whole profiles only.
        Some(fault) => Err(Failure::of(Code::NeedsPerson, &fault)),
    };
    let mut text =
        format!("{} is read, not run: {}, {}\n", source.shown(), profile.who(), profile.scope.describe());
    match (&draft.secret, draft.secret_prompt, arguments.secret_stdin) {
        (_, _, true) => text.push_str("the password would come from standard input\n"),
        (_, Some(_), _) => text.push_str("the password would be asked for, as the file does\n"),
        (Some(_), None, _) => text.push_str("the password stands in the file\n"),
        (None, None, _) => text.push_str("the file says nothing of a password; it would be asked for\n"),
    }
    match plan {
        Ok(plan) => text.push_str(&format!(
            "profile {:?} would be {}; the password would go into the keyring {} ({})\n",
            plan.profile, plan.change, plan.keyring, plan.why
        )),
        Err(failure) if failure.code == Code::NeedsPerson => {
            text.push_str("the user would be asked for, as the file does\n")
        }
        Err(failure) => return Err(failure),
    }
    if !arguments.no_verify {
        text.push_str(&format!("a login at {} would test it\n", profile.auth_url));
    }
    if arguments.scrub {
        text.push_str(&format!("the password would be taken out of {}\n", source.shown()));
    }
    output::print(&text)
}
