//! `POST /distributions/refresh`: reads the distributions from CloudFront now.

use axum::{extract::State, response::Redirect};

use crate::{
    commands,
    http::{error::HttpError, session::Visitor, state::AppState},
};

pub async fn refresh(State(app): State<AppState>, visitor: Visitor) -> Result<Redirect, HttpError> {
    visitor.require_operator(&app, "refresh the distributions", None).await?;
    commands::refresh_distributions(&app.context, &visitor.acting).await?;
    Ok(Redirect::to("/distributions"))
}
