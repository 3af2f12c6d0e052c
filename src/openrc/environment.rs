//! Settings that stand in an environment already, for people who sourced their file before they knew of osagent. The variables
//! come in by argument; none is read here. A variable has no line: its place names it.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::place::Place;
use super::reading::{Reading, Setting, is_setting_name};
use super::text::Text;
use super::value::Why;
use super::warn::{self, Kind, Warning};

/// Real environments hold a few dozen of them; this many nobody set by hand.
const VARIABLES_MAX: usize = 1_000;

/// A variable and its value.
pub type Variable = (String, Zeroizing<Vec<u8>>);

/// Those of `variables` that are settings. Their places count through [`Reading::files`], which holds the names.
pub fn environment(variables: Vec<Variable>) -> Reading {
    let mut variables: Vec<Variable> =
        variables.into_iter().filter(|(name, _)| is_setting_name(name)).take(VARIABLES_MAX).collect();
    variables.sort_by(|(one, _), (other, _)| one.cmp(other));
    let (mut settings, mut names, mut warnings) = (BTreeMap::new(), Vec::new(), Vec::new());
    for (name, value) in variables {
        let place = Place { file: names.len() as u16, line: 1, column: 1 };
        names.push(name.clone());
        let setting = match std::str::from_utf8(&value) {
            Ok(text) => {
                // That it is a token is said by the draft, where it matters; here the clients themselves want one.
                let found = warn::of_value(&name, text).into_iter();
                let found = found.filter(|(kind, _)| *kind != Kind::TokenExported);
                warnings.extend(found.map(|(kind, text)| Warning { place, kind, text }));
                Setting::known(place, Text::of(&value))
            }
            Err(_) => Setting::open(place, Why::Other("bytes that are no UTF-8 text")),
        };
        settings.insert(name, setting);
    }
    Reading { warnings, ..Reading::of(settings, names) }
}
