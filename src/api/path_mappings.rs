//! `GET` and `PUT /api/v1/distributions/{id}/paths`: where the files that tools name are found on a site.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{body::JsonFields, caller::NamedPath, error::ApiError, json::Json, query::Params, state::Api},
    commands,
    domain::distributions::path_mapping::{MAPPINGS_MAX, MappingPart, PathMapping},
    http::caller::Caller,
    store::distributions::path_mappings,
};

/// Where the files of one folder, or of a bucket's prefix, are found.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PathMapping)]
pub struct PathMappingShape {
    /// A folder where tools run, such as `dist/`, or `s3://BUCKET/PREFIX/`. `.` is the folder itself.
    #[schema(example = "dist/", max_length = 1024)]
    pub from: String,
    /// The path below which viewers ask for the files.
    #[schema(example = "/", max_length = 1024)]
    pub to: String,
}

/// The mappings of a distribution.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PathMappings, example = json!({"mappings": [{"from": "dist/", "to": "/"}]}))]
pub struct PathMappingsShape {
    /// The longest `from` that fits a file decides.
    #[schema(max_items = 50)]
    pub mappings: Vec<PathMappingShape>,
}

impl PathMappingsShape {
    fn new(mappings: &[PathMapping]) -> Self {
        let each = |mapping: &PathMapping| {
            let from = mapping.from();
            let from = if from.is_empty() { ".".to_owned() } else { from };
            PathMappingShape { from, to: mapping.to().to_owned() }
        };
        Self { mappings: mappings.iter().map(each).collect() }
    }
}

/// Show where a distribution's files are found
#[utoipa::path(get, path = "/api/v1/distributions/{id}/paths", operation_id = "showPathMappings",
    tag = "Distributions", params(("id" = String, Path, description = "The distribution's ID")),
    responses((status = 200, body = PathMappingsShape)))]
pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    id: NamedPath,
    params: Params,
) -> Result<Json<PathMappingsShape>, ApiError> {
    params.end()?;
    let distribution = caller.distribution_at(&api, id).await?;
    let mappings = path_mappings::of(&mut *api.context.db.read().await?, &distribution.id).await?;
    Ok(Json(PathMappingsShape::new(&mappings)))
}

/// Set where a distribution's files are found
///
/// All mappings are replaced. Only an administrator may: no token is one.
#[utoipa::path(put, path = "/api/v1/distributions/{id}/paths", operation_id = "setPathMappings",
    tag = "Distributions", params(("id" = String, Path, description = "The distribution's ID")),
    request_body = PathMappingsShape, responses((status = 200, body = PathMappingsShape)))]
pub async fn submit(
    State(api): State<Api>,
    caller: Caller,
    id: NamedPath,
    fields: JsonFields,
) -> Result<Json<PathMappingsShape>, ApiError> {
    let distribution = caller.distribution_at(&api, id).await?;
    let about = |error: ApiError| error.about(Some(distribution.id.clone()));
    caller.require_admin().map_err(about)?;
    let new = read(fields).map_err(about)?;
    commands::set_path_mappings(&api.context, &caller.acting, &distribution.id, &new).await?;
    Ok(Json(PathMappingsShape::new(&new)))
}

fn read(mut fields: JsonFields) -> Result<Vec<PathMapping>, ApiError> {
    if !fields.has("mappings") {
        fields.fault("/mappings", "is missing.");
    }
    let new = fields.objects("mappings", MAPPINGS_MAX, read_one);
    fields.end()?;
    Ok(new.into_iter().flatten().collect())
}

fn read_one(fields: &mut JsonFields) -> Option<PathMapping> {
    let (from, to) = (fields.needed_text("from"), fields.needed_text("to"));
    match PathMapping::parse(&from, &to) {
        Ok(mapping) => Some(mapping),
        // What is missing is told already.
        Err(_) if to.is_empty() => None,
        Err((part, error)) => {
            let pointer = match part {
                MappingPart::From => "/from",
                MappingPart::To => "/to",
            };
            fields.fault(pointer, format!("{error}."));
            None
        }
    }
}
