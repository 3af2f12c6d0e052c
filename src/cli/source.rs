//! Where the settings of a profile come from: an OpenRC file, a cloud of a clouds.yaml, or the environment of the caller. Nothing is decided here about
//! what they mean.

use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use clap::Args;
use zeroize::Zeroizing;

use super::clouds::Clouds;
use super::rc::{self, Rc};
use crate::openrc::{self, Draft, Place, Reading};
use crate::profile::{Method, Profile, Tls};
use crate::secret::Secret;
use crate::wire::{Code, Failure};

/// One of them is named.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct Named {
    /// The OpenRC file, or - for standard input
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Take this cloud of a clouds.yaml, looked for where openstack looks for it
    #[arg(long, value_name = "CLOUD")]
    pub cloud: Option<String>,
    /// Take the OS_* variables of this shell, where the file was sourced already
    #[arg(long)]
    pub from_env: bool,
}

pub(crate) enum Source {
    File(Rc),
    Cloud { shown: String, clouds: Clouds, folder: PathBuf },
    Environment { folder: PathBuf },
}

impl Named {
    pub(crate) fn is_stdin(&self) -> bool {
        self.file.as_deref() == Some(Path::new("-"))
    }

    pub(crate) fn open(&self) -> Result<Source, Failure> {
        if self.from_env {
            return Ok(Source::Environment { folder: working_folder()? });
        }
        if let Some(name) = &self.cloud {
            let clouds = Clouds::find(name)?;
            return Ok(Source::Cloud {
                shown: format!("the cloud {name:?}"),
                clouds,
                folder: working_folder()?,
            });
        }
        match &self.file {
            Some(file) => Ok(Source::File(Rc::open(file)?)),
            None => Err(Failure::new(
                Code::Usage,
                "nothing to read: name a FILE, or give --cloud or --from-env; for example: osagent add openrc.sh",
            )),
        }
    }
}

impl Source {
    /// For messages.
    pub(crate) fn shown(&self) -> &str {
        match self {
            Source::File(rc) => &rc.shown,
            Source::Cloud { shown, .. } => shown,
            Source::Environment { .. } => "the environment",
        }
    }

    /// Where something stands, for messages.
    pub(crate) fn at(&self, reading: &Reading, place: Place) -> String {
        match self {
            Source::File(rc) => rc.place(reading, place),
            Source::Cloud { .. } => {
                let path = reading.files.get(usize::from(place.file)).map_or("", String::as_str);
                format!("{path}: {place}")
            }
            // The texts name the variable.
            Source::Environment { .. } => "the environment".to_owned(),
        }
    }

    /// What relative paths are relative to.
    pub(crate) fn folder(&self) -> &Path {
        match self {
            Source::File(rc) => rc.folder(),
            Source::Cloud { folder, .. } | Source::Environment { folder } => folder,
        }
    }

    /// What can be scrubbed.
    pub(crate) fn rc(&self) -> Option<&Rc> {
        match self {
            Source::File(rc) => Some(rc),
            Source::Cloud { .. } | Source::Environment { .. } => None,
        }
    }

    /// The settings, nobody asked.
    pub(crate) fn read(&self) -> Result<Reading, Failure> {
        match self {
            Source::File(rc) => rc.read(&[]),
            Source::Cloud { clouds, .. } => clouds.read(),
            Source::Environment { .. } => Ok(openrc::environment(variables())),
        }
    }

    /// The settings, with the questions of a file asked in turn, and what cannot be known asked for as well.
    pub(crate) fn interview(&self, secret: Option<&Secret>) -> Result<Reading, Failure> {
        match self {
            Source::File(rc) => rc.interview(secret),
            Source::Cloud { .. } | Source::Environment { .. } => {
                let mut reading = self.read()?;
                while let Some(open) =
                    openrc::draft(&reading).unknown.iter().find(|open| rc::is_to_be_told(open))
                {
                    let value = rc::ask_for(&self.at(&reading, open.place), open)?;
                    reading.tell(&open.name, &value);
                }
                Ok(reading)
            }
        }
    }

    /// What stays as it was, and what to do about it. `profile` as `env` takes it, with a blank before it.
    pub(crate) fn left_behind(&self, reading: &Reading, draft: &Draft, profile: &str) -> Option<String> {
        match self {
            Source::File(_) => None,
            Source::Cloud { .. } => {
                let place = reading.settings.get("OS_PASSWORD").map(|setting| setting.place);
                let place = place.filter(|_| draft.secret.is_some())?;
                let at = self.at(reading, place);
                Some(format!(
                    "the password still stands in {at}; take it out by hand if only osagent needs it"
                ))
            }
            Source::Environment { .. } => {
                let password = draft.secret.as_ref().map_or("", |_| "unset OS_PASSWORD, or ");
                Some(format!(
                    "the variables are still set in this shell; run {password}eval $(osagent env{profile}), which clears them"
                ))
            }
        }
    }
}

/// Names that are no text are none of ours. The process's own copy of the values cannot be wiped.
fn variables() -> Vec<openrc::Variable> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, Zeroizing::new(value.into_vec()))))
        .collect()
}

fn working_folder() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|error| {
        let mut failure = Failure::new(Code::File, "the working folder cannot be told");
        failure.causes.push(error.to_string());
        failure
    })
}

/// The profile that a draft makes, not named yet. Relative paths are relative to `folder`.
pub(crate) fn profile(draft: &Draft, folder: &Path) -> Profile {
    // `./ca.pem` and `ca.pem` are the same file, and so must be the same text.
    let absolute = |path: &Option<PathBuf>| {
        let joined = folder.join(path.as_ref()?);
        Some(std::path::absolute(&joined).unwrap_or(joined))
    };
    Profile {
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
        allow_http: false,
    }
}
