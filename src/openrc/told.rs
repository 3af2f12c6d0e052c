//! Settings that cannot be known from the file, said by a person: each with the place of the unknown that it answers, so that
//! an answer is never taken for another question's.

use super::Context;
use super::eval::Evaluator;
use super::place::{Place, Refusal};
use super::reading::{Reading, evaluate};
use super::value::Val;
use crate::secret::Secret;

/// What a person said of a setting. One that hangs on something else by now does not get it.
#[derive(Debug)]
pub struct Told {
    pub name: String,
    /// Where the reading said that the unknown begins.
    pub place: Place,
    pub value: Secret,
}

/// [`super::read`], where a person said what some settings are. What refers to these is known then, too.
pub fn read_told(source: &[u8], context: &Context<'_>, told: &[Told]) -> Result<Reading, Refusal> {
    let mut reading = evaluate(source, context, told)?;
    for one in told {
        for settings in [&mut reading.settings, &mut reading.shell_only] {
            let setting = settings.get_mut(&one.name);
            let meant = setting.filter(|setting| setting.unknown().is_some_and(|(_, at)| at == one.place));
            if let Some(setting) = meant {
                setting.value = Val::known(one.value.expose().as_bytes());
            }
        }
    }
    Ok(reading)
}

impl Evaluator<'_> {
    /// The value of a variable, or what a person said of it where it cannot be known.
    pub(crate) fn or_told(&self, name: &str, value: Val) -> Val {
        let Val::Unknown(unknown) = &value else { return value };
        let is_meant = |told: &&Told| told.name == name && told.place == self.place(unknown.at);
        match self.told.iter().find(is_meant) {
            Some(told) => Val::known(told.value.expose().as_bytes()),
            None => value,
        }
    }
}
