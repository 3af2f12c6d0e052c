//! What an expression of PowerShell comes to: a text, a truth, a secure string, or nothing.

use super::PowerShell;
use super::expression::{Expression, Name, Piece};
use crate::openrc::eval::{Evaluator, Run};
use crate::openrc::pattern;
use crate::openrc::place::Span;
use crate::openrc::value::{Unknown, Val, Why};

use super::super::effects::Written;

pub(super) enum Value {
    Nothing,
    Text(Val),
    /// Shown to nobody until it is made plain.
    Secure(Val),
    /// A network credential, whose password is plain.
    Credential(Val),
    Truth(Result<bool, Unknown>),
}

impl Name {
    /// Nobody waits for the value.
    pub(super) fn nobody() -> Name {
        Name { is_environment: false, name: String::new(), written: String::new() }
    }
}

impl Value {
    pub(super) fn text(self, at: Span) -> Val {
        match self {
            Value::Nothing => Val::known(b""),
            Value::Text(text) => text,
            Value::Secure(_) | Value::Credential(_) => Val::Unknown(Unknown::other("a secure string", at)),
            Value::Truth(Ok(true)) => Val::known(b"True"),
            Value::Truth(Ok(false)) => Val::known(b"False"),
            Value::Truth(Err(why)) => Val::Unknown(why),
        }
    }

    pub(super) fn unknown(self) -> Option<Unknown> {
        match self {
            Value::Text(Val::Unknown(unknown))
            | Value::Secure(Val::Unknown(unknown))
            | Value::Truth(Err(unknown)) => Some(unknown),
            _ => None,
        }
    }

    pub(super) fn truth(&self) -> Result<bool, Unknown> {
        match self {
            Value::Nothing => Ok(false),
            Value::Text(Val::Known(known)) => Ok(!known.text.is_empty()),
            Value::Text(Val::Unknown(unknown)) => Err(unknown.as_part()),
            Value::Secure(_) | Value::Credential(_) => Ok(true),
            Value::Truth(truth) => truth.clone(),
        }
    }

    pub(super) fn joined(self, other: Value) -> Value {
        let at = Span::default();
        let (before, after) = (self.text(at), other.text(at));
        Value::Text(match (before.need(), after.need()) {
            (Ok(before), Ok(after)) => {
                let mut text = before.clone();
                text.extend(after.bytes());
                Val::of(text)
            }
            (Err(unknown), _) | (_, Err(unknown)) => Val::Unknown(unknown.as_part()),
        })
    }
}

impl PowerShell {
    /// `into` is whom the value is for: a question bears that name.
    pub(super) fn value(
        &self,
        reader: &mut Evaluator<'_>,
        expression: &Expression,
        into: &Name,
    ) -> Run<Value> {
        reader.spend(1, reader.at)?;
        Ok(match expression {
            Expression::Nothing => Value::Nothing,
            Expression::Text(pieces, span) => Value::Text(self.text(reader, pieces, *span)?),
            Expression::Truth(truth) => Value::Truth(Ok(*truth)),
            Expression::Variable(name, span) => self.variable(reader, name, *span),
            Expression::Not(inner) => {
                Value::Truth(self.value(reader, inner, into)?.truth().map(|truth| !truth))
            }
            Expression::Binary(left, operator, right, span) => {
                let left = self.value(reader, left, into)?;
                let right = self.value(reader, right, into)?;
                binary(left, operator, right, *span)
            }
            Expression::Member { of, type_name, member, arguments, span } => {
                self.member(reader, of, type_name, member, arguments, into, *span)?
            }
            Expression::Command { name, arguments, span } => {
                self.call(reader, name, arguments, None, into, *span)?
            }
            Expression::Pipe(all) => {
                let mut piped = None;
                for one in all {
                    piped = Some(match one {
                        Expression::Command { name, arguments, span } => {
                            self.call(reader, name, arguments, piped, into, *span)?
                        }
                        other => self.value(reader, other, into)?,
                    });
                }
                piped.unwrap_or(Value::Nothing)
            }
            Expression::List(all) => {
                for one in all {
                    self.value(reader, one, into)?;
                }
                Value::Text(Val::Unknown(Unknown::other("a list", reader.at)))
            }
            Expression::Opaque(what, span) => Value::Text(Val::Unknown(Unknown::other(what, *span))),
        })
    }

