//! The dialects beside the shell's own: a small reader for each, which takes settings and questions and is sure of nothing
//! else. All of them speak to the same [`Evaluator`], so that what is known, asked, unknown and warned of is put together in
//! one place. Like the reader for the shell they run nothing.

mod batch;
mod csh;
mod cursor;
mod effects;
mod fish;
mod list;
mod listing;
mod powershell;
mod script;

pub(crate) use fish::own_line as fish_line;
pub(crate) use listing::doubt;

use super::Context;
use super::dialect::Dialect;
use super::eval::{Evaluator, Flow, Run};
use super::place::Refusal;
use super::reading::Reading;
use super::source::Source;
use super::told::Told;

/// Reads the file that stands in `evaluator.sources[0]`.
pub(crate) type Reader = fn(&mut Evaluator<'_>) -> Run<Flow>;

/// `None`: the shell's own reader does it.
pub(crate) fn reader(dialect: Dialect) -> Option<Reader> {
    match dialect {
        Dialect::Shell | Dialect::Dotenv => None,
        Dialect::Fish => Some(fish::read),
        Dialect::Csh => Some(csh::read),
        Dialect::PowerShell => Some(powershell::read),
        Dialect::Batch => Some(batch::read),
        Dialect::Listing => Some(listing::read),
    }
}

pub(crate) fn read(
    dialect: Dialect,
    reader: Reader,
    source: Source,
    context: &Context<'_>,
    told: &[Told],
) -> Result<Reading, Refusal> {
    let last = source.text.trim_ascii_end().len() as u32;
    let scrubbed_for = match dialect {
        Dialect::Fish => fish::own_line(&source.text).map(|(name, _)| name),
        _ => None,
    };
    let mut evaluator = Evaluator::new(context, source);
    evaluator.told = told;
    evaluator.begin();
    let flow = reader(&mut evaluator);
    let flow = evaluator.end(flow)?;
    list::spread(&mut evaluator.state);
    let mut reading = Reading { dialect, scrubbed_for, ..evaluator.reading(flow, Some(last)) };
    // Where an answer waits to be passed on is no setting that somebody forgot to export.
    reading.shell_only.retain(|_, setting| setting.prompt().is_none());
    Ok(reading)
}
