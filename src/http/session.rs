//! Finds who is signed in: the person of the session cookie, or the person whom a proxy identifies.

use std::time::Duration;

use axum::{
    extract::{FromRequestParts, Request},
    http::{Extensions, HeaderMap, Uri, request::Parts},
};

use crate::{
    commands::{self, Attempt},
    domain::{
        access::{Access, Role},
        actor::{Acting, Actor, Origin},
        audit::Target,
        causes::with_causes,
        id::DistributionId,
        secret::{Secret, SecretHash},
        sign_in::person::Person,
    },
    store::{
        StoreError, access,
        sign_in::{people, sessions},
    },
};

use super::{
    cookies::{self, CookieKind},
    error::HttpError,
    proxy,
    request_origin::RequestOrigin,
    state::AppState,
};

/// The person who is signed in and sent this request.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub person: Person,
    /// What the visitor may see and do. Commands read it again inside their transaction.
    pub access: Access,
    /// `None` if a proxy identifies the person in each request.
    pub session: Option<SecretHash>,
    pub acting: Acting,
    /// Whether a change that they made led them to this page.
    pub is_after_change: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpError> {
        Self::of(&parts.extensions)
            .ok_or_else(|| HttpError::Internal("a page asks for no session before it is shown".to_owned()))
    }
}

impl Visitor {
    /// Stores the visitor in the request, for all handlers that come after.
    pub fn set(self, request: &mut Request) {
        request.extensions_mut().insert(self);
    }

    /// The stored visitor. `None` if no session was required yet.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get::<Self>().cloned()
    }

    /// Returns an error for a viewer, and records the attempt in the history.
    pub async fn require_operator(
        &self,
        app: &AppState,
        what: &str,
        distribution: Option<&DistributionId>,
    ) -> Result<(), HttpError> {
        if self.person.role.may_invalidate() {
            return Ok(());
        }
        Err(self.refuse_viewer(app, &Attempt::at(&Target::act(what), distribution)).await?)
    }

    /// Records what a viewer tried, and returns the error to show.
    pub async fn refuse_viewer(&self, app: &AppState, attempt: &Attempt<'_>) -> Result<HttpError, HttpError> {
        let why = "a viewer has read-only access";
        commands::refuse_attempt(&app.context, &self.acting, attempt, why).await?;
        Ok(HttpError::NotAllowed {
            what: "You have read-only access".to_owned(),
            advice: "Nothing was saved or sent. The attempt is in the history. Ask an administrator for the role of operator.".to_owned(),
        })
    }

    /// Returns an error for everybody but administrators, and records the attempt in the history.
    pub async fn require_admin(&self, app: &AppState, what: &str) -> Result<(), HttpError> {
        if self.person.role == Role::Admin {
            return Ok(());
        }
        let why = "only an administrator may do this";
        commands::refuse(&app.context, &self.acting, &Target::act(what), None, why).await?;
        Err(HttpError::NotAllowed {
            what: "This is for administrators".to_owned(),
            advice: "Nothing was changed. The attempt is in the history. Ask an administrator.".to_owned(),
        })
    }

    /// Whether the visitor is this person.
    pub fn is(&self, person: &Person) -> bool {
        self.person.id == person.id
    }
}

/// The person whom a proxy identifies, or who has a session. `None` if nobody is signed in.
pub async fn who_asks(
    app: &AppState,
    headers: &HeaderMap,
    extensions: &Extensions,
    address: &Uri,
) -> Result<Option<Visitor>, HttpError> {
    let secret = cookies::secret_in(headers, app, CookieKind::Session);
    let origin = RequestOrigin::of(extensions);
    match proxy::find_visitor(app, headers, &origin).await {
        // An open page reconnects its stream by itself, so this does not count as a use of the session.
        Ok(None) => find_visitor(app, secret, origin, !address.path().ends_with("/events")).await,
        found => found,
    }
}

async fn find_visitor(
    app: &AppState,
    secret: Option<Secret>,
    origin: Origin,
    counts_as_use: bool,
) -> Result<Option<Visitor>, HttpError> {
    let Some(session) = secret.map(|secret| secret.hash()) else { return Ok(None) };
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let found = sessions::find(&mut conn, &session, now, app.options.authentication_methods.session).await?;
    let Some(found) = found else { return Ok(None) };
    let access = access::of_session(&mut conn, &found).await?;
    drop(conn);
    // The page is shown even if the database takes no writes at the moment.
    if counts_as_use
        && let Err(error) = commands::note_session_use(&app.context, &session, found.last_seen_at).await
    {
        tracing::warn!(error = %with_causes(&error), "the use of a session could not be noted");
    }
    let acting = Acting {
        actor: Actor::person(&found.person.id, &found.person.email),
        origin: Origin { sign_in: found.sign_in, session: session.handle(), ..origin },
    };
    Ok(Some(Visitor { person: found.person, access, session: Some(session), acting, is_after_change: false }))
}

/// Whether the visitor's session is still valid. Without a session: whether the person is unchanged, so that the
/// proxy's word still holds.
pub async fn is_let_in(app: &AppState, visitor: &Visitor) -> Result<bool, StoreError> {
    let mut conn = app.context.db.read().await?;
    let Some(session) = &visitor.session else {
        let found = people::find_by_id(&mut conn, &visitor.person.id).await?;
        return Ok(found.is_some_and(|(person, _)| person == visitor.person));
    };
    let now = app.context.clock.now();
    Ok(sessions::find(&mut conn, session, now, app.options.authentication_methods.session).await?.is_some())
}

/// How long the visitor's session stays valid if it is not used again. `None` if it has ended. With a proxy there
/// is no limit.
pub async fn let_in_for(app: &AppState, visitor: &Visitor) -> Result<Option<Duration>, StoreError> {
    let Some(session) = &visitor.session else { return Ok(Some(Duration::MAX)) };
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let found = sessions::find(&mut conn, session, now, app.options.authentication_methods.session).await?;
    Ok(found.map(|session| session.ends_at.since(now)))
}
