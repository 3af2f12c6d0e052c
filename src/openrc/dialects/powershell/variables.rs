//! PowerShell's variables: those of the environment, and the script's own, which may hold secure strings.

use super::super::effects::Written;
use super::PowerShell;
use super::expression::{Expression, Name, Piece};
use super::value::Value;
use crate::openrc::eval::{Evaluator, Run};
use crate::openrc::place::Span;
use crate::openrc::value::{Unknown, Val, Why};
use crate::openrc::warn::Kind;

/// Before the name of a plain value, of a secure string, of a network credential.
const SIGNS: [char; 3] = ['$', '&', '#'];

impl PowerShell {
    pub(super) fn assign(
        &self,
        reader: &mut Evaluator<'_>,
        target: &Name,
        value: Value,
        written: Written,
    ) -> Run<()> {
        let at = written.at;
        if target.is_environment {
            return match value {
                Value::Nothing => reader.unset_one(&target.name, at),
                // An empty text takes the variable away; since 7.5 it stays as an empty one, which means the same.
                Value::Text(text) if text.text().is_some_and(|text| text.is_empty()) => {
                    reader.unset_one(&target.name, at)
                }
                Value::Text(text) => reader.put(&target.name, text, Some(true), written),
                Value::Truth(Ok(truth)) => {
                    let text: &[u8] = if truth { b"True" } else { b"False" };
                    reader.put(&target.name, Val::known(text), Some(true), written)
                }
                Value::Truth(Err(why)) => reader.put(&target.name, Val::Unknown(why), Some(true), written),
                Value::Secure(_) | Value::Credential(_) => {
                    let what = "a secure string is no password until it is made plain: this variable gets its type's name";
                    reader.warn(at, Kind::NotRead, what);
                    let why = Unknown::other("a secure string that is not made plain", at);
                    reader.put(&target.name, Val::Unknown(why), Some(true), written)
                }
            };
        }
        // What the variable holds is told by the sign that its name is kept with.
        for sign in SIGNS {
            reader.state.remove(&format!("{sign}{}", target.name), at);
        }
        let (sign, text) = match value {
            Value::Nothing => return Ok(()),
            Value::Secure(text) => (SIGNS[1], text),
            Value::Credential(text) => (SIGNS[2], text),
            value => (SIGNS[0], value.text(at)),
        };
        reader.put(&format!("{sign}{}", target.name), text, None, written)
    }

    pub(super) fn variable(&self, reader: &mut Evaluator<'_>, name: &Name, span: Span) -> Value {
        if name.is_environment {
            return match reader.state.variable(&name.name).and_then(|variable| variable.value) {
                Some(value) => Value::Text(value),
                None => {
                    reader.unset_references.push((name.written.clone(), span));
                    Value::Nothing
                }
            };
        }
        let held = SIGNS.map(|sign| {
            reader.state.variable(&format!("{sign}{}", name.name)).and_then(|variable| variable.value)
        });
        match held {
            [Some(text), None, None] => Value::Text(text),
            [None, Some(text), None] => Value::Secure(text),
            [None, None, Some(text)] => Value::Credential(text),
            [None, None, None] => {
                reader.unset_references.push((name.written.clone(), span));
                Value::Nothing
            }
            _ => Value::Text(Val::Unknown(Unknown::other("what a variable holds", span))),
        }
    }

    pub(super) fn set_item(
        &self,
        reader: &mut Evaluator<'_>,
        path: Option<&Expression>,
        value: Option<&Expression>,
        span: Span,
    ) -> Run<()> {
        let Some(text) = path.and_then(Expression::plain) else {
            reader.lose_all("a variable whose name is not known", span);
            return Ok(());
        };
        let Some(target) = of_path(&text) else { return Ok(()) };
        let value_of = match value {
            Some(value) => self.value(reader, value, &target)?,
            None => Value::Nothing,
        };
        let word = match value {
            Some(Expression::Text(_, word)) => *word,
            _ => span,
        };
        self.assign(reader, &target, value_of, Written { word, at: span, copies: value.and_then(reference) })
    }

    pub(super) fn remove_item(&self, reader: &mut Evaluator<'_>, path: &Expression, span: Span) -> Run<()> {
        let paths = match path {
            Expression::List(all) => all.iter().collect(),
            one => vec![one],
        };
        for path in paths {
            let text = self.value(reader, path, &Name::nobody())?.text(span);
            match text.str().map(of_path) {
                Some(Some(target)) => self.remove_name(reader, &target.name, span)?,
                Some(None) => {}
                None => reader.lose_all("a variable whose name is not known", span),
            }
        }
        Ok(())
    }

    fn remove_name(&self, reader: &mut Evaluator<'_>, name: &str, span: Span) -> Run<()> {
        match name.strip_suffix('*') {
            Some(prefix) => reader.unset_all(prefix, span),
            None => reader.unset_one(name, span)?,
        }
        Ok(())
    }

    /// `Get-ChildItem Env:OS_* | Remove-Item`
    pub(super) fn remove_piped(&self, reader: &mut Evaluator<'_>, piped: Option<Value>, span: Span) {
        let path = match piped.and_then(Value::unknown) {
            Some(Unknown { why: Why::Command(path), .. }) => of_path(&path),
            _ => None,
        };
        match path.as_ref().and_then(|path| path.name.strip_suffix('*')) {
            Some(prefix) => reader.unset_all(prefix, span),
            None => reader.lose_all("variables that are taken away", span),
        }
    }

    pub(super) fn is_there(
        &self,
        reader: &mut Evaluator<'_>,
        path: Option<&str>,
        span: Span,
    ) -> Result<bool, Unknown> {
        let Some(target) = path.and_then(of_path) else {
            return Err(Unknown::other("whether a file is there", span));
        };
        match reader.state.variable(&target.name).and_then(|variable| variable.value) {
            None => Ok(false),
            Some(Val::Unknown(unknown)) if !matches!(unknown.why, Why::Prompt { .. }) => Err(unknown),
            Some(_) => Ok(true),
        }
    }
}

/// `Env:NAME`, `Env:\NAME`
pub(super) fn of_path(path: &str) -> Option<Name> {
    let (drive, name) = path.split_once(':')?;
    let name = name.trim_start_matches(['\\', '/']);
    drive.eq_ignore_ascii_case("env").then(|| Name {
        is_environment: true,
        name: name.to_uppercase(),
        written: name.to_owned(),
    })
}

pub(super) fn reference(expression: &Expression) -> Option<String> {
    let name = match expression {
        Expression::Variable(name, _) => name,
        Expression::Text(pieces, _) => match pieces.as_slice() {
            [Piece::Text(text), Piece::Variable(name, _)] if text.is_empty() => name,
            _ => return None,
        },
        _ => return None,
    };
    Some(name.name.clone())
}
