//! `GET /settings`: what there is to set.

use askama::Template;
use axum::{extract::State, response::Html};

use super::{
    super::{auth::Visitor, error::WebError, state::Web, view},
    Frame, frame,
};

#[derive(Template)]
#[template(path = "settings/index.html")]
struct Page {
    frame: Frame,
}

pub async fn index(State(web): State<Web>, visitor: Visitor) -> Result<Html<String>, WebError> {
    let mut conn = web.desk.db.read().await?;
    let mut frame = frame(&mut conn, &web, &visitor, "/settings").await?;
    "Settings".clone_into(&mut frame.title);
    view::page(&Page { frame })
}
