//! Who asks the API: a token, or somebody whom the pages know.

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

/// Whoever asks, and what they may do now.
#[derive(Clone)]
pub struct Caller {
    pub acting: Acting,
    pub access: Access,
    /// What addresses for people begin with.
    pub base: String,
    credential: Credential,
}

/// What lets a caller in.
#[derive(Clone)]
enum Credential {
    Token(TokenSecret),
    /// A session, or a proxy that vouches for them.
    Person(PersonId),
}

impl fmt::Debug for Caller {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Caller").field("actor", &self.acting.actor).finish_non_exhaustive()
    }
}

impl Caller {
    /// Whom a token lets in; none where it is not good.
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

    /// Whom the pages know; none where nobody is signed in.
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

    /// Makes them known to all that the request goes through from here on.
    pub fn set(self, request: &mut Request) {
        request.extensions_mut().insert(self);
    }

    /// Whoever was let in; none where nobody has been asked yet.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get::<Self>().cloned()
    }

    /// What they may do at this moment; none where nothing lets them in any more.
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

    /// Does what let them in end with a session?
    pub const fn is_by_session(&self) -> bool {
        matches!(self.credential, Credential::Person(_))
    }
}
