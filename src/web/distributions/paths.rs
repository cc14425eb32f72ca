//! `/distributions/{id}/paths`: where the files that tools name are found on the site. For administrators.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;

use crate::{
    commands,
    domain::{
        distributions::path_mapping::{MAPPINGS_MAX, MappingPart, PathMapping},
        id::DistributionId,
    },
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    store::distributions::path_mappings,
    web::saved::saved,
};

use super::super::{
    form::{Field, FormBody, LIST},
    view::{self, Frame, Tab},
};

const WHAT: &str = "set the path mappings of a distribution";

#[derive(Template)]
#[template(path = "distributions/paths.html")]
struct Page {
    frame: Frame,
    id: String,
    name: String,
    mappings: Field,
    mappings_max: usize,
}

#[derive(Debug, Deserialize)]
pub struct PathsForm {
    #[serde(default)]
    mappings: String,
}

/// `GET /distributions/{id}/paths`
pub async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Html<String>, HttpError> {
    visitor.require_admin(&app, "see the path mappings of a distribution").await?;
    let id = DistributionId::parse(&id).ok_or(HttpError::NotFound)?;
    let now = path_mappings::of(&mut *app.context.db.read().await?, &id).await?;
    let line = |mapping: &PathMapping| {
        let from = mapping.from();
        format!("{} {}", if from.is_empty() { "." } else { &from }, mapping.to())
    };
    let text = now.iter().map(line).collect::<Vec<_>>().join("\n");
    render(&app, &visitor, &id, Field::new(text)).await
}

/// `POST /distributions/{id}/paths`
pub async fn set(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
    FormBody(form): FormBody<PathsForm, LIST>,
) -> Result<Response, HttpError> {
    visitor.require_admin(&app, WHAT).await?;
    let Some(id) = DistributionId::parse(&id) else { return Err(visitor.no_such(&app, WHAT).await) };
    let mut field = Field::new(form.mappings.clone());
    if let Some(new) = field.check(parse(&form.mappings)) {
        let set = commands::set_path_mappings(&app.context, &visitor.acting, &id, &new).await;
        visitor.keep(&app, WHAT, set).await?;
        return Ok(saved(&format!("/distributions/{id}")).into_response());
    }
    let wrong = field.error.clone().unwrap_or_default();
    visitor.refuse_invalid(&app, WHAT, Some(&id), &wrong).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &visitor, &id, field).await?).into_response())
}

/// One mapping a line: the folder or the bucket, white space, and the path. The path is the last word, because a folder
/// may have blanks in its name.
fn parse(text: &str) -> Result<Vec<PathMapping>, String> {
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    let mut all = Vec::new();
    for (index, line) in lines {
        let number = index + 1;
        let (from, to) = line
            .rsplit_once(char::is_whitespace)
            .ok_or_else(|| format!("Line {number} needs a folder and a path, such as: dist/ /"))?;
        let mapping = PathMapping::parse(from, to).map_err(|(part, error)| {
            let which = match part {
                MappingPart::From => "The folder",
                MappingPart::To => "The path",
            };
            format!("{which} of line {number} {error}.")
        })?;
        all.push(mapping);
    }
    if all.len() > MAPPINGS_MAX {
        return Err(format!("There are {} lines; at most {MAPPINGS_MAX} are possible.", all.len()));
    }
    Ok(all)
}

async fn render(
    app: &AppState,
    visitor: &Visitor,
    id: &DistributionId,
    mappings: Field,
) -> Result<Html<String>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let path = format!("/distributions/{id}/paths");
    let frame = view::frame(&mut conn, app, visitor, Tab::Distributions, "Path mappings", &path).await?;
    let distribution = view::distribution(&mut conn, visitor, id).await?.ok_or(HttpError::NotFound)?;
    drop(conn);
    let name = distribution.shown_name();
    view::page(&Page { frame, id: id.to_string(), name, mappings, mappings_max: MAPPINGS_MAX })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_line_is_a_folder_and_a_path() {
        let found = parse("dist/ /\n\n  my site/out  /docs \ns3://bucket/a /b/").unwrap();
        let pairs: Vec<_> = found.iter().map(|one| (one.from(), one.to().to_owned())).collect();
        let wanted = [("dist/", "/"), ("my site/out/", "/docs/"), ("s3://bucket/a/", "/b/")];
        assert_eq!(pairs, wanted.map(|(from, to)| (from.to_owned(), to.to_owned())));
        assert_eq!(parse("dist/"), Err("Line 1 needs a folder and a path, such as: dist/ /".to_owned()));
        assert!(parse("a /b\nc /*").unwrap_err().starts_with("The path of line 2 has to begin with /"));
        assert!(parse(&"a /\n".repeat(51)).unwrap_err().contains("at most 50 are possible"));
    }
}
