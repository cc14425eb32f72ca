//! Notes about an item for the person who typed it.

use std::borrow::Cow;

use crate::{invalidations::intake::FileNote, time::Timestamp};

/// A change that was made to a typed line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mending {
    Unwrapped,
    DotsTaken,
    SlashAdded,
    TakenFromUrl,
    FragmentCut,
    SignatureCut,
    QueryCut,
    Encoded,
    FromBucket,
    Mapped,
    NameEncoded,
    FromDestination,
    Deleted,
    FileNote(FileNote),
}

impl Mending {
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unwrapped => "without the marks around it",
            Self::DotsTaken => "without the ./ before it",
            Self::SlashAdded => "leading slash added",
            Self::TakenFromUrl => "from the full URL",
            Self::FragmentCut => "without the part after #, which browsers do not send",
            Self::SignatureCut => "CloudFront matches a signed URL without its signature",
            Self::QueryCut => "without its query string, which the cache key does not contain",
            Self::Encoded => "spelled as CloudFront matches it",
            Self::FromBucket => "from the key in the bucket",
            Self::Mapped => "found by a path mapping of the distribution",
            Self::NameEncoded => "from the name of a file",
            Self::FromDestination => {
                "from the name of a file; the tool does not say its destination, so it is read as the root of the site"
            }
            Self::FileNote(note) => note.label(),
            Self::Deleted => "deleted: viewers get what the origin answers for a missing file",
        }
    }
}

/// A risk of an item that a person should know before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    Tilde,
    Star,
    ContestedCharacter,
    DotSegments,
    TagsAreOff,
    QueryNotInKey,
    CachesNothing,
    /// The command that it stands in names another distribution, which is not known.
    UnknownDistribution,
    /// An earlier request that was not sent yet has it too.
    Waiting,
    /// The same, and what waits at the same time is sent together.
    WaitingTogether,
    /// An earlier request that has not ended has it too. CloudFront accepted that one at this moment.
    InProgress(Timestamp),
    AllVariants,
}

impl Doubt {
    #[must_use]
    pub fn label(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            // aws/aws-sdk#525: a plain ~ is refused; %7E is accepted, but did not invalidate the reporter's object.
            // bep/s3deploy#46: %7E works.
            Self::Tilde => {
                "CloudFront refuses a plain ~, so it is sent as %7E, of which users report both that it clears the object and that it does not; a wildcard before the ~ is safer"
            }
            Self::Star => {
                "browsers request a * in a name as it is; sent as %2A, this clears only what was requested like that; a wildcard before the star clears both"
            }
            Self::ContestedCharacter => {
                "with spaces or quotes CloudFront has been seen to miss objects; a wildcard before the character is safer"
            }
            Self::DotSegments => "browsers resolve . and .. before the request, so this may match nothing",
            Self::TagsAreOff => "this distribution reads no cache tags, so a tag is billed and does nothing",
            Self::CachesNothing => "as far as its settings say, this distribution caches nothing",
            Self::AllVariants => {
                "the cache key has headers or cookies: copies of all their values are cleared; one alone cannot be cleared"
            }
            Self::QueryNotInKey => {
                "this distribution caches without the query string; name the path without it"
            }
            Self::UnknownDistribution => {
                "its command names another distribution, which Unstale does not know"
            }
            Self::Waiting => {
                "an earlier request that still waits to be sent refreshes it too, so this would be billed a second time"
            }
            Self::WaitingTogether => {
                "an earlier request that still waits to be sent refreshes it too; if both still wait when their turn comes, it is sent and billed once"
            }
            Self::InProgress(since) => {
                return Cow::Owned(format!(
                    "being refreshed since {} UTC; needed again only if it changed after that",
                    since.to_the_minute()
                ));
            }
        })
    }
}
