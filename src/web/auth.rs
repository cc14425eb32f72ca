//! Who is asking: the session cookie, and the door that nobody passes without one.

use std::time::Duration;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use crate::{
    commands::{self, Attempt},
    domain::causes::with_causes,
    domain::{
        access::{Access, Role},
        actor::{Acting, Actor, Origin},
        audit::Target,
        id::DistributionId,
        secret::{Secret, SecretHash},
        sign_in::person::Person,
    },
    store::{
        StoreError, access,
        sign_in::{people, sessions},
    },
};

use super::{error::WebError, proxy, sign_in, state::Web};

/// How precisely the last use of a session is kept.
const TOUCH_EVERY: Duration = Duration::from_mins(5);

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
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, WebError> {
        let visitor = parts.extensions.get::<Self>().cloned();
        visitor.ok_or_else(|| WebError::Internal("a page is outside the door".to_owned()))
    }
}

impl Visitor {
    /// Refuses, and keeps in the history, what a viewer may not do.
    pub async fn require_operator(
        &self,
        web: &Web,
        what: &str,
        distribution: Option<&DistributionId>,
    ) -> Result<(), WebError> {
        if self.person.role.may_invalidate() {
            return Ok(());
        }
        Err(self.refuse_viewer(web, &Attempt::at(&Target::new("act", what), distribution)).await?)
    }

    /// Keeps what a viewer tried; gives the error that says so.
    pub async fn refuse_viewer(&self, web: &Web, attempt: &Attempt<'_>) -> Result<WebError, WebError> {
        let why = "a viewer may look and not act";
        commands::refuse_attempt(&web.context, &self.acting, attempt, why).await?;
        Ok(WebError::NotAllowed {
            what: "Your account may look and not act".to_owned(),
            advice: "Nothing was kept or sent. The attempt is in the history. Ask an administrator of this Unstale for the role of an operator.".to_owned(),
        })
    }