    fn text(&self, reader: &mut Evaluator<'_>, pieces: &[Piece], span: Span) -> Run<Val> {
        let mut all: Option<Val> = None;
        for piece in pieces {
            let next = match piece {
                Piece::Text(text) if text.is_empty() && pieces.len() > 1 => continue,
                Piece::Text(text) => Val::of(text.clone()),
                Piece::Variable(name, span) => self.variable(reader, name, *span).text(*span),
                Piece::Inner(inner) => self.value(reader, inner, &Name::nobody())?.text(span),
            };
            all = Some(match all {
                None => next,
                Some(before) => Value::Text(before).joined(Value::Text(next)).text(span),
            });
        }
        Ok(all.unwrap_or(Val::known(b"")))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a member is of something, of a type, with arguments, for somebody"
    )]
    fn member(
        &self,
        reader: &mut Evaluator<'_>,
        of: &Expression,
        type_name: &str,
        member: &str,
        arguments: &[Expression],
        into: &Name,
        span: Span,
    ) -> Run<Value> {
        let type_name = type_name.rsplit('.').next().unwrap_or_default();
        let first = arguments.first();
        let unknown = Value::Text(Val::Unknown(Unknown::other("a method that is not followed", span)));
        if type_name.is_empty() {
            let value = self.value(reader, of, into)?;
            return Ok(match (value, member) {
                (Value::Secure(text), "getnetworkcredential") => Value::Credential(text),
                (value @ Value::Secure(_), "password") => value,
                (Value::Credential(text), "password") => Value::Text(text),
                (Value::Credential(text), "securepassword") => Value::Secure(text),
                (Value::Text(text), "tostring") => Value::Text(text),
                (value, _) => match value.unknown() {
                    Some(why) => Value::Text(Val::Unknown(why.as_part())),
                    None => unknown,
                },
            });
        }
        match (type_name, member) {
            (
                "marshal",
                "zerofreebstr" | "zerofreecotaskmemunicode" | "zerofreeglobalallocunicode" | "freebstr",
            ) => Ok(Value::Nothing),
            ("marshal", name) => {
                let Some(first) = first else { return Ok(unknown) };
                let value = self.value(reader, first, into)?;
                Ok(match (value, name.starts_with("securestringto"), name.starts_with("ptrtostring")) {
                    (value @ Value::Secure(_), true, _) => value,
                    (Value::Secure(text), _, true) => Value::Text(text),
                    _ => unknown,
                })
            }
            ("environment", "setenvironmentvariable") => {
                let name = first.and_then(Expression::plain).map(|name| Name {
                    is_environment: true,
                    name: name.to_uppercase(),
                    written: name,
                });
                let Some(target) = name else {
                    reader.lose_all("a variable whose name is not known", span);
                    return Ok(Value::Nothing);
                };
                let value = match arguments.get(1) {
                    Some(value) => self.value(reader, value, &target)?,
                    None => Value::Nothing,
                };
                let word = match arguments.get(1) {
                    Some(Expression::Text(_, word)) => *word,
                    _ => span,
                };
                self.assign(reader, &target, value, Written { word, at: span, copies: None })?;
                Ok(Value::Nothing)
            }
            ("environment", "getenvironmentvariable") => Ok(match first.and_then(Expression::plain) {
                Some(name) => {
                    let name = Name { is_environment: true, name: name.to_uppercase(), written: name };
                    self.variable(reader, &name, span)
                }
                None => unknown,
            }),
            ("string", "isnullorempty" | "isnullorwhitespace") => {
                let Some(first) = first else { return Ok(unknown) };
                let truth = self.value(reader, first, into)?.truth();
                Ok(Value::Truth(truth.map(|is_set| !is_set)))
            }
            ("string", "empty") => Ok(Value::Text(Val::known(b""))),
            ("networkcredential" | "pscredential", "new") => {
                let arguments: Vec<&Expression> = arguments.iter().collect();
                self.credential(reader, &arguments, type_name == "networkcredential", into)
            }
            ("console", "readline") => Ok(Value::Text(reader.ask_for(&into.written, None, false, span)?)),
            ("console", "write" | "writeline") => {
                if let Some(first) = first {
                    let text = self.value(reader, first, into)?.text(span);
                    reader.say(vec![text], span);
                }
                Ok(Value::Nothing)
            }
            _ => {
                let why = Why::Command(format!("[{type_name}]::{member}"));
                Ok(Value::Text(Val::Unknown(Unknown::new(why, span))))
            }
        }
    }
}

fn binary(left: Value, operator: &str, right: Value, span: Span) -> Value {
    let unread = || Unknown::other("an operator that is not read", span);
    if operator == "+" {
        return left.joined(right);
    }
    if matches!(operator, "and" | "or") {
        let (a, b) = (left.truth(), right.truth());
        let wanted = operator == "or";
        return Value::Truth(match (a, b) {
            (Ok(a), _) if a == wanted => Ok(wanted),
            (_, Ok(b)) if b == wanted => Ok(wanted),
            (Err(why), _) | (_, Err(why)) => Err(why),
            _ => Ok(!wanted),
        });
    }
    let is_nothing = matches!((&left, &right), (Value::Nothing, _) | (_, Value::Nothing));
    if is_nothing && matches!(operator, "eq" | "ne" | "ceq" | "cne" | "ieq" | "ine") {
        // Only nothing is equal to nothing; an empty text is not.
        let same = match (left, right) {
            (Value::Nothing, Value::Nothing) => Ok(true),
            (Value::Text(Val::Unknown(unknown)), _) | (_, Value::Text(Val::Unknown(unknown))) => {
                match unknown.why {
                    Why::Prompt { .. } => Ok(false),
                    _ => Err(unknown.as_part()),
                }
            }
            _ => Ok(false),
        };
        return Value::Truth(same.map(|same| same == operator.ends_with("eq")));
    }
    let (a, b) = (left.text(span), right.text(span));
    let (a, b) = match (a.need(), b.need()) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(unknown), _) | (_, Err(unknown)) => return Value::Truth(Err(unknown.as_part())),
    };
    let folded = |text: &crate::openrc::text::Text| text.str().map(str::to_lowercase);
    let truth = match operator {
        "eq" | "ieq" => Ok(folded(a) == folded(b)),
        "ne" | "ine" => Ok(folded(a) != folded(b)),
        "ceq" => Ok(a == b),
        "cne" => Ok(a != b),
        "like" | "notlike" => {
            let (a, b) = (folded(a).unwrap_or_default(), folded(b).unwrap_or_default());
            let is_plain = !b.contains(['[', '`', '\\', '?']);
            match pattern::matches(b.as_bytes(), a.as_bytes()).filter(|_| is_plain) {
                Some(found) => Ok(found == (operator == "like")),
                None => Err(unread()),
            }
        }
        _ => return Value::Text(Val::Unknown(unread())),
    };
    Value::Truth(truth)
}
