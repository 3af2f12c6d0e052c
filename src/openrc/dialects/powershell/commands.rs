//! What PowerShell's statements do to the state: the environment, the script's own variables, questions, and the commands that
//! set, show or take away variables.

use super::expression::{Argument, Expression, Name};
use super::grammar::Command;
use super::{PowerShell, value::Value, variables};
use crate::openrc::eval::{Evaluator, Flow, Run};
use crate::openrc::fields::Field;
use crate::openrc::place::Span;
use crate::openrc::value::{Status, Unknown, Val, Why};

use super::super::effects::Written;

/// Commands that set no variable.
const HARMLESS: &[&str] = &[
    "out-null",
    "out-host",
    "clear-host",
    "cls",
    "set-location",
    "cd",
    "push-location",
    "pop-location",
    "import-module",
    "set-strictmode",
    "set-executionpolicy",
    "start-sleep",
    "write-verbose",
    "write-debug",
    "get-childitem",
    "gci",
    "dir",
    "ls",
    "get-item",
    "get-content",
    "out-string",
    "format-table",
    "format-list",
    "sort-object",
    "select-object",
];

impl PowerShell {
    pub(super) fn command(&self, reader: &mut Evaluator<'_>, command: &Command) -> Run<Flow> {
        match command {
            Command::Assign { target, adds, value, word, span } => {
                reader.at = *span;
                let written = Written { word: *word, at: *span, copies: variables::reference(value) };
                let mut value = self.value(reader, value, target)?;
                if *adds {
                    let before = self.variable(reader, target, *span);
                    value = before.joined(value);
                }
                self.assign(reader, target, value, written)?;
            }
            Command::Plain(expression, span) => {
                reader.at = *span;
                let value = self.value(reader, expression, &Name::nobody())?;
                // A text that stands for itself is shown.
                if let (Expression::Text(..), Value::Text(text)) = (expression, &value) {
                    reader.say(vec![text.clone()], *span);
                }
                reader.state.status = match value.truth() {
                    Ok(truth) => Status::of(truth),
                    Err(why) => Status::Unknown(why),
                };
            }
            Command::Head(..) => {}
            Command::Perhaps(what, span) => {
                reader.state.status = Status::Unknown(Unknown::other(what, *span))
            }
            Command::IsBare(span) => {
                reader.state.status = match reader.context.args.is_empty() {
                    true => Status::Known(0),
                    false => Status::Unknown(Unknown::other("what the script is called with", *span)),
                };
            }
            Command::Leave { is_exit: true, span } => return Ok(Flow::Exit(*span)),
            Command::Leave { span, .. } => return Ok(Flow::Return(*span)),
            Command::Break => return Ok(Flow::Break(1)),
            Command::Continue => return Ok(Flow::Continue(1)),
            Command::Function(name) => {
                let why = Unknown::other("a function of the file", reader.at);
                let variable = crate::openrc::state::Variable {
                    value: Some(Val::Unknown(why)),
                    ..crate::openrc::state::Variable::unset(reader.at)
                };
                reader.state.put(&format!("function {name}"), variable);
            }
            Command::Lost(what, span) => reader.lose_all(what, *span),
        }
        Ok(Flow::Next)
    }