    /// Refuses, and keeps in the history, what only an administrator may do.
    pub async fn require_admin(&self, web: &Web, what: &str) -> Result<(), WebError> {
        if self.person.role == Role::Admin {
            return Ok(());
        }
        let why = "only an administrator may do this";
        commands::refuse(&web.context, &self.acting, &Target::new("act", what), None, why).await?;
        Err(WebError::NotAllowed {
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

/// Lets in whoever is signed in; shows everybody else the sign-in page.
pub async fn require_session(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    match who_asks(&web, request.headers(), request.extensions(), request.uri()).await {
        Ok(Some(visitor)) => {
            request.extensions_mut().insert(visitor);
            next.run(request).await
        }
        Ok(None) => ask_to_sign_in(&web, &request),
        Err(error) => error.into_response(),
    }
}

/// Whom a proxy vouches for, or who has a session.
async fn who_asks(
    web: &Web,
    headers: &HeaderMap,
    extensions: &Extensions,
    address: &Uri,
) -> Result<Option<Visitor>, WebError> {
    let secret = secret_in(headers, web, CookieKind::Session);
    let origin = extensions.get::<Origin>().cloned().unwrap_or_default();
    match proxy::find_visitor(web, headers, &origin).await {
        // An open page keeps its stream open by itself: that is nobody's use of the session.
        Ok(None) => find_visitor(web, secret, origin, !address.path().ends_with("/events")).await,
        found => found,
    }
}

/// Tells a door further in who has a session. Who brings an `Authorization` header speaks for themselves.
pub async fn name_session(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::AUTHORIZATION) {
        return next.run(request).await;
    }
    match who_asks(&web, request.headers(), request.extensions(), request.uri()).await {
        Ok(Some(visitor)) => {
            request.extensions_mut().insert(visitor.acting);
            request.extensions_mut().insert(visitor.access);
            next.run(request).await
        }
        Ok(None) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn ask_to_sign_in(web: &Web, request: &Request) -> Response {
    let from_script = request.headers().contains_key("hx-request");
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    if from_script {
        let to_sign_in = [(HeaderName::from_static("hx-redirect"), HeaderValue::from_static("/sign-in"))];
        (StatusCode::UNAUTHORIZED, to_sign_in).into_response()
    } else if request.uri().path() == "/events" {
        StatusCode::UNAUTHORIZED.into_response()
    } else if request.method() == Method::GET {
        Redirect::to(&sign_in::address(path)).into_response()
    } else {
        sign_in::session_over(web)
    }
}

async fn find_visitor(
    web: &Web,
    secret: Option<Secret>,
    origin: Origin,
    counts_as_use: bool,
) -> Result<Option<Visitor>, WebError> {
    let Some(session) = secret.map(|secret| secret.hash()) else { return Ok(None) };
    let now = web.context.clock.now();
    let mut conn = web.context.db.read().await?;
    let found = sessions::find(&mut conn, &session, now, web.options.authentication_methods.session).await?;
    let Some(found) = found else { return Ok(None) };
    let access = access::of_session(&mut conn, &found).await?;
    drop(conn);
    if counts_as_use && !now.is_soon_after(found.last_seen_at, TOUCH_EVERY) {
        touch(web, &session).await;
    }
    let acting = Acting {
        actor: Actor::person(&found.person.id, &found.person.email),
        origin: Origin { sign_in: found.sign_in, session: session.handle(), ..origin },
    };
    Ok(Some(Visitor { person: found.person, access, session: Some(session), acting }))
}

/// Does what let the visitor in still do so?
pub async fn is_let_in(web: &Web, visitor: &Visitor) -> Result<bool, StoreError> {
    let mut conn = web.context.db.read().await?;
    let Some(session) = &visitor.session else {
        let found = people::find_by_id(&mut conn, &visitor.person.id).await?;
        return Ok(found.is_some_and(|(person, _)| person == visitor.person));
    };
    let now = web.context.clock.now();
    Ok(sessions::find(&mut conn, session, now, web.options.authentication_methods.session).await?.is_some())
}

/// For how long will what let the visitor in still do so, if they do nothing more? `None` where it is over.
pub async fn let_in_for(web: &Web, visitor: &Visitor) -> Result<Option<Duration>, StoreError> {
    let Some(session) = &visitor.session else { return Ok(Some(Duration::MAX)) };
    let now = web.context.clock.now();
    let mut conn = web.context.db.read().await?;
    let found = sessions::find(&mut conn, session, now, web.options.authentication_methods.session).await?;
    Ok(found.map(|session| session.ends_at.since(now)))
}

/// A page is shown even where the database only reads for the moment.
async fn touch(web: &Web, session: &SecretHash) {
    let write = async {
        let mut tx = web.context.db.begin().await?;
        sessions::touch(&mut tx, session, web.context.clock.now()).await?;
        tx.commit().await
    };
    if let Err(error) = write.await {
        tracing::warn!(error = %with_causes(&error), "the use of a session could not be noted");
    }
}

/// What a cookie of ours is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieKind {
    Session,
    /// The password was right and the code is still to come.
    PendingSecondFactor,
    /// A question to the provider that is not answered yet.
    Provider,
}

/// `__Host-` binds the cookie to this host and to https; browsers refuse it without.
fn cookie_name(web: &Web, kind: CookieKind) -> &'static str {
    match (kind, web.is_https()) {
        (CookieKind::Session, true) => "__Host-unstale",
        (CookieKind::Session, false) => "unstale",
        (CookieKind::PendingSecondFactor, true) => "__Host-unstale-half",
        (CookieKind::PendingSecondFactor, false) => "unstale-half",
        (CookieKind::Provider, true) => "__Host-unstale-provider",
        (CookieKind::Provider, false) => "unstale-provider",
    }
}

/// The secret in a cookie of ours.
pub fn secret_in(headers: &HeaderMap, web: &Web, kind: CookieKind) -> Option<Secret> {
    Secret::parse(&text_in(headers, web, kind)?)
}

/// The text in a cookie of ours.
pub fn text_in(headers: &HeaderMap, web: &Web, kind: CookieKind) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    Some(jar.get(cookie_name(web, kind))?.value().to_owned())
}

/// Do cookies name two sessions? Which of them counts would be a matter of their order.
pub fn has_two_sessions(headers: &HeaderMap, web: &Web) -> bool {
    let name = cookie_name(web, CookieKind::Session);
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|text| text.to_str().ok());
    let mut sessions = texts
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter_map(|(key, value)| (key == name).then_some(value));
    let first = sessions.next();
    sessions.any(|other| Some(other) != first)
}

pub fn has_session_cookie(headers: &HeaderMap, web: &Web) -> bool {
    CookieJar::from_headers(headers).get(cookie_name(web, CookieKind::Session)).is_some()
}

/// A cookie that goes with the browser; the server ends what it stands for by itself too.
pub fn cookie(web: &Web, kind: CookieKind, value: String) -> Cookie<'static> {
    Cookie::build((cookie_name(web, kind), value))
        .path("/")
        .http_only(true)
        .secure(web.is_https())
        .same_site(SameSite::Lax)
        .build()
}

/// A cookie that takes ours away.
pub fn removal(web: &Web, kind: CookieKind) -> Cookie<'static> {
    let mut cookie = cookie(web, kind, String::new());
    cookie.make_removal();
    cookie
}
