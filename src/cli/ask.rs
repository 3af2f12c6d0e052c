//! Asking the agent for a verb, and the person where the agent needs one: the question appears on the asker's own terminal,
//! the answer goes to the agent, and the request is sent anew.

use serde::de::DeserializeOwned;

use super::report;
use crate::client::Route;
use crate::host::signals::Held;
use crate::host::terminal;
use crate::wire::answer::Done;
use crate::wire::{Code, Failure, Op, Question, Reply, Request, Sealed};

/// As long as the agent gives a person for it (`prompt_s`), and a login after that.
const UNLOCK_WAIT_MS: u64 = 150_000;

/// A wrong answer may be typed again; after the third the account may be locked.
const TRIES_MAX: u32 = 3;

/// The route to this user's agent, from this process's environment.
pub(crate) fn route(held: Option<&Held>) -> Result<Route<'_>, Failure> {
    let mut route = Route::find(|name| std::env::var_os(name), held)?;
    route.on_slow = Some(report::slow);
    Ok(route)
}

/// Asks; starts the agent if none runs.
pub(crate) fn ask<T: DeserializeOwned>(request: &mut Request) -> Result<T, Failure> {
    on(&route(None)?, request)
}

/// The same on a route of the caller's.
pub(crate) fn on<T: DeserializeOwned>(route: &Route<'_>, request: &mut Request) -> Result<T, Failure> {
    for _ in 0..TRIES_MAX {
        match route.ask(request)? {
            Reply::Ok(answer) => return Ok(answer),
            Reply::Err(failure) if may_unlock(&failure, request) => {
                report::note(&format!("{failure}; waiting until it is unlocked"));
                request.may_prompt = true;
                request.deadline_ms.get_or_insert(UNLOCK_WAIT_MS);
            }
            Reply::Err(failure) => return Err(failure),
            // Nobody asked for anything at a prompt, so nobody is asked.
            Reply::Ask(question) if request.at_prompt => return Err(nobody(&question)),
            Reply::Ask(question) => answer(route, &question)?,
        }
    }
    Err(Failure::new(Code::NeedsPerson, "the agent goes on asking"))
}

/// Asks an agent that runs, and starts none.
pub(crate) fn ask_running<T: DeserializeOwned>(request: &Request) -> Result<Option<T>, Failure> {
    match route(None)?.ask_running(request)? {
        None => Ok(None),
        Some(Reply::Ok(answer)) => Ok(Some(answer)),
        Some(Reply::Err(failure)) => Err(failure),
        Some(Reply::Ask(question)) => Err(nobody(&question)),
    }
}

/// A locked keyring may ask its person, once, and only where somebody is looking.
fn may_unlock(failure: &Failure, request: &Request) -> bool {
    let may_ask = !request.may_prompt && !request.at_prompt;
    failure.code == Code::KeyringLocked && may_ask && terminal::can_ask()
}

fn answer(route: &Route<'_>, question: &Question) -> Result<(), Failure> {
    if !terminal::can_ask() {
        return Err(nobody(question));
    }
    report::note(&question.why);
    let mut request = Request::for_profile(Op::Answer, Some(&question.id));
    match terminal::ask(&report::clean(&question.question), question.hidden) {
        Ok(secret) => request.secret = Some(Sealed(secret)),
        Err(fault) => {
            // The others who wait for it hear of it; whoever cancelled has nothing more to hear.
            request.cancelled = true;
            let _ = route.ask_running::<Done>(&request);
            return Err(asking(&fault));
        }
    }
    match route.ask::<Done>(&request)? {
        Reply::Ok(_) => Ok(()),
        Reply::Err(failure) => Err(failure),
        Reply::Ask(question) => Err(nobody(&question)),
    }
}

/// The question stays open: exit 3, and the command to run.
fn nobody(question: &Question) -> Failure {
    let text = match question.why.as_str() {
        "" => format!("profile {:?} needs a person", question.id),
        why => why.to_owned(),
    };
    Failure::new(Code::NeedsPerson, text).about(&question.id)
}

/// A question that got no answer.
pub(crate) fn asking(fault: &terminal::Fault) -> Failure {
    let code = match fault {
        terminal::Fault::NotText | terminal::Fault::TooLong => Code::Usage,
        _ => Code::NeedsPerson,
    };
    Failure::of(code, fault).at("the question got no answer")
}
