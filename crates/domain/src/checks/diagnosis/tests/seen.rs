//! Builds the evidence of one row.

use std::time::Duration;

use crate::{
    checks::{
        Answer, BodyHint, CheckCause, CustomErrorResponse, EdgeConfiguration, Evidence, ExpectedContent,
        Look, LookFailure, OriginKind, XCache, diagnose,
    },
    time::Timestamp,
};

/// One row: an answer or a failure, with what is known. The methods add to it.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) url: &'static str,
    pub(super) outcome: Result<Answer, LookFailure>,
    before: Option<Answer>,
    pub(super) configuration: EdgeConfiguration,
}

/// An answer with `X-Cache: Error`, as nearly all errors have it, and CloudFront's other headers.
pub(super) fn status(status: u16) -> Seen {
    let answer = Answer {
        status,
        x_cache: Some(XCache::Error),
        via_cloudfront: true,
        is_html: true,
        ..Answer::default()
    };
    Seen {
        url: "https://www.example.com/news.html",
        outcome: Ok(answer),
        before: None,
        configuration: EdgeConfiguration::default(),
    }
}

/// An error page that CloudFront writes itself.
pub(super) fn cloudfront(code: u16, hint: BodyHint) -> Seen {
    status(code).server("CloudFront").hint(hint)
}

/// An error of S3's API.
pub(super) fn s3(code: u16, hint: BodyHint) -> Seen {
    status(code).server("AmazonS3").hint(hint).answer(|answer| answer.is_html = false)
}

/// An error of API Gateway.
pub(super) fn api(code: u16, hint: BodyHint) -> Seen {
    status(code).hint(hint).answer(|answer| (answer.from_aws_api, answer.is_html) = (true, false))
}

pub(super) fn failure(failure: LookFailure) -> Seen {
    Seen { outcome: Err(failure), ..status(0) }
}

impl Seen {
    pub(super) fn answer(mut self, change: impl FnOnce(&mut Answer)) -> Self {
        if let Ok(answer) = &mut self.outcome {
            change(answer);
        }
        self
    }

    pub(super) fn known(mut self, change: impl FnOnce(&mut EdgeConfiguration)) -> Self {
        change(&mut self.configuration);
        self
    }

    pub(super) fn at(self, url: &'static str) -> Self {
        Self { url, ..self }
    }

    pub(super) fn server(self, name: &str) -> Self {
        self.answer(|answer| answer.server = Some(name.to_owned()))
    }

    pub(super) fn hint(self, hint: BodyHint) -> Self {
        self.answer(|answer| answer.body_hint = hint)
    }

    pub(super) fn x_cache(self, value: XCache) -> Self {
        self.answer(|answer| answer.x_cache = Some(value))
    }

    pub(super) fn before(self, before: Self) -> Self {
        Self { before: before.outcome.ok(), ..self }
    }

    pub(super) fn origin(self, kind: OriginKind) -> Self {
        self.known(|c| c.origin = Some(kind))
    }

    pub(super) fn web_acl(self, is_attached: bool) -> Self {
        self.known(|c| c.web_acl = Some(is_attached))
    }

    /// The distribution's hosts are known, and this one is among them.
    pub(super) fn own_host(self) -> Self {
        self.known(|c| c.hosts = Some(vec!["*.example.com".to_owned(), "d1.cloudfront.net".to_owned()]))
    }

    pub(super) fn other_host(self) -> Self {
        self.known(|c| c.hosts = Some(vec!["www.example.net".to_owned()]))
    }

    pub(super) fn deploying(self) -> Self {
        self.known(|c| c.deploying = Some(true))
    }

    pub(super) fn error_page(self, code: u16, response_code: u16) -> Self {
        let page = Some("/index.html".to_owned());
        let custom = CustomErrorResponse { code, response_code: Some(response_code), page };
        self.known(|c| c.custom_errors.push(custom))
    }

    /// The configuration is known to have nothing by which CloudFront itself would refuse.
    pub(super) fn edge_refuses_nothing(self) -> Self {
        self.known(|c| {
            (c.web_acl, c.country_restriction, c.signed_required) = (Some(false), Some(false), Some(false));
        })
    }

    pub(super) fn cause(&self) -> CheckCause {
        let look = |outcome| Look { at: Timestamp::from_micros(0), duration: Duration::ZERO, outcome };
        let before = self.before.clone().map(|answer| look(Ok(answer)));
        diagnose(&Evidence {
            url: self.url,
            accepted_at: None,
            completed_at: None,
            before: before.as_ref(),
            after: &look(self.outcome.clone()),
            expected: ExpectedContent::NewVersion,
            is_guessed: false,
            configuration: &self.configuration,
        })
    }
}
