//! What went wrong on the floor below, as a word of the protocol: one function a room. The texts are the rooms' own; only the
//! profile and its cloud are put in front.

use crate::host::files;
use crate::keystone;
use crate::profile::Profile;
use crate::wire::{Code, Failure};
use crate::{agent::config, agent::profiles, keyring};

/// A login, or a token's end, that failed.
pub(super) fn keystone(profile: &Profile, fault: &keystone::Fault) -> Failure {
    about(profile, keystone_alone(fault))
}

/// The same, where no profile is concerned.
pub(super) fn keystone_alone(fault: &keystone::Fault) -> Failure {
    use keystone::Fault;
    let code = match fault {
        Fault::Refused { .. } => Code::Refused,
        Fault::SecondFactor { .. } | Fault::Visit { .. } => Code::NeedsPerson,
        Fault::Forbidden { .. } => Code::Forbidden,
        Fault::NotFound { .. } => Code::NotFound,
        Fault::DeadToken { .. } | Fault::TooLarge { .. } | Fault::Status { .. } => Code::Rejected,
        Fault::OwnLimit { .. } | Fault::Limited { .. } => Code::Limited,
        Fault::Server { .. } => Code::Server,
        Fault::Redirect { .. }
        | Fault::NotJson { .. }
        | Fault::Shape { .. }
        | Fault::ReplyTooLarge { .. }
        | Fault::CutOff { .. } => Code::BadAnswer,
        Fault::Tls { .. } => Code::Tls,
        Fault::Dns { .. } | Fault::Connect { .. } => Code::Unreachable,
        Fault::TimedOut { .. } => Code::Deadline,
        Fault::CaCert { .. } | Fault::Cert { .. } => Code::File,
        Fault::Profile(_) | Fault::Url(_) => Code::BadProfile,
    };
    Failure::of(code, fault)
}

pub(super) fn keyring(profile: &str, fault: &keyring::Fault) -> Failure {
    use keyring::Fault;
    let code = match fault {
        Fault::Absent { .. } | Fault::NoCollection { .. } => Code::KeyringAbsent,
        Fault::Locked { .. } | Fault::Dismissed { .. } => Code::KeyringLocked,
        Fault::TimedOut { .. } => Code::KeyringTimeout,
        Fault::OtherOrigin { .. } => Code::OtherOrigin,
        Fault::Failed { .. } => Code::Keyring,
    };
    Failure::of(code, fault).at(&format!("profile {profile:?}")).about(profile)
}

pub(super) fn profiles(fault: &profiles::Fault) -> Failure {
    Failure::of(Code::File, fault)
}

pub(super) fn files(fault: &files::Fault) -> Failure {
    Failure::of(Code::File, fault)
}

pub(super) fn config(fault: &config::Fault) -> Failure {
    Failure::of(Code::Config, fault)
}

/// The profile's place in front of what happened.
pub(super) fn about(profile: &Profile, failure: Failure) -> Failure {
    failure.at(&format!("profile {:?}", profile.name.as_str())).about(profile.name.as_str())
}
