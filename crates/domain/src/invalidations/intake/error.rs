//! Why a line of a pasted text is not understood.

/// Why a line was not understood, as a message for the person who pasted it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    #[error("is the output of a program that Unstale does not know; write the path or the URL alone")]
    UnknownOutput,
    #[error("can be split into two names in several ways; write the path or the URL alone")]
    AmbiguousNames,
    #[error("has a name that git shortened with ...; use `git diff --stat=1000` or `--name-only`")]
    Shortened,
    #[error(
        "has a name with an escape that cannot be decoded as UTF-8; write the path as viewers ask for it"
    )]
    UndecodableName,
    #[error(
        "ends with * in a list of files; write it with / before it for a wildcard, and with %2A for a file of that name"
    )]
    WildcardAmongFiles,
    #[error("is JSON that Unstale does not know; write the paths or URLs, each on its own line")]
    UnknownJson,
    #[error("is an item that CloudFront refuses, because it begins with neither / nor #")]
    BadBatchItem,
    #[error(
        "is a key, and the message does not say whether it is encoded; write the path as viewers ask for it"
    )]
    AmbiguousKey,
    #[error("is a sitemap that is not fetched here; open it and paste what is in it")]
    SitemapOfIndex,
    #[error("is where the sitemap is cut off or broken; paste the rest too")]
    BrokenSitemap,
    #[error("is a sitemap with a document type, which is not read; paste the URLs alone")]
    DocumentType,
    #[error(
        "is a row whose column {column} has neither a URL nor a path; write a URL there or delete the row"
    )]
    RowWithoutUrl { column: usize },
    #[error("is a word of the command in the place of a path, and does not begin with /")]
    BadCommandPath,
    #[error("is a command whose paths stand in a file or in a short form; write the paths alone")]
    PathsElsewhere,
    #[error("is a command without --paths; write the paths alone")]
    CommandWithoutPaths,
    #[error(
        "is a folder of a computer, which the shell put in the place of /*; write /* alone, or in quotation marks"
    )]
    ExpandedByShell,
    #[error("is a single * among other lines; write /* to refresh everything")]
    LoneStar,
    #[error("is the heading of a column; delete it, or begin it with / if it is a path")]
    Heading,
    #[error("is a command whose quotation marks do not end; paste all of it")]
    UnclosedCommand,
    #[error("begins or continues a comment of program code; write only paths and URLs")]
    Comment,
    #[error("is among lines that are not paths; begin it with / if it is one")]
    AmongOtherText,
}
