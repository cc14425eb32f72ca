//! Why a line is no item.

use super::{PATH_MAX, TAG_MAX};

/// Why a line cannot be sent, in words for the person who typed it. None of them repeats what may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ItemError {
    #[error("has a control character; type the line again")]
    ControlCharacter,
    #[error(
        "has an invisible character, {name}, as its character {place}; delete it, or write {code} if it belongs to the path"
    )]
    InvisibleCharacter { name: String, place: usize, code: String },
    #[error("has nothing between its quotes")]
    Empty,
    #[error(
        "has a quotation mark {mark} that is not around the whole line; write one path on a line without quotes, or {code} for one that belongs to the path"
    )]
    StrayQuote { mark: char, code: String },
    #[error(
        "has more than one path, with a blank between them; write each on a line of its own, or %20 for a blank that belongs to a path"
    )]
    SeveralByBlanks,
    #[error("has more than one path, with a comma between them; write each on a line of its own")]
    SeveralByCommas,
    #[error("ends with a comma; write one path on a line, without it")]
    ClosingComma,
    #[error("begins with {0:?} as an item of a list does; write only the path")]
    ListMarker(String),
    #[error("looks like markup; write only the path or the URL")]
    Markup,
    #[error("is {0} characters long; CloudFront takes at most {PATH_MAX}")]
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
    OtherSite { host: String, serves: String },
    #[error(
        "is a URL of {host}, which another distribution serves by a more specific name: CloudFront sends its viewers there"
    )]
    MoreSpecificSite { host: String },
    #[error(
        "begins with {host}, which looks like a host name, and this distribution serves {serves}; begin the line with / if it is a path"
    )]
    UnknownHost { host: String, serves: String },
    #[error(
        "is a URL without a host name that can be read; write it as https://host/path, or write only the path"
    )]
    NoHost,
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
        "is a path on a Windows computer, which Git Bash made out of {meant}; set MSYS_NO_PATHCONV=1 before the command, or write /{meant} with two slashes"
    )]
    GitBashPath { meant: String },
    #[error(
        "has a backslash before its first slash; write / between folders, and %5C for one that belongs to a name"
    )]
    Backslash,
    #[error(
        "has blanks and does not begin with /; write one path on a line, and begin it with / if this is one"
    )]
    Words,
    #[error(
        "has {0:?} in it and does not begin with /; write one path on a line, and begin it with / if this is one"
    )]
    NotAPath(char),
    #[error("has neither a letter nor a digit; write a path such as /styles.css")]
    NoName,
    #[error("is an empty tag; write a name after the #")]
    EmptyTag,
    #[error("is a tag of {0} characters; CloudFront takes at most {TAG_MAX}")]
    TagTooLong(usize),
    #[error("is a tag with a character that CloudFront does not take; use ASCII without spaces and commas")]
    TagCharacter,
    #[error("is a tag with a wildcard; tags match only as a whole")]
    TagWildcard,
    #[error("is outside your grants; here you may refresh {0}")]
    NotGranted(String),
}

impl ItemError {
    /// The host that the line names, where it is that of another distribution or of none that is known.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::OtherSite { host, .. }
            | Self::MoreSpecificSite { host }
            | Self::UnknownHost { host, .. } => Some(host),
            _ => None,
        }
    }
}
