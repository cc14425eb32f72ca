//! `GET` and `PUT /api/v1/distributions/{id}/checks`: what the checks of a distribution look at.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{body::JsonFields, caller::NamedPath, error::ApiError, json::Json, query::Params, state::Api},
    commands::{self, CommandError},
    domain::{
        access::Role,
        checks::{
            APIS_MAX, ApiCheck, ApiMethod, CheckSettings, CheckSettingsError, LookHeaders, NewApi,
            NewCheckSettings, NewHeader,
        },
    },
    http::{caller::Caller, problem::Fault},
    store::checks,
};

/// The most texts that a list of a body may have here. The bounds of the settings are below it.
const LINES_MAX: usize = 100;

/// What is set for the checks of a distribution.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CheckSettings)]
pub struct CheckSettingsShape {
    /// Paths, or URLs at hosts of the distribution, to look at when a wildcard or a tag may cover them.
    pub urls: Vec<String>,
    /// The host that is looked at; null for the first alias, or else the domain name.
    pub host: Option<String>,
    /// Request headers of each look at the distribution's hosts. The values of secret ones are always empty, and those
    /// of all for who may not set them.
    pub headers: BTreeMap<String, String>,
    /// A text that each page must contain, such as `build 5121`. Files that a page loads (style sheets, scripts,
    /// pictures, fonts, media) and archives need not have it.
    pub must_contain: Option<String>,
    pub must_not_contain: Option<String>,
    /// The origin whose pages must be able to read each URL, such as `https://app.example.com`.
    pub cors_origin: Option<String>,
    /// Whether the origin is asked, without CloudFront, where viewers get an old or an unchanged copy.
    pub ask_origin: bool,
    /// Whether the compressed copies, which most viewers get, are looked at too.
    pub compressed: bool,
    /// The edge locations that are asked too, after completion.
    pub edge_locations: Vec<String>,
    /// The API behind the site, which is looked at too.
    pub apis: Vec<ApiCheckShape>,
    pub enabled: bool,
}

/// An API behind the site.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ApiCheck)]
pub struct ApiCheckShape {
    pub url: String,
    /// `GET`, `HEAD` or `OPTIONS`.
    pub method: String,
    /// The request headers that are set, with empty values: they are not told.
    pub headers: BTreeMap<String, String>,
}

/// What to set. A field that is left out gets its default.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"urls": ["/", "/news.html"], "must_contain": "build 5121"}))]
pub struct CheckSettingsRequest {
    /// Paths, or URLs at hosts of the distribution.
    #[schema(max_items = 20)]
    pub urls: Option<Vec<String>>,
    /// One of the alternate domain names, or the domain name.
    pub host: Option<String>,
    /// Request headers with their values. Secret ones, such as `Authorization`, are encrypted where the server has a
    /// key for it, and refused where it has none. An empty value keeps the secret that is stored under the name.
    pub headers: Option<BTreeMap<String, String>>,
    pub must_contain: Option<String>,
    pub must_not_contain: Option<String>,
    /// `https://HOST` or `https://HOST:PORT`, without a path. Each URL is also asked as a page of this origin would.
    pub cors_origin: Option<String>,
    /// Ask the origin too where viewers get an old or the same copy: S3 with `s3:GetObject`, others over HTTP.
    pub ask_origin: Option<bool>,
    /// Look at the compressed copies too, which most viewers get.
    pub compressed: Option<bool>,
    /// Edge locations to ask too, from the server, as `X-Amz-Cf-Pop` names them, such as `FRA50-C1`.
    #[schema(max_items = 5)]
    pub edge_locations: Option<Vec<String>>,
    /// The API behind the site, at other hosts than the distribution's.
    #[schema(max_items = 5)]
    pub apis: Option<Vec<NewApiCheckRequest>>,
    /// `true` where it is left out.
    pub enabled: Option<bool>,
}

/// An API behind the site.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = NewApiCheck)]
pub struct NewApiCheckRequest {
    /// An https URL at a public host name, such as `https://abc123.execute-api.us-east-1.amazonaws.com/prod/students`.
    pub url: String,
    /// `GET`, `HEAD` or `OPTIONS`; `GET` where it is left out. OPTIONS makes the preflight of CORS alone.
    pub method: Option<String>,
    /// Request headers with their values, such as `x-api-key`, for this API alone. Secret ones are kept as above. An
    /// empty value keeps what is stored for the same URL and name.
    pub headers: Option<BTreeMap<String, String>>,
}

