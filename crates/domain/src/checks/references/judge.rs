//! What it proves that a file of a page does not load.

use super::{Reference, ReferenceKind};
use crate::checks::{Answer, CheckCause, Judgement, Look, LookFailure, Verdict, cached::is_error_page};

/// What was seen of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceOutcome {
    Loads,
    /// An error answer with this status.
    Status(u16),
    /// HTML, or an error page of CloudFront, in place of the file.
    OtherPage,
    /// No answer came, or the connection failed.
    NoAnswer,
    /// Browsers refuse to load it: a script or a style sheet by `http` in a page by `https`.
    Mixed,
    /// It was not looked at, or the look proves nothing.
    Unknown,
}

/// A reference of a page, and what was seen of it.
#[derive(Debug, Clone, Copy)]
pub struct ReferenceSeen<'a> {
    pub reference: &'a Reference,
    pub outcome: ReferenceOutcome,
}

impl ReferenceOutcome {
    /// Reads a look at a reference. `beginning` is the beginning of the answer's body.
    #[must_use]
    pub fn of(reference: &Reference, look: &Look, beginning: &[u8]) -> Self {
        match &look.outcome {
            Ok(answer) => of_answer(reference.kind, answer, beginning),
            Err(failure) => of_failure(*failure),
        }
    }

    /// Whether the page has to do without the file.
    #[must_use]
    pub const fn fails(self) -> bool {
        match self {
            Self::Status(_) | Self::OtherPage | Self::NoAnswer | Self::Mixed => true,
            Self::Loads | Self::Unknown => false,
        }
    }
}

fn of_answer(kind: ReferenceKind, answer: &Answer, beginning: &[u8]) -> ReferenceOutcome {
    match answer.status {
        // It is about how much we ask.
        429 => ReferenceOutcome::Unknown,
        400.. => ReferenceOutcome::Status(answer.status),
        200..300 if is_error_page(answer) => ReferenceOutcome::OtherPage,
        // The type alone proves nothing: browsers show an image, and mostly run a script, whatever type it has.
        200..300 if answer.is_html && kind != ReferenceKind::Other && is_markup(beginning) => {
            ReferenceOutcome::OtherPage
        }
        200..300 => ReferenceOutcome::Loads,
        _ => ReferenceOutcome::Unknown,
    }
}

fn of_failure(failure: LookFailure) -> ReferenceOutcome {
    match failure {
        // These are about us, or about what we do not ask.
        LookFailure::NotLooked
        | LookFailure::SecretNotRead
        | LookFailure::AddressRefused
        | LookFailure::RedirectNotFollowed
        | LookFailure::ClientCertificateRequired => ReferenceOutcome::Unknown,
        LookFailure::NameNotResolved
        | LookFailure::ConnectionRefused
        | LookFailure::ConnectTimeout
        | LookFailure::AnswerTimeout
        | LookFailure::CertificateWrongName
        | LookFailure::TlsFailed
        | LookFailure::TooManyRedirects
        | LookFailure::ProtocolError => ReferenceOutcome::NoAnswer,
    }
}

/// Whether a body begins with a tag, as no style sheet, no script and no image does but SVG, which no browser shows
/// as an image if its type is HTML.
fn is_markup(beginning: &[u8]) -> bool {
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
    text.trim_ascii_start().starts_with(b"<")
}

/// Whether what the page's references do can change this judgement: not where the page is stale or broken by itself,
/// nor before CloudFront has completed the invalidation.
#[must_use]
pub fn needs_references(judgement: Judgement) -> bool {
    match judgement.verdict {
        Verdict::Stale | Verdict::Broken => false,
        Verdict::Unclear => judgement.cause != Some(CheckCause::TooEarly),
        Verdict::Fresh | Verdict::Unchanged => true,
    }
}

/// Takes into a page's judgement what was seen of its references. It never gets better by them.
///
/// A page with a script or a style sheet that browsers refuse as mixed content is broken as well: people open it and
/// see it without that file, whoever serves it. Images by `http` are no reason, since browsers ask for them by `https`
/// by themselves.
#[must_use]
pub fn judge_references(judgement: Judgement, seen: &[ReferenceSeen<'_>]) -> Judgement {
    let mut failed = seen.iter().map(|one| one.outcome).filter(|outcome| outcome.fails());
    if !needs_references(judgement) {
        return judgement;
    }
    let broken = |cause| Judgement { verdict: Verdict::Broken, cause: Some(cause) };
    match failed.next() {
        None => judgement,
        Some(ReferenceOutcome::Mixed) if failed.all(|other| other == ReferenceOutcome::Mixed) => {
            broken(CheckCause::MixedContent)
        }
        Some(_) => broken(CheckCause::ReferenceMissing),
    }
}
