//! OpenRC files: read without running them. [`read`] turns the text of a file into settings, questions, unknowns and
//! warnings, or refuses it with line and column; [`draft`] makes of that what a profile needs; [`scrub`] takes the secret
//! out of the text. Pure: no I/O, no clock, no environment; what else is to be read comes in through [`Files`].
//!
//! Of every value it is known, or it is said on what it hangs: a wrong value is worse than an unknown one. A file asks
//! questions in turn, and a later one may show the answer of an earlier, so the caller reads again with each answer:
//! the first prompt that is not `answered` is the one to ask next.

mod arithmetic;
mod arrays;
mod ask;
mod ast;
mod braces;
mod branches;
mod builtins;
mod clouds;
mod compound;
mod conditions;
mod cursor;
mod declare;
mod dialect;
mod dialects;
mod dollar;
mod draft;
mod edit;
mod environment;
mod eval;
mod excerpt;
mod expand;
mod feed;
mod fields;
mod files;
mod given;
mod inside;
mod left;
mod listing;
mod loops;
mod mask;
mod menu;
mod methods;
mod names;
mod nested;
mod parameter;
mod parser;
mod pattern;
mod place;
mod programs;
mod reach;
mod reading;
mod regex;
mod scrub;
mod simple;
mod source;
mod state;
mod text;
mod told;
mod unask;
mod value;
mod warn;
mod word;

pub use clouds::{CloudFault, CloudFile, CloudFiles, cloud};
pub use dialect::{Dialect, tell};
pub use draft::{Draft, Open, Unsupported, draft};
pub use environment::{Variable, environment};
pub use excerpt::{Excerpt, Excerpts, cells};
pub use mask::{MASK, Mask, Shown, may_be_secret_name};
pub use methods::{Login, logins};
pub use names::{is_secret_name, variables};
pub use place::{Place, Reason, Refusal};
pub use reading::{Prompt, Reading, Setting, Skipped, printable, read};
pub use scrub::{Scrubbed, scrub};
pub use source::FILE_LEN_MAX;
pub use told::{Told, read_told};
pub use value::Why;
pub use warn::{Kind as WarningKind, Warning};

use crate::secret::Secret;

/// What the file is read in. The environment counts as empty but for HOME and USER.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub home: &'a str,
    pub user: &'a str,
    /// The folder of the file, absolute; also the working folder.
    pub dir: &'a str,
    /// The file's name in that folder; empty for standard input.
    pub file_name: &'a str,
    /// What the file is sourced with.
    pub args: &'a [String],
    /// To the prompts, in their order.
    pub answers: &'a [Secret],
    pub files: &'a dyn Files,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("dir", &self.dir)
            .field("file_name", &self.file_name)
            .field("answers", &self.answers.len())
            .finish_non_exhaustive()
    }
}

impl Context<'_> {
    /// The absolute path of the file; empty for standard input.
    fn path(&self) -> String {
        match self.file_name {
            "" => String::new(),
            name => format!("{}/{name}", self.dir.trim_end_matches('/')),
        }
    }
}

/// What a file may look at beside itself. All paths are absolute; nothing but looking is ever asked for.
pub trait Files {
    /// What is there; `None` when that is not to be known.
    fn kind(&self, path: &str) -> Option<FileKind>;
    /// The bytes of a plain file below the rc file's folder; `None` for any other, and for one that is too large.
    fn read(&self, path: &str) -> Option<zeroize::Zeroizing<Vec<u8>>>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    Absent,
    Plain,
    Folder,
    Other,
}

/// No file but the one in hand: what hangs on others is unknown.
#[derive(Debug, Clone, Copy)]
pub struct NoFiles;

impl Files for NoFiles {
    fn kind(&self, _path: &str) -> Option<FileKind> {
        None
    }

    fn read(&self, _path: &str) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        None
    }
}
