//! Why a line is not a valid item.

use super::{PATH_MAX, TAG_MAX};
use crate::invalidations::intake::IntakeError;

/// Why a line cannot be sent, as a message for the person who typed it. No message repeats a part of the line that
/// may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ItemError {
    #[error("has a control character; type the line again")]
    ControlCharacter,
    #[error("has an encoded control character, {0}; delete it")]
    EncodedControl(String),
    #[error(
        "has an invisible character, {name}, as its character {place}; delete it, or write {code} if it belongs to the path"
    )]
    InvisibleCharacter { name: String, place: usize, code: String },
    #[error("has empty quotes")]
    Empty,
    #[error(
        "has a quotation mark {mark} that is not around the whole line; write one path on a line without quotes, or {code} for one that belongs to the path"
    )]
    StrayQuote { mark: char, code: String },
    #[error(
        "has more than one path, with a space between them; write each on its own line, or %20 for a space that belongs to a path"
    )]
    SeveralByBlanks,
    #[error("has more than one path, with a {0} between them; write each on its own line")]
    SeveralBy(&'static str),
    #[error("has more than one path, with a tab between them or after them; write each on its own line")]
    Tab,
    #[error("has more than one path, with {0} written out between them; write each on its own line")]
    SeveralByEscape(&'static str),
    #[error("has more than one path, with a URL directly after the first; write each on its own line")]
    SeveralGlued,
    #[error("has several tags on one line; write each on its own line")]
    SeveralTags,
    #[error("ends with a {0}; write one path per line, without it")]
    Closing(&'static str),
    #[error("has {0:?} in it, which is meant for a shell; write only the path")]
    ShellWord(String),
    #[error(
        "has {0} in it, of a variable or a template that was not filled in; write the path as viewers ask for it"
    )]
    Variable(&'static str),
    #[error(
        "has braces with a choice in them, which CloudFront does not read; write each path on a line of its own, or %7B for a brace that belongs to a name"
    )]
    Braces,
    #[error("begins with {0:?} as an item of a list does; write only the path")]
    ListMarker(String),
    #[error("looks like markup; write only the path or the URL")]
    Markup,
    #[error("is {0} characters long; CloudFront accepts at most {PATH_MAX}")]
    TooLong(usize),
    #[error(
        "has * in the middle; CloudFront reads * as a wildcard only at the end. Write %2A for a star in a file's name"
    )]
    InnerWildcard,
    #[error("has a % without two hexadecimal digits after it; write %25 for a percent sign")]
    BrokenEscape,
    #[error("has a # in the path; write %23 for it, or begin the line with # for a cache tag")]
    InnerHash,
    #[error("is a URL of {host}, and this distribution serves {serves}")]
    OtherDistribution { host: String, serves: String },
    #[error(
        "is a URL of {host}, which another distribution serves by a more specific name: CloudFront sends its viewers there"
    )]
    MoreSpecificDistribution { host: String },
    #[error(
        "begins with {host}, which looks like a host name, and this distribution serves {serves}; begin the line with / if it is a path"
    )]
    UnknownHost { host: String, serves: String },
    #[error(
        "is a URL without a host name that can be read; write it as https://host/path, or write only the path"
    )]
    NoHost,
    #[error("is a URL with an invalid port; ports go from 0 to 65535")]
    BadPort,
    #[error(
        "begins with two slashes, as a URL without its scheme does, and no distribution that you see serves the host behind them; if the path begins so, write https://{host}//… with all of it"
    )]
    TwoSlashes { host: String },
    #[error("is a URL with a slash before it; write it without that slash, or write only the path")]
    SlashBeforeUrl,
    #[error("is a URL with a user name or password; leave that part out")]
    Credentials,
    #[error("is not a URL that viewers use; write a path such as /styles.css")]
    OtherScheme,
    #[error("begins like a URL, but not with https://; write the two slashes, or write only the path")]
    DamagedScheme,
    #[error("is a URL with its :// percent-encoded; write it as https://host/path, or write only the path")]
    EncodedScheme,
    #[error("is a path on a Windows computer; write the path of the URL, such as /index.html")]
    WindowsPath,
    #[error(
        "is a path on a Windows computer, which Git Bash made out of {meant}; set MSYS_NO_PATHCONV=1 before the command{}",
        .more.describe(.meant)
    )]
    GitBashPath { meant: String, more: MoreAdvice },
    #[error(
        "begins with a parent folder; write the path from the root of the distribution, such as /index.html"
    )]
    ParentFolder,
    #[error("has %2F as its first slash; write /, or begin the line with / if %2F belongs to a name")]
    EncodedSlash,
    #[error("has {0:?}, which only looks like the character of a URL; write {1}")]
    LookAlike(char, char),
    #[error(
        "has a backslash before its first slash; write / between folders, and %5C for one that belongs to a name"
    )]
    Backslash,
    #[error(
        "has spaces and does not begin with /; write one path per line, and begin it with / if this is one"
    )]
    Words,
    #[error(
        "has {0:?} in it and does not begin with /; write one path per line, and begin it with / if this is one"
    )]
    NotAPath(char),
    #[error(
        "has {0:?} in it, as the output of a program has; write only the path, and %20 for a space that belongs to it"
    )]
    ToolOutput(&'static str),
    #[error("names a line of a file; write only the path")]
    LineOfFile,
    #[error("is a path on a computer; write the path of the URL, or the whole URL if the site has this path")]
    ComputerPath,
    #[error("has words after a path; write only the path, and %20 for a space that belongs to it")]
    WordsBehind,
    #[error("is a word that does not look like a path; begin it with / if it is one")]
    PlainWord,
    #[error("is a heading or a line of a program, and not a tag; write only the path or the tag")]
    CodeOrHeading,
    #[error("has neither a letter nor a digit; write a path such as /styles.css")]
    NoName,
    #[error("is an empty tag; write a name after the #")]
    EmptyTag,
    #[error("is a tag of {0} characters; CloudFront accepts at most {TAG_MAX}")]
    TagTooLong(usize),
    #[error("is a tag with a character that CloudFront does not accept; use ASCII without spaces and commas")]
    TagCharacter,
    #[error("is a tag with a wildcard; tags match only as a whole")]
    TagWildcard,
    #[error(
        "is a key of the bucket {bucket}, which is no origin of this distribution; choose the distribution that has it, or say where its files are found in the distribution's path mappings"
    )]
    OtherBucket { bucket: String },
    #[error(
        "is a file in {folder}, and nothing says where its files are found on the site; add {folder} to the distribution's path mappings"
    )]
    NoMapping { folder: String },
    #[error(
        "is meant for the distribution {id}, as its command says; choose that one, or write the path alone"
    )]
    ForDistribution { id: String },
    #[error("does not say which site it belongs to; choose the distribution, or write a URL")]
    NoDistribution,
    #[error("is a URL of {host}, which no distribution that you see serves")]
    HostOfNone { host: String },
    #[error(transparent)]
    Unread(#[from] IntakeError),
    #[error("is outside your grants; here you may refresh {0}")]
    NotGranted(String),
}

/// Further advice for a path that Git Bash changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoreAdvice {
    /// Write the path with two slashes. MSYS2 removes one of two slashes at the beginning, but only if the path has
    /// no other slash: it reads `//a/b` as a network path (MSYS2 documentation, filesystem paths).
    TwoSlashes,
    /// Write each path as a separate argument.
    OneEach,
    Nothing,
}

impl MoreAdvice {
    fn describe(self, meant: &str) -> String {
        match self {
            Self::TwoSlashes => format!(", or write /{meant} with two slashes"),
            Self::OneEach => ", and write each path as an argument of its own".to_owned(),
            Self::Nothing => String::new(),
        }
    }
}

impl ItemError {
    /// The host that the line names, if it belongs to another distribution or to no known one. `None` for other
    /// errors.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::OtherDistribution { host, .. }
            | Self::MoreSpecificDistribution { host }
            | Self::UnknownHost { host, .. } => Some(host),
            _ => None,
        }
    }

    /// The folder that a path mapping is missing for. `None` for other errors.
    #[must_use]
    pub fn unmapped_folder(&self) -> Option<&str> {
        if let Self::NoMapping { folder } = self { Some(folder) } else { None }
    }
}
