//! `POST /distributions/refresh`: reads the distributions from CloudFront now.

use axum::{extract::State, response::Redirect};

use crate::{
    commands,
    http::{error::WebError, session::Visitor, state::Web},
};

pub async fn refresh(State(web): State<Web>, visitor: Visitor) -> Result<Redirect, WebError> {
    visitor.require_operator(&web, "refresh the distributions", None).await?;
    commands::refresh_distributions(&web.context, &visitor.acting).await?;
    Ok(Redirect::to("/distributions"))
}
