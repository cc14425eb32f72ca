//! `GET /settings/access`: what the visitor may see and do.

use askama::Template;
use axum::{extract::State, response::Html};

use crate::{
    domain::access::{
        Role,
        grant::{Grant, SubjectKind},
    },
    http::{error::HttpError, session::Visitor, state::AppState},
    store::{
        access::{grants, local_groups},
        distributions,
    },
};

use super::{
    super::view::{self, Frame},
    frame,
};

/// The number of distributions that are listed.
const SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "settings/access.html")]
struct Page {
    frame: Frame,
    role: &'static str,
    may: &'static str,
    groups: String,
    narrowed: bool,
    /// Each distribution that the visitor sees, with what they may invalidate there.
    distributions: Vec<(String, String, String)>,
    /// The number of further distributions.
    more: usize,
    /// The visitor's grants: whether each is their own or a group's, and what it allows.
    grants: Vec<(String, String)>,
}

pub async fn access(State(app): State<AppState>, visitor: Visitor) -> Result<Html<String>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let frame = frame(&mut conn, &app, &visitor, "/settings/access").await?;
    let id = &visitor.person.id;
    let all = grants::of_person(&mut conn, id).await?;
    let groups = local_groups::of_person(&mut conn, id).await?;
    let distributions = view::find_distributions(&mut conn, &visitor, &[], None, SHOWN).await?.distributions;
    let known = distributions::known(&mut conn, &visitor.access).await?;
    drop(conn);
    let access = &visitor.access;
    view::page(&Page {
        frame,
        role: access.role.as_str(),
        may: words(access.role),
        groups: groups.join(", "),
        narrowed: access.is_narrowed(),
        more: (known.here + known.gone).saturating_sub(distributions.len()),
        distributions: distributions
            .iter()
            .map(|distribution| {
                (distribution.id.to_string(), distribution.shown_name(), access.describe(&distribution.id))
            })
            .collect(),
        grants: all.iter().map(|grant| (whose(grant), grant.describe())).collect(),
    })
}

fn whose(grant: &Grant) -> String {
    match grant.subject.kind {
        SubjectKind::Person | SubjectKind::Token => "yours".to_owned(),
        SubjectKind::Group => format!("of the group {}", grant.subject.id),
    }
}

const fn words(role: Role) -> &'static str {
    match role {
        Role::Viewer => "You have read-only access.",
        Role::Operator => "You may refresh what viewers get.",
        Role::Admin => {
            "You may refresh everything, and manage people and settings. Grants do not restrict you."
        }
    }
}