    pub(super) fn list(&self, reader: &mut Evaluator<'_>, head: &Command) -> Run<Result<Vec<Val>, Unknown>> {
        let Command::Head(_, list) = head else { return Ok(Ok(Vec::new())) };
        let items = match list {
            Expression::List(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut all = Vec::new();
        for item in items {
            match (self.value(reader, item, &Name::nobody())?, item) {
                (Value::Text(value), Expression::Text(..)) => all.push(value),
                (value, _) => return Ok(Err(value.unknown().unwrap_or(Unknown::other("a list", reader.at)))),
            }
        }
        Ok(Ok(all))
    }

    pub(super) fn bind_name(&self, reader: &mut Evaluator<'_>, head: &Command, word: Val) -> Run<()> {
        let Command::Head(name, _) = head else { return Ok(()) };
        let at = reader.at;
        self.assign(reader, name, Value::Text(word), Written { word: at, at, copies: None })
    }

    /// A command with its arguments; `into` is who gets what it gives.
    pub(super) fn call(
        &self,
        reader: &mut Evaluator<'_>,
        name: &str,
        arguments: &[Argument],
        piped: Option<Value>,
        into: &Name,
        span: Span,
    ) -> Run<Value> {
        let lower = name.to_ascii_lowercase();
        let nothing = Ok(Value::Nothing);
        if reader.state.variable(&format!("function {lower}")).is_some_and(|found| found.value.is_some()) {
            reader.lose_all("a function that is not followed", span);
            return Ok(Value::Text(Val::Unknown(Unknown::new(Why::Command(reader.told(name, span)), span))));
        }
        let found = Arguments::of(arguments);
        match lower.as_str() {
            "read-host" => {
                let text = match found.option("prompt").or(found.values.first().copied()) {
                    Some(text) => Some(vec![self.value(reader, text, into)?.text(span)]),
                    None => None,
                };
                let is_secure = found.has("assecurestring");
                let answer =
                    reader.ask_for(&into.written, text, is_secure || found.has("maskinput"), span)?;
                return Ok(if is_secure { Value::Secure(answer) } else { Value::Text(answer) });
            }
            "set-item" | "si" | "new-item" | "ni" | "set-content" | "sc" => {
                let path = found.option("path").or(found.option("literalpath")).or(found.option("name"));
                let mut values = found.values.iter().copied();
                let path = path.or_else(|| values.next());
                let value = found.option("value").or_else(|| values.next());
                self.set_item(reader, path, value, span)?;
            }
            "set-variable" | "sv" | "new-variable" | "nv" => {
                let name = found.option("name").or(found.values.first().copied()).and_then(Expression::plain);
                match name {
                    Some(name) => {
                        let why = Unknown::new(Why::Command(lower.clone()), span);
                        reader.state.forget(&format!("${}", name.to_lowercase()), &why);
                    }
                    None => reader.lose_all("a variable whose name is not known", span),
                }
            }
            "remove-item" | "ri" | "del" | "rm" | "erase" | "rd" | "clear-item" | "cli" => {
                let named = found.option("path").or(found.option("literalpath"));
                let paths: Vec<&Expression> = named.into_iter().chain(found.values.iter().copied()).collect();
                if paths.is_empty() {
                    self.remove_piped(reader, piped, span);
                }
                for path in paths {
                    self.remove_item(reader, path, span)?;
                }
            }
            "write-host" | "write-output" | "write" | "echo" | "write-warning" | "write-information" => {
                let mut fields = Vec::new();
                for value in found.values.iter().chain(found.option("object").iter()) {
                    let value = self.value(reader, value, into)?.text(span);
                    fields.push(Field { value, is_loose: false, unmatched: None });
                }
                let text = match fields.as_slice() {
                    [field] => Value::Text(field.value.clone()),
                    _ => Value::Text(Val::Unknown(Unknown::new(Why::Command(name.to_owned()), span))),
                };
                reader.echo(&fields, span);
                return Ok(text);
            }
            "convertfrom-securestring" => {
                let value = match found.option("securestring").or(found.values.first().copied()) {
                    Some(value) => self.value(reader, value, into)?,
                    None => piped.unwrap_or(Value::Nothing),
                };
                return Ok(match (value, found.has("asplaintext")) {
                    (Value::Secure(text), true) => Value::Text(text),
                    _ => Value::Text(Val::Unknown(Unknown::new(Why::Command(name.to_owned()), span))),
                });
            }
            "convertto-securestring" => {
                let value = match found.option("string").or(found.values.first().copied()) {
                    Some(value) => self.value(reader, value, into)?,
                    None => piped.unwrap_or(Value::Nothing),
                };
                let unknown = Val::Unknown(Unknown::new(Why::Command(name.to_owned()), span));
                return Ok(Value::Secure(if found.has("asplaintext") { value.text(span) } else { unknown }));
            }
            "new-object" => return self.new_object(reader, &found, into, span),
            "test-path" => {
                let path = found.option("path").or(found.values.first().copied()).and_then(Expression::plain);
                return Ok(Value::Truth(self.is_there(reader, path.as_deref(), span)));
            }
            "." | "invoke-expression" | "iex" | "invoke-command" | "foreach-object" | "%" => {
                reader.lose_all("code that is not read", span);
            }
            _ if HARMLESS.contains(&lower.as_str()) => {
                // What a pipeline takes away by name.
                let path = found.values.first().copied().and_then(Expression::plain);
                let path = path.filter(|path| path.to_ascii_lowercase().starts_with("env:"));
                if let (Some(path), None) = (path, &piped) {
                    return Ok(Value::Text(Val::Unknown(Unknown::new(Why::Command(path), span))));
                }
            }
            _ => reader.skip(name, span),
        }
        if matches!(lower.as_str(), "set-item" | "remove-item" | "write-host") {
            return nothing;
        }
        let why = Why::Command(reader.told(name, span));
        Ok(Value::Text(Val::Unknown(Unknown::new(why, span))))
    }

    fn new_object(
        &self,
        reader: &mut Evaluator<'_>,
        found: &Arguments<'_>,
        into: &Name,
        span: Span,
    ) -> Run<Value> {
        let mut values = found.values.iter().copied();
        let name = found.option("typename").or_else(|| values.next()).and_then(Expression::plain);
        let list = found.option("argumentlist");
        let arguments: Vec<&Expression> = match list {
            Some(Expression::List(all)) => all.iter().chain(values).collect(),
            Some(one) => std::iter::once(one).chain(values).collect(),
            None => values
                .flat_map(|value| match value {
                    Expression::List(all) => all.iter().collect::<Vec<_>>(),
                    one => vec![one],
                })
                .collect(),
        };
        let name = name.unwrap_or_default().to_ascii_lowercase();
        if !name.ends_with("credential") {
            return Ok(Value::Text(Val::Unknown(Unknown::new(Why::Command("New-Object".to_owned()), span))));
        }
        self.credential(reader, &arguments, name.ends_with("networkcredential"), into)
    }

    /// Name and password together: the password is what anyone asks of it.
    pub(super) fn credential(
        &self,
        reader: &mut Evaluator<'_>,
        arguments: &[&Expression],
        is_network: bool,
        into: &Name,
    ) -> Run<Value> {
        let Some(password) = arguments.get(1) else { return Ok(Value::Nothing) };
        let value = self.value(reader, password, into)?;
        Ok(match (value, is_network) {
            (Value::Secure(text) | Value::Text(text), true) => Value::Credential(text),
            (value, _) => value,
        })
    }
}

/// Options with what follows them, and the values that follow none.
struct Arguments<'a> {
    options: Vec<(&'a str, Option<&'a Expression>)>,
    values: Vec<&'a Expression>,
}

/// Options that take no value.
const SWITCHES: &[&str] = &[
    "assecurestring",
    "maskinput",
    "asplaintext",
    "force",
    "nonewline",
    "recurse",
    "confirm",
    "verbose",
    "passthru",
];

impl<'a> Arguments<'a> {
    fn of(arguments: &'a [Argument]) -> Arguments<'a> {
        let (mut options, mut values) = (Vec::new(), Vec::new());
        let mut pending: Option<&str> = None;
        for argument in arguments {
            match (&argument.option, pending.take()) {
                (Some(option), before) => {
                    options.extend(before.map(|before| (before, None)));
                    pending = Some(option);
                    if SWITCHES.iter().any(|switch| switch.starts_with(option.as_str()) && option.len() > 2) {
                        options.push((option, None));
                        pending = None;
                    }
                }
                (None, Some(option)) => options.push((option, Some(&argument.value))),
                (None, None) => values.push(&argument.value),
            }
        }
        options.extend(pending.map(|option| (option, None)));
        Arguments { options, values }
    }

    /// An option may be cut short.
    fn matches(option: &str, wanted: &str) -> bool {
        wanted.starts_with(option) && !option.is_empty()
    }

    fn option(&self, wanted: &str) -> Option<&'a Expression> {
        self.options.iter().find(|(option, _)| Self::matches(option, wanted)).and_then(|(_, value)| *value)
    }

    fn has(&self, wanted: &str) -> bool {
        self.options.iter().any(|(option, _)| Self::matches(option, wanted))
    }
}