impl CheckSettingsShape {
    fn new(settings: CheckSettings) -> Self {
        let LookHeaders { plain, secret } = settings.headers;
        let secret = secret.into_iter().map(|header| (header.name, String::new()));
        Self {
            urls: settings.urls,
            host: settings.host,
            headers: plain.into_iter().chain(secret).collect(),
            must_contain: settings.must_contain,
            must_not_contain: settings.must_not_contain,
            cors_origin: settings.cors_origin,
            ask_origin: settings.ask_origin,
            compressed: settings.compressed,
            edge_locations: settings.edge_locations.iter().map(|one| one.as_str().to_owned()).collect(),
            apis: settings.apis.into_iter().map(ApiCheckShape::new).collect(),
            enabled: settings.enabled,
        }
    }
}

impl ApiCheckShape {
    fn new(api: ApiCheck) -> Self {
        let headers = api.headers.names().map(|name| (name.to_owned(), String::new())).collect();
        Self { url: api.url, method: api.method.as_str().to_owned(), headers }
    }
}

/// Show what is set for a distribution's checks
#[utoipa::path(get, path = "/api/v1/distributions/{id}/checks", operation_id = "showCheckSettings", tag = "Checks",
    params(("id" = String, Path, description = "The distribution's ID")),
    responses((status = 200, body = CheckSettingsShape)))]
pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    id: NamedPath,
    params: Params,
) -> Result<Json<CheckSettingsShape>, ApiError> {
    params.end()?;
    let distribution = caller.distribution_at(&api, id).await?;
    let settings = checks::settings::find(&mut *api.context.db.read().await?, &distribution.id).await?;
    let mut shape = CheckSettingsShape::new(settings);
    if caller.access.role != Role::Admin {
        // As on the pages: a value may be more secret than its name says.
        shape.headers.values_mut().for_each(String::clear);
    }
    Ok(Json(shape))
}

/// Set what a distribution's checks look at
///
/// All of it is replaced. Only an administrator may: no token is one.
#[utoipa::path(put, path = "/api/v1/distributions/{id}/checks", operation_id = "setCheckSettings", tag = "Checks",
    params(("id" = String, Path, description = "The distribution's ID")),
    request_body = CheckSettingsRequest, responses((status = 200, body = CheckSettingsShape)))]
pub async fn submit(
    State(api): State<Api>,
    caller: Caller,
    id: NamedPath,
    fields: JsonFields,
) -> Result<Json<CheckSettingsShape>, ApiError> {
    let distribution = caller.distribution_at(&api, id).await?;
    let about = |error: ApiError| error.about(Some(distribution.id.clone()));
    caller.require_admin().map_err(about)?;
    let new = read(fields).map_err(about)?;
    let set = commands::set_check_settings(&api.context, &caller.acting, &distribution.id, new).await;
    set.map(|settings| Json(CheckSettingsShape::new(settings))).map_err(|error| about(refused(error)))
}

fn read(mut fields: JsonFields) -> Result<NewCheckSettings, ApiError> {
    let settings = NewCheckSettings {
        urls: fields.lines("urls", LINES_MAX),
        host: fields.text("host"),
        headers: headers(fields.texts_by_name("headers")),
        must_contain: fields.text("must_contain"),
        must_not_contain: fields.text("must_not_contain"),
        cors_origin: fields.text("cors_origin"),
        ask_origin: fields.flag("ask_origin").unwrap_or(false),
        compressed: fields.flag("compressed").unwrap_or(false),
        edge_locations: fields.lines("edge_locations", LINES_MAX),
        apis: fields.objects("apis", APIS_MAX, read_api),
        enabled: fields.flag("enabled").unwrap_or(true),
    };
    fields.end().map(|()| settings)
}

fn read_api(fields: &mut JsonFields) -> NewApi {
    let url = fields.needed_text("url");
    let method = fields.text("method").map(|name| ApiMethod::parse(&name));
    if method == Some(None) {
        fields.fault("/method", "has to be GET, HEAD or OPTIONS.");
    }
    let headers = headers(fields.texts_by_name("headers"));
    NewApi { url, method: method.flatten().unwrap_or_default(), headers }
}

fn headers(texts: Vec<(String, String)>) -> Vec<NewHeader> {
    texts.into_iter().map(|(name, value)| NewHeader { name, value }).collect()
}

/// The error for what a command on checks refused. It names the field of the body.
pub fn refused(error: CommandError) -> ApiError {
    match error {
        CommandError::CheckSettings(error) => wrong(&error),
        other => other.into(),
    }
}

fn wrong(error: &CheckSettingsError) -> ApiError {
    ApiError::invalid(vec![Fault::new(error.pointer(), format!("is not valid: {error}."))])
}
