//! Ends sessions of the visitor: one of them, or all but the current one.

use axum::{extract::State, response::Redirect};

use crate::{
    commands,
    domain::audit::Target,
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    store::sign_in::sessions,
    web::saved::saved,
};

/// `POST /settings/account/sessions/end-others`
pub async fn end_others(State(app): State<AppState>, visitor: Visitor) -> Result<Redirect, HttpError> {
    let keep = visitor.session.as_ref();
    commands::end_sessions(&app.context, &visitor.acting, &visitor.person, keep).await?;
    Ok(saved("/settings/account"))
}

/// `POST /settings/account/sessions/{id}/end`
pub async fn end_one(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(handle): PathParams<String>,
) -> Result<Redirect, HttpError> {
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let own =
        sessions::of_person(&mut conn, &visitor.person.id, now, app.options.authentication_methods.session)
            .await?;
    drop(conn);
    let found = own.into_iter().find(|session| session.hash.handle() == handle);
    let ended = match &found {
        Some(session) => {
            commands::end_other_session(&app.context, &visitor.acting, &visitor.person, &session.hash).await
        }
        None => Err(commands::CommandError::TooLate),
    };
    match ended {
        Ok(()) => Ok(saved("/settings/account")),
        Err(commands::CommandError::TooLate) => {
            let what = Target::act("end a session");
            commands::refuse(&app.context, &visitor.acting, &what, None, "it does not exist, or has ended")
                .await?;
            Err(HttpError::TooLate("That session has ended already.".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}
