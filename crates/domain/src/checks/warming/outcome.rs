//! How a warming ended, what failed in it, and what people should know of it.

use crate::checks::LookFailure;

/// Why a warming ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarmingEnd {
    /// Each URL was tried.
    Finished,
    /// CloudFront refused the invalidation.
    Refused,
    /// The invalidation was cancelled.
    Cancelled,
    /// Unstale asks nothing of this distribution.
    NotAsked,
    /// No URL is known that the items cover.
    NothingKnown,
    /// The site did not answer in time, twice.
    SiteHangs,
    /// It took longer, or more bytes, than one warming may.
    TooMuch,
}

impl WarmingEnd {
    pub const ALL: [Self; 7] = [
        Self::Finished,
        Self::Refused,
        Self::Cancelled,
        Self::NotAsked,
        Self::NothingKnown,
        Self::SiteHangs,
        Self::TooMuch,
    ];

    /// The stable word, in the store and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
            Self::NotAsked => "not_asked",
            Self::NothingKnown => "nothing_known",
            Self::SiteHangs => "site_hangs",
            Self::TooMuch => "too_much",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.as_str() == word)
    }

    /// Why not every URL was fetched, and what to do. `None` if each was tried.
    #[must_use]
    pub const fn describe(self) -> Option<&'static str> {
        match self {
            Self::Finished => None,
            Self::Refused => Some("Not done: CloudFront refused the invalidation."),
            Self::Cancelled => Some("Not done: the invalidation was cancelled."),
            Self::NotAsked => Some(
                "Not done: checks are off for this distribution, or viewers do not use it directly, such as a staging distribution.",
            ),
            Self::NothingKnown => {
                Some("Not done: no URL is known that the items cover. Set URLs in the check settings.")
            }
            Self::SiteHangs => Some("Stopped: the site did not answer in time. Look at the site first."),
            Self::TooMuch => Some("Stopped: it took longer than 30 minutes, or more than 4 GiB."),
        }
    }
}

/// Why one URL was not fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarmingFailure {
    /// The site answered with this error.
    Status(u16),
    /// The body is longer than what is read of it, and an edge keeps only what was read whole.
    TooLarge,
    TimedOut,
    /// There was no connection: no address, refused, or no TLS.
    NotConnected,
    /// The URL may not be asked: the distribution has lost the host, or its address is not a public one.
    NotAllowed,
    /// A secret header of the site's checks cannot be decrypted. Nothing is fetched without it.
    SecretNotRead,
    /// The connection was closed early, or the answer is not HTTP.
    BadAnswer,
}

impl WarmingFailure {
    /// Reads the text that [`Self::word`] gives.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let named = [
            Self::TooLarge,
            Self::TimedOut,
            Self::NotConnected,
            Self::NotAllowed,
            Self::SecretNotRead,
            Self::BadAnswer,
        ];
        let known = named.into_iter().find(|failure| failure.word() == word);
        known.or_else(|| word.parse().ok().map(Self::Status))
    }

    /// The stable word, in the store: a status is its number.
    #[must_use]
    pub fn word(self) -> String {
        match self {
            Self::Status(status) => status.to_string(),
            Self::TooLarge => "too_large".to_owned(),
            Self::TimedOut => "timed_out".to_owned(),
            Self::NotConnected => "not_connected".to_owned(),
            Self::NotAllowed => "not_allowed".to_owned(),
            Self::SecretNotRead => "secret_not_read".to_owned(),
            Self::BadAnswer => "bad_answer".to_owned(),
        }
    }

    #[must_use]
    pub fn label(self) -> String {
        match self {
            Self::Status(status) => status.to_string(),
            Self::TooLarge => "larger than 32 MiB".to_owned(),
            Self::TimedOut => "no answer in time".to_owned(),
            Self::NotConnected => "no connection".to_owned(),
            Self::NotAllowed => "not a host to ask".to_owned(),
            Self::SecretNotRead => "a secret header cannot be decrypted".to_owned(),
            Self::BadAnswer => "no whole answer".to_owned(),
        }
    }

    /// Whether the site took all the time that it has.
    #[must_use]
    pub const fn hung(self) -> bool {
        match self {
            Self::TimedOut => true,
            Self::Status(_)
            | Self::TooLarge
            | Self::NotConnected
            | Self::NotAllowed
            | Self::SecretNotRead
            | Self::BadAnswer => false,
        }
    }
}

impl From<LookFailure> for WarmingFailure {
    fn from(failure: LookFailure) -> Self {
        match failure {
            LookFailure::ConnectTimeout | LookFailure::AnswerTimeout => Self::TimedOut,
            LookFailure::NameNotResolved
            | LookFailure::ConnectionRefused
            | LookFailure::CertificateWrongName
            | LookFailure::TlsFailed
            | LookFailure::ClientCertificateRequired => Self::NotConnected,
            LookFailure::AddressRefused | LookFailure::NotLooked => Self::NotAllowed,
            LookFailure::SecretNotRead => Self::SecretNotRead,
            LookFailure::TooManyRedirects | LookFailure::RedirectNotFollowed | LookFailure::ProtocolError => {
                Self::BadAnswer
            }
        }
    }
}

/// What people should know of the URLs that were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarmingRemark {
    /// The items have tags, and nobody but the origin knows what they cover.
    Tags,
    /// The items have wildcards, and there is no sitemap that can be read.
    NoSitemap,
    /// The sitemap was not read to its end.
    SitemapCut,
}

impl WarmingRemark {
    pub const ALL: [Self; 3] = [Self::Tags, Self::NoSitemap, Self::SitemapCut];

    /// The stable word, in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tags => "tags",
            Self::NoSitemap => "no_sitemap",
            Self::SitemapCut => "sitemap_cut",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|remark| remark.as_str() == word)
    }

    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Tags => {
                "What a tag covers is known to the origin only: the URLs from the check settings are used for it."
            }
            Self::NoSitemap => {
                "There is no sitemap at /sitemap.xml that can be read: of what the wildcards cover, only the URLs from the check settings are known."
            }
            Self::SitemapCut => {
                "The sitemap is larger than what is read of it: at most 10 files of 1 MiB each."
            }
        }
    }
}
