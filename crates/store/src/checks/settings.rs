//! Stores what people set for the checks of a distribution. A distribution without a row has the default settings.

use serde::{Deserialize, Serialize};
use unstale_domain::{
    checks::{ApiCheck, ApiMethod, CheckSettings, EdgeLocation, LookHeaders, SecretHeader},
    id::DistributionId,
    secrets_key::SealedSecret,
};

use crate::{
    Conn, StoreError, Tx,
    checks::changes,
    columns::{list_from_json, list_to_json},
    db::{execute, fetch_optional},
};

#[derive(sqlx_macros::FromRow)]
struct Row {
    enabled: bool,
    host: Option<String>,
    urls: String,
    headers: String,
    secret_headers: String,
    must_contain: Option<String>,
    must_not_contain: Option<String>,
    cors_origin: Option<String>,
    ask_origin: bool,
    compressed: bool,
    edge_locations: String,
    apis: String,
}

/// What an error says in the place of a list whose values may be secret.
const NOT_SHOWN: &str = "(not shown)";

type Pairs = Vec<(String, String)>;

/// An API in the list of a row.
#[derive(Serialize, Deserialize)]
struct StoredApi {
    url: String,
    method: String,
    headers: Pairs,
    secret_headers: Pairs,
}

impl StoredApi {
    fn of(api: &ApiCheck) -> Self {
        Self {
            url: api.url.clone(),
            method: api.method.as_str().to_owned(),
            headers: api.headers.plain.clone(),
            secret_headers: secrets_to_pairs(&api.headers.secret),
        }
    }

    fn into_api(self) -> Result<ApiCheck, StoreError> {
        let method = ApiMethod::parse(&self.method)
            .ok_or_else(|| StoreError::unreadable("the method of an API", &self.method))?;
        Ok(ApiCheck { url: self.url, method, headers: headers(self.headers, self.secret_headers) })
    }
}

fn headers(plain: Pairs, secret: Pairs) -> LookHeaders {
    let secret = secret.into_iter();
    let secret = secret.map(|(name, value)| SecretHeader { name, value: SealedSecret::from_stored(value) });
    LookHeaders { plain, secret: secret.collect() }
}

fn secrets_to_pairs(headers: &[SecretHeader]) -> Pairs {
    headers.iter().map(|header| (header.name.clone(), header.value.as_str().to_owned())).collect()
}

impl Row {
    fn into_settings(self) -> Result<CheckSettings, StoreError> {
        let pairs = |text: &str| -> Result<Pairs, StoreError> {
            serde_json::from_str(text).map_err(|_| StoreError::unreadable("a list of headers", NOT_SHOWN))
        };
        let apis: Vec<StoredApi> = serde_json::from_str(&self.apis)
            .map_err(|_| StoreError::unreadable("a list of APIs", NOT_SHOWN))?;
        let location = |name: &String| {
            EdgeLocation::parse(name).ok_or_else(|| StoreError::unreadable("an edge location", name))
        };
        Ok(CheckSettings {
            enabled: self.enabled,
            host: self.host,
            urls: list_from_json(&self.urls)?,
            headers: headers(pairs(&self.headers)?, pairs(&self.secret_headers)?),
            must_contain: self.must_contain,
            must_not_contain: self.must_not_contain,
            cors_origin: self.cors_origin,
            ask_origin: self.ask_origin,
            compressed: self.compressed,
            edge_locations: list_from_json(&self.edge_locations)?
                .iter()
                .map(location)
                .collect::<Result<_, _>>()?,
            apis: apis.into_iter().map(StoredApi::into_api).collect::<Result<_, _>>()?,
        })
    }
}

/// The settings of a distribution.
pub async fn find(conn: &mut Conn, id: &DistributionId) -> Result<CheckSettings, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        "SELECT enabled, host, urls, headers, secret_headers, must_contain, must_not_contain, cors_origin, ask_origin,
             compressed, edge_locations, apis
         FROM check_settings WHERE distribution_id = $1",
        id.as_str(),
    )?;
    row.map_or_else(|| Ok(CheckSettings::default()), Row::into_settings)
}

/// Writes the new settings of a distribution. Where its origin is to be asked, its buckets are listed from now on.
pub async fn set(tx: &mut Tx, id: &DistributionId, new: &CheckSettings) -> Result<(), StoreError> {
    let apis: Vec<StoredApi> = new.apis.iter().map(StoredApi::of).collect();
    execute!(
        tx,
        "INSERT INTO check_settings (distribution_id, enabled, host, urls, headers, secret_headers, must_contain,
             must_not_contain, cors_origin, ask_origin, compressed, apis, edge_locations)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (distribution_id) DO UPDATE SET enabled = $2, host = $3, urls = $4, headers = $5,
             secret_headers = $6, must_contain = $7, must_not_contain = $8, cors_origin = $9, ask_origin = $10,
             compressed = $11, apis = $12, edge_locations = $13",
        id.as_str(),
        new.enabled,
        new.host.as_deref(),
        list_to_json(&new.urls),
        serde_json::json!(new.headers.plain).to_string(),
        serde_json::json!(secrets_to_pairs(&new.headers.secret)).to_string(),
        new.must_contain.as_deref(),
        new.must_not_contain.as_deref(),
        new.cors_origin.as_deref(),
        new.ask_origin,
        new.compressed,
        serde_json::json!(apis).to_string(),
        list_to_json(new.edge_locations.iter().map(EdgeLocation::as_str)),
    )?;
    if new.enabled && new.ask_origin { changes::begin(tx, id).await } else { changes::end(tx, id).await }
}
