//! Who is asking: the session cookie, and the door that nobody passes without one.

use std::time::Duration;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use crate::{
    domain::{
        access::{Access, Role},
        actor::{Acting, Actor, Origin},
        audit::Target,
        id::DistributionId,
        person::Person,
        secret::{Secret, SecretHash},
    },
    ops::{self, SESSION_IDLE},
    store::{access, sessions},
};

use super::{error::WebError, sign_in, state::Web};

/// How precisely the last use of a session is kept.
const TOUCH_EVERY: Duration = Duration::from_mins(5);

/// The person who is signed in and asks for this page.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub person: Person,
    /// What they may see and do. Who writes asks again, inside the transaction.
    pub access: Access,
    pub session: SecretHash,
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
        let why = "a viewer may look and not act";
        ops::refuse(&web.desk, &self.acting, &Target::new("act", what), distribution, why).await?;
        Err(WebError::NotAllowed {
            what: "Your account may look and not act".to_owned(),
            advice: "Nothing was kept or sent. The attempt is in the history. Ask an administrator of this Unstale for the role of an operator.".to_owned(),
        })
    }

    /// Refuses, and keeps in the history, what only an administrator may do.
    pub async fn require_admin(&self, web: &Web, what: &str) -> Result<(), WebError> {
        if self.person.role == Role::Admin {
            return Ok(());
        }
        let why = "only an administrator may";
        ops::refuse(&web.desk, &self.acting, &Target::new("act", what), None, why).await?;
        Err(WebError::NotAllowed {
            what: "Only administrators may do this".to_owned(),
            advice:
                "Nothing was changed. The attempt is in the history. Ask an administrator of this Unstale."
                    .to_owned(),
        })
    }
}

/// Lets in whoever is signed in; shows everybody else the sign-in page.
pub async fn require_session(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let secret = session_cookie(request.headers(), &web);
    let origin = request.extensions().get::<Origin>().cloned().unwrap_or_default();
    match find_visitor(&web, secret, origin).await {
        Ok(Some(visitor)) => {
            request.extensions_mut().insert(visitor);
            next.run(request).await
        }
        Ok(None) => ask_to_sign_in(&web, &request),
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
) -> Result<Option<Visitor>, WebError> {
    let Some(session) = secret.map(|secret| secret.hash()) else { return Ok(None) };
    let now = web.desk.clock.now();
    let mut conn = web.desk.db.read().await?;
    let found = sessions::find(&mut conn, &session, now, SESSION_IDLE).await?;
    let Some(found) = found else { return Ok(None) };
    let Some(access) = access::of_person(&mut conn, &found.person.id).await? else { return Ok(None) };
    drop(conn);
    if now.since(found.last_seen_at) >= TOUCH_EVERY {
        touch(web, &session).await;
    }
    let acting = Acting {
        actor: Actor::person(&found.person.id, &found.person.email),
        origin: Origin { sign_in: found.sign_in, session: session.handle(), ..origin },
    };
    Ok(Some(Visitor { person: found.person, access, session, acting }))
}

/// A page is shown even where the database only reads for the moment.
async fn touch(web: &Web, session: &SecretHash) {
    let write = async {
        let mut tx = web.desk.db.begin().await?;
        sessions::touch(&mut tx, session, web.desk.clock.now()).await?;
        tx.commit().await
    };
    if let Err(error) = write.await {
        tracing::warn!(%error, "the use of a session could not be noted");
    }
}

/// `__Host-` binds the cookie to this host and to https; browsers refuse it without.
fn cookie_name(web: &Web) -> &'static str {
    if web.is_https() { "__Host-unstale" } else { "unstale" }
}

fn session_cookie(headers: &HeaderMap, web: &Web) -> Option<Secret> {
    let jar = CookieJar::from_headers(headers);
    Secret::parse(jar.get(cookie_name(web))?.value())
}

pub fn has_session_cookie(headers: &HeaderMap, web: &Web) -> bool {
    CookieJar::from_headers(headers).get(cookie_name(web)).is_some()
}

/// The cookie of a new session. It goes with the browser; the server ends the session by itself too.
pub fn cookie(web: &Web, secret: &Secret) -> Cookie<'static> {
    empty(web, secret.reveal().to_owned())
}

/// A cookie that takes the session's away.
pub fn removal(web: &Web) -> Cookie<'static> {
    let mut cookie = empty(web, String::new());
    cookie.make_removal();
    cookie
}

fn empty(web: &Web, value: String) -> Cookie<'static> {
    Cookie::build((cookie_name(web), value))
        .path("/")
        .http_only(true)
        .secure(web.is_https())
        .same_site(SameSite::Lax)
        .build()
}
