//! Maps a folder that the lines name to the root of the site, with one button of the plan.

use axum::{extract::State, response::Html};

use crate::{
    commands,
    domain::{
        access::Role,
        distributions::{distribution::Distribution, path_mapping::PathMapping},
        id::DistributionId,
        invalidations::plan::Plan,
    },
    http::{error::HttpError, session::Visitor, state::AppState},
};

use super::{
    super::form::{Field, FormBody, LIST},
    RequestForm, page,
};

const WHAT: &str = "set the path mappings of a distribution";
/// The most folders that have a button. Others are left to the page of the mappings.
const BUTTONS_MAX: usize = 3;

/// The folders of a plan that no mapping names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmappedView {
    /// The first few, as the lines name them.
    pub folders: Vec<String>,
    /// Where any other mapping is made.
    pub page: String,
}

/// The folders that have to be mapped first. `None` if there is none, or if the visitor may not do it.
pub fn unmapped(plan: &Plan, distribution: &Distribution, visitor: &Visitor) -> Option<UnmappedView> {
    let mut folders: Vec<String> = Vec::new();
    for folder in plan.refused().filter_map(|(_, error)| error.unmapped_folder()) {
        if folders.len() < BUTTONS_MAX && !folders.iter().any(|known| known == folder) {
            folders.push(folder.to_owned());
        }
    }
    let page = format!("/distributions/{}/paths", distribution.id);
    (visitor.access.role == Role::Admin && !folders.is_empty()).then_some(UnmappedView { folders, page })
}

/// `POST /plan/mapping`: keeps that the files of a folder are found at the root of the site, and shows the form as it was
/// with the plan that follows.
pub async fn map_folder(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(mut form): FormBody<RequestForm, LIST>,
) -> Result<Html<String>, HttpError> {
    visitor.require_admin(&app, WHAT).await?;
    let Some(id) = DistributionId::parse(&form.distribution) else {
        return Err(visitor.no_such(&app, WHAT).await);
    };
    let folder = form.map.take().unwrap_or_default();
    match PathMapping::parse(&folder, "/") {
        Ok(mapping) => {
            let added = commands::add_path_mapping(&app.context, &visitor.acting, &id, mapping).await;
            visitor.keep(&app, WHAT, added).await?;
        }
        Err((_, error)) => {
            visitor.refuse_invalid(&app, WHAT, Some(&id), &format!("the folder {error}")).await?;
        }
    }
    let reason = Field::new(form.reason.clone());
    page::render(&app, &visitor, &form, reason, None).await
}
