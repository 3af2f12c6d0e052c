//! What a user wants to be told though the file can be read: each warning has a place and never shows a value.

mod settings;
mod values;
mod words;

use super::eval::Evaluator;
use super::place::{Place, Span};

pub(crate) use settings::of_settings;
pub(crate) use values::{is_stock_placeholder, is_true, of_value};
pub(crate) use words::{of_letters, of_words};

/// More than these nobody reads.
const WARNINGS_MAX: usize = 200;

/// Something in the file that is worth a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub place: Place,
    pub kind: Kind,
    pub text: String,
}

macro_rules! kinds {
    ($($kind:ident $word:literal $what:literal),+ $(,)?) => {
        /// What a warning is about; [`Kind::word`] is its stable name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $(#[doc = $what] $kind,)+
        }

        impl Kind {
            /// Every kind with its word and what it says.
            pub const TABLE: &[(Kind, &str, &str)] = &[$((Kind::$kind, $word, $what)),+];
        }
    };
}

kinds! {
    SecretInFile "secret-in-file"
        "a password, a token or another secret stands in the file in clear text",
    ReadableByOthers "readable-by-others"
        "the file holds a secret, and others on this machine can read it",
    Placeholder "placeholder"
        "a value still holds what a guide or a template put there, to be filled in",
    DollarEaten "dollar-eaten"
        "a $ in a value refers to a variable that nothing sets, or to the shell's own, and was hardly meant to",
    BackslashKept "backslash-kept"
        "inside double quotes the backslash of \\' and \\! stays in the value",
    TypographicSign "typographic-sign"
        "a quote or a blank as word processors and web pages have it, which no shell takes for one",
    ByteOrderMark "byte-order-mark"
        "the file begins with a byte order mark, which a shell takes for a part of the first word",
    CarriageReturns "carriage-returns"
        "lines end in CR LF, and a shell keeps the CR as a part of each value",
    ControlCharacter "control-character"
        "a value holds a control character",
    BlankAtEdge "blank-at-edge"
        "a value begins or ends with a blank",
    NotAName "not-a-name"
        "what is to be exported is no name of a variable, as with blanks around the =",
    NameAsPrompt "name-as-prompt"
        "the name behind read -p is taken for the text to be shown, so that nothing is read into it",
    NotRead "not-read"
        "a file or an eval that is not followed: what it sets is not known",
    EndsEarly "ends-early"
        "the file ends itself before its last line",
    NotExported "not-exported"
        "a setting is made and never exported, so that no program sees it",
    SetTwice "set-twice"
        "a setting is made twice with different values; the later one counts",
    PlainHttp "plain-http"
        "the auth URL is http://, which sends the password across the network in clear text",
    Insecure "insecure"
        "the server's certificate is not checked",
    TokenExported "token-exported"
        "a token stands in place of a login; it ends by itself",
    NoDomain "no-domain"
        "a user or a project is named without its domain",
    MixedVersions "mixed-versions"
        "settings of Identity v2.0 and of v3 stand side by side",
    CredentialScope "credential-scope"
        "an application credential comes with a scope, which Keystone refuses",
    UserTwice "user-twice"
        "the user is given by name and by id; the id is what is sent",
    TenantDiffers "tenant-differs"
        "project and tenant are the same thing, and are given different values",
    Deprecated "deprecated"
        "a variable has a newer name, which is missing",
    PasswordCommand "password-command"
        "the password is what a command prints, which is not run",
    ReadDifferently "read-differently"
        "a line of a dotenv file that a shell and the tools for such files take differently",
    Vendor "vendor"
        "what a clouds.yaml takes from a vendor's profile",
}

impl Kind {
    pub fn word(self) -> &'static str {
        Kind::TABLE.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, word, _)| word)
    }
}

#[derive(Debug)]
pub(crate) struct Warned {
    pub(crate) at: Span,
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

impl Evaluator<'_> {
    pub(crate) fn warn(&mut self, at: Span, kind: Kind, text: impl Into<String>) {
        if self.warnings.len() < WARNINGS_MAX
            && !self.warnings.iter().any(|warned| warned.at == at && warned.kind == kind)
        {
            self.warnings.push(Warned { at, kind, text: text.into() });
        }
    }
}
