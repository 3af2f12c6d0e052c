//! Taking the secret out of a file.

use super::place::{Place, Refusal};
use super::reading::Reading;
use crate::profile;
use zeroize::Zeroizing;

pub(crate) const LINE_START: &str = "eval \"$(osagent env --shell sh ";
pub(crate) const LINE_END: &str = ")\"";
pub(crate) const LINE_MARK: &str = " # osagent";

#[derive(Debug)]
pub struct Scrubbed {
    pub text: Zeroizing<Vec<u8>>,
    pub left: Vec<Place>,
}

/// Not there yet: every file is refused.
pub fn scrub(_source: &[u8], reading: &Reading, _profile: &profile::Name) -> Result<Scrubbed, Refusal> {
    let place = reading.prompts.first().map_or(Place { file: 0, line: 1, column: 1 }, |prompt| prompt.place);
    Err(Refusal {
        place,
        reason: super::place::Reason::CannotScrub,
        what: "the secret cannot be taken out of this file yet".to_owned(),
        hint: None,
    })
}
