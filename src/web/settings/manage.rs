//! What an administrator does to a person: each a form on the person's page.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    commands::{self, CommandError},
    domain::{access::Role, id::PersonId},
    http::{error::WebError, params::PathParams, session::Visitor, state::Web},
    store::sign_in::people,
};

use super::{super::form::FormBody, person::LinkMade};

#[derive(Debug, Deserialize)]
pub struct RoleForm {
    #[serde(default)]
    role: String,
}

/// `POST /settings/people/{id}/role`
pub async fn role(
    State(web): State<Web>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
    FormBody(form): FormBody<RoleForm>,
) -> Result<Response, WebError> {
    let what = "change a role";
    visitor.require_admin(&web, what).await?;
    let Some(role) = Role::parse(&form.role) else {
        visitor.refuse_invalid(&web, what, None, "there is no such role").await?;
        let why = "There is no such role. Nothing was changed. Choose viewer, operator or admin.";
        return Err(WebError::BadRequest(why.to_owned()));
    };
    let id = named(&web, &visitor, what, &id).await?;
    let done = commands::change_role(&web.context, &visitor.acting, &id, role).await;
    answer(&web, &visitor, &id, what, done).await
}

/// `POST /settings/people/{id}/everything`
pub async fn everything(
    State(web): State<Web>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Response, WebError> {
    let what = "let a person act everywhere";
    visitor.require_admin(&web, what).await?;
    let id = named(&web, &visitor, what, &id).await?;
    let done = commands::widen_person(&web.context, &visitor.acting, &id).await;
    answer(&web, &visitor, &id, what, done).await
}

/// `POST /settings/people/{id}/disable`
pub async fn disable(
    State(web): State<Web>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Response, WebError> {
    let what = "disable a person";
    visitor.require_admin(&web, what).await?;
    let id = named(&web, &visitor, what, &id).await?;
    let done = commands::disable_person(&web.context, &visitor.acting, &id).await;
    answer(&web, &visitor, &id, what, done).await
}

/// `POST /settings/people/{id}/enable`
pub async fn enable(
    State(web): State<Web>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Response, WebError> {
    let what = "enable a person";
    visitor.require_admin(&web, what).await?;
    let id = named(&web, &visitor, what, &id).await?;
    let done = commands::enable_person(&web.context, &visitor.acting, &id).await;
    answer(&web, &visitor, &id, what, done).await
}

/// `POST /settings/people/{id}/reset-password`: shows the one-time link, once.
pub async fn reset_password(
    State(web): State<Web>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Response, WebError> {
    let what = "reset a password";
    visitor.require_admin(&web, what).await?;
    let id = named(&web, &visitor, what, &id).await?;
    match commands::reset_password_with_link(&web.context, &visitor.acting, &id).await {
        Ok((person, link)) => LinkMade::page(&web, &visitor, &person, &link, false).await,
        Err(error) => answer(&web, &visitor, &id, what, Err(error)).await,
    }
}

/// `POST /settings/people/{id}/second-step/remove`
pub async fn remove_second_step(
    State(web): State<Web>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Response, WebError> {
    let what = "take a second step away";
    visitor.require_admin(&web, what).await?;
    let id = named(&web, &visitor, what, &id).await?;
    let done = commands::take_second_step_away(&web.context, &visitor.acting, &id, None).await.map(|_| ());
    answer(&web, &visitor, &id, what, done).await
}

/// `POST /settings/people/{id}/sessions/end`
pub async fn end_sessions(
    State(web): State<Web>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Response, WebError> {
    let what = "end sessions";
    visitor.require_admin(&web, what).await?;
    let id = named(&web, &visitor, what, &id).await?;
    let found = people::find_by_id(&mut *web.context.db.read().await?, &id).await?;
    let done = match found {
        Some((person, _)) => {
            commands::end_sessions(&web.context, &visitor.acting, &person, None).await.map(|_| ())
        }
        None => Err(CommandError::NotFound),
    };
    answer(&web, &visitor, &id, what, done).await
}

/// The person whom an address names; what cannot be an ID names nobody.
async fn named(web: &Web, visitor: &Visitor, what: &str, id: &str) -> Result<PersonId, WebError> {
    match PersonId::parse(id) {
        Some(id) => Ok(id),
        None => Err(visitor.no_such(web, what).await),
    }
}

/// Back to the person's page; what did not work is in the history.
async fn answer(
    web: &Web,
    visitor: &Visitor,
    id: &PersonId,
    what: &str,
    done: Result<(), CommandError>,
) -> Result<Response, WebError> {
    visitor.keep(web, what, done).await?;
    Ok(Redirect::to(&format!("/settings/people/{id}")).into_response())
}
