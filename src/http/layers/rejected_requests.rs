//! Records requests that are refused before the caller is known: each in the log, one a minute in the history.

use crate::{
    commands,
    domain::{
        actor::{Acting, Actor, Origin},
        audit::Target,
        causes::with_causes,
    },
    http::state::AppState,
};

/// Why the request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectedRequest {
    /// A form that another site sent, or a browser that does not say where the form is from.
    CrossSite,
    /// More requests than a client may send.
    TooOften,
    /// A request that two readers can understand differently.
    Ambiguous,
}

impl RejectedRequest {
    const fn what(self) -> &'static str {
        match self {
            Self::CrossSite => "send a form from another site",
            Self::TooOften => "ask more often than is allowed",
            Self::Ambiguous => "send a request that can be read in two ways",
        }
    }

    /// Records the refusal. An error on the way is only logged, because the client gets its answer in any case.
    pub async fn tell(self, app: &AppState, origin: &Origin, said: &str) {
        let (client, what) = (origin.client_address.as_str(), self.what());
        tracing::warn!(client, what, said, "a request was turned away");
        if !app.minute.may_tell(what, app.context.clock.now()) {
            return;
        }
        let acting = Acting { actor: Actor::nobody(""), origin: origin.clone() };
        let why = format!("{said}; more of the same within a minute are in the log only");
        if let Err(error) = commands::refuse(&app.context, &acting, &Target::act(what), None, &why).await {
            tracing::warn!(error = %with_causes(&error), "a refusal could not be kept in the history");
        }
    }
}
