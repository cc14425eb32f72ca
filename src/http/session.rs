//! Who is signed in: the person of a session's cookie, or whom a proxy vouches for.

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

/// The person who is signed in and asks for this page.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub person: Person,
    /// What they may see and do. Who writes asks again, inside the transaction.
    pub access: Access,
    /// None where a proxy vouches for each request.
    pub session: Option<SecretHash>,
    pub acting: Acting,
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpError> {
        Self::of(&parts.extensions)
            .ok_or_else(|| HttpError::Internal("a page asks for no session before it is shown".to_owned()))
    }
}

impl Visitor {
    /// Makes them known to all that the request goes through from here on.
    pub fn set(self, request: &mut Request) {
        request.extensions_mut().insert(self);
    }

    /// Whoever was let in; none where nobody has been asked for a session yet.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get::<Self>().cloned()
    }

    /// Refuses, and keeps in the history, what a viewer may not do.
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

    /// Keeps what a viewer tried; gives the error that says so.
    pub async fn refuse_viewer(&self, app: &AppState, attempt: &Attempt<'_>) -> Result<HttpError, HttpError> {
        let why = "a viewer may look and not act";
        commands::refuse_attempt(&app.context, &self.acting, attempt, why).await?;
        Ok(HttpError::NotAllowed {
            what: "Your account may look and not act".to_owned(),
            advice: "Nothing was kept or sent. The attempt is in the history. Ask an administrator of this Unstale for the role of an operator.".to_owned(),
        })
    }

    /// Refuses, and keeps in the history, what only an administrator may do.
    pub async fn require_admin(&self, app: &AppState, what: &str) -> Result<(), HttpError> {
        if self.person.role == Role::Admin {
            return Ok(());
        }
        let why = "only an administrator may do this";
        commands::refuse(&app.context, &self.acting, &Target::act(what), None, why).await?;
        Err(HttpError::NotAllowed {
            what: "This is for administrators".to_owned(),
            advice:
                "Nothing was changed. The attempt is in the history. Ask an administrator of this Unstale."
                    .to_owned(),
        })
    }

    /// The same person as whom the page is about?
    pub fn is(&self, person: &Person) -> bool {
        self.person.id == person.id
    }
}

/// Whom a proxy vouches for, or who has a session; none where nobody is signed in.
pub async fn who_asks(
    app: &AppState,
    headers: &HeaderMap,
    extensions: &Extensions,
    address: &Uri,
) -> Result<Option<Visitor>, HttpError> {
    let secret = cookies::secret_in(headers, app, CookieKind::Session);
    let origin = RequestOrigin::of(extensions);
    match proxy::find_visitor(app, headers, &origin).await {
        // An open page keeps its stream open by itself: that is nobody's use of the session.
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
    // A page is shown even where the database only reads for the moment.
    if counts_as_use
        && let Err(error) = commands::note_session_use(&app.context, &session, found.last_seen_at).await
    {
        tracing::warn!(error = %with_causes(&error), "the use of a session could not be noted");
    }
    let acting = Acting {
        actor: Actor::person(&found.person.id, &found.person.email),
        origin: Origin { sign_in: found.sign_in, session: session.handle(), ..origin },
    };
    Ok(Some(Visitor { person: found.person, access, session: Some(session), acting }))
}

/// Does what let the visitor in still do so?
pub async fn is_let_in(app: &AppState, visitor: &Visitor) -> Result<bool, StoreError> {
    let mut conn = app.context.db.read().await?;
    let Some(session) = &visitor.session else {
        let found = people::find_by_id(&mut conn, &visitor.person.id).await?;
        return Ok(found.is_some_and(|(person, _)| person == visitor.person));
    };
    let now = app.context.clock.now();
    Ok(sessions::find(&mut conn, session, now, app.options.authentication_methods.session).await?.is_some())
}

/// For how long will what let the visitor in still do so, if they do nothing more? `None` where it is over.
pub async fn let_in_for(app: &AppState, visitor: &Visitor) -> Result<Option<Duration>, StoreError> {
    let Some(session) = &visitor.session else { return Ok(Some(Duration::MAX)) };
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let found = sessions::find(&mut conn, session, now, app.options.authentication_methods.session).await?;
    Ok(found.map(|session| session.ends_at.since(now)))
}
