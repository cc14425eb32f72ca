//! Who calls the API: a token, or a person whom the pages know.

use std::fmt;

use axum::{
    extract::Request,
    http::{Extensions, HeaderMap, Uri},
};

use crate::{
    commands::{self, CommandError},
    domain::{
        access::Access,
        actor::{Acting, Origin},
        id::PersonId,
        tokens::token::TokenSecret,
    },
    store::access,
};

use super::{error::HttpError, session, state::AppState};

/// The caller, and what it may do now.
#[derive(Clone)]
pub struct Caller {
    pub acting: Acting,
    pub access: Access,
    /// The base URL of links for people.
    pub base: String,
    credential: Credential,
}

/// What identified the caller.
#[derive(Clone)]
enum Credential {
    Token(TokenSecret),
    /// A person, known by a session or through a proxy.
    Person(PersonId),
}

impl fmt::Debug for Caller {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Caller").field("actor", &self.acting.actor).finish_non_exhaustive()
    }
}

impl Caller {
    /// The caller with this token. `None` if the token is unknown, expired or revoked, or its creator is disabled.
    pub async fn by_token(
        app: &AppState,
        origin: Origin,
        secret: TokenSecret,
    ) -> Result<Option<Self>, CommandError> {
        let base = origin.base_url.clone();
        let found = commands::authenticate_token(&app.context, origin, &secret).await?;
        Ok(found.map(|(_, acting, access)| Self {
            acting,
            access,
            base,
            credential: Credential::Token(secret),
        }))
    }

    /// The caller whom the pages know by a session or a proxy. `None` if nobody is signed in.
    pub async fn by_session(
        app: &AppState,
        headers: &HeaderMap,
        extensions: &Extensions,
        address: &Uri,
    ) -> Result<Option<Self>, HttpError> {
        let visitor = session::who_asks(app, headers, extensions, address).await?;
        Ok(visitor.map(|visitor| Self {
            base: visitor.acting.origin.base_url.clone(),
            acting: visitor.acting,
            access: visitor.access,
            credential: Credential::Person(visitor.person.id),
        }))
    }

    /// Stores the caller in the request, for all handlers that come after.
    pub fn set(self, request: &mut Request) {
        request.extensions_mut().insert(self);
    }

    /// The stored caller. `None` if the request has not been authenticated.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get::<Self>().cloned()
    }

    /// What the caller may do at this moment, read again. `None` if the token is not valid any more, or the
    /// person may not sign in any more.
    pub async fn access_now(&self, app: &AppState) -> Result<Option<Access>, CommandError> {
        match &self.credential {
            Credential::Token(secret) => {
                let origin = self.acting.origin.clone();
                let found = commands::authenticate_token(&app.context, origin, secret).await?;
                Ok(found.map(|(_, _, access)| access))
            }
            Credential::Person(id) => Ok(access::of_person(&mut *app.context.db.read().await?, id).await?),
        }
    }

    /// Whether the caller is a person, so that the permission may end with a session.
    pub const fn is_by_session(&self) -> bool {
        matches!(self.credential, Credential::Person(_))
    }
}
