//! PowerShell: `$env:NAME` makes settings, `$name` variables of the script, which are kept apart under names that begin with
//! `$`; a secure string is kept under one that begins with `&` until it is made plain. Names have no case on Windows, so
//! those of the environment are taken in capitals.

mod commands;
mod expression;
mod grammar;
mod strings;
mod value;
mod variables;

use std::rc::Rc;

use grammar::Command;

use super::csh;
use super::script::{Speech, walk};
use crate::openrc::eval::{Evaluator, Flow, Run};
use crate::openrc::value::{Unknown, Val};

struct PowerShell;

/// What Windows itself keeps in the environment, and the folders that hang on it.
pub(super) const OF_WINDOWS: &[&str] = &[
    "HOME",
    "USER",
    "USERNAME",
    "USERPROFILE",
    "USERDOMAIN",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "COMPUTERNAME",
    "COMSPEC",
    "HOMEDRIVE",
    "HOMEPATH",
    "TEMP",
    "TMP",
    "PATH",
    "PATHEXT",
    "OS",
    "ALLUSERSPROFILE",
    "PUBLIC",
    "LOGONSERVER",
    "PROCESSOR_ARCHITECTURE",
    "NUMBER_OF_PROCESSORS",
    "SESSIONNAME",
    "CD",
    "DATE",
    "TIME",
    "RANDOM",
    "ERRORLEVEL",
    "CMDCMDLINE",
    "CMDEXTVERSION",
];

pub(super) fn read(reader: &mut Evaluator<'_>) -> Run<Flow> {
    let source = Rc::clone(&reader.sources[0]);
    let steps = grammar::parse(&source.text, 0)?;
    for name in OF_WINDOWS {
        reader.of_session(name);
    }
    for name in [
        "home",
        "pwd",
        "psscriptroot",
        "profile",
        "pid",
        "host",
        "?",
        "args",
        "input",
        "pshome",
        "myinvocation",
        "psversiontable",
        "iswindows",
        "islinux",
        "ismacos",
        "error",
        "lastexitcode",
        "psboundparameters",
        "pscommandpath",
    ] {
        reader.of_session(&format!("${name}"));
    }
    let flow = walk(&PowerShell, reader, &steps)?;
    capitals(reader);
    csh::show_shell_only(&mut reader.state);
    Ok(flow)
}

/// The script's own variables were kept in small letters; one with a setting's name is shown as such.
fn capitals(reader: &mut Evaluator<'_>) {
    let own: Vec<_> = reader
        .state
        .variables()
        .filter(|(name, _)| name.starts_with("$os_"))
        .map(|(name, variable)| (name.to_uppercase(), variable.clone()))
        .collect();
    for (name, variable) in own {
        reader.state.put(&name, variable);
    }
}

impl Speech for PowerShell {
    type Command = Command;

    fn run(&self, reader: &mut Evaluator<'_>, command: &Command) -> Run<Flow> {
        self.command(reader, command)
    }

    fn words(&self, reader: &mut Evaluator<'_>, head: &Command) -> Run<Result<Vec<Val>, Unknown>> {
        self.list(reader, head)
    }

    fn bind(&self, reader: &mut Evaluator<'_>, head: &Command, word: Val) -> Run<()> {
        self.bind_name(reader, head, word)
    }
}
