//! Stores what people set for the checks of a distribution. A distribution without a row has the default settings.

use unstale_domain::{checks::CheckSettings, id::DistributionId};

use crate::{
    Conn, StoreError, Tx,
    columns::{list_from_json, list_to_json},
    db::{execute, fetch_optional},
};

#[derive(sqlx::FromRow)]
struct Row {
    enabled: bool,
    host: Option<String>,
    urls: String,
    headers: String,
    must_contain: Option<String>,
    must_not_contain: Option<String>,
    cors_origin: Option<String>,
    ask_origin: bool,
}

impl Row {
    fn into_settings(self) -> Result<CheckSettings, StoreError> {
        let headers = serde_json::from_str(&self.headers);
        Ok(CheckSettings {
            enabled: self.enabled,
            host: self.host,
            urls: list_from_json(&self.urls)?,
            headers: headers.map_err(|_| StoreError::unreadable("a list of headers", &self.headers))?,
            must_contain: self.must_contain,
            must_not_contain: self.must_not_contain,
            cors_origin: self.cors_origin,
            ask_origin: self.ask_origin,
        })
    }
}

/// The settings of a distribution.
pub async fn find(conn: &mut Conn, id: &DistributionId) -> Result<CheckSettings, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        "SELECT enabled, host, urls, headers, must_contain, must_not_contain, cors_origin, ask_origin FROM check_settings
         WHERE distribution_id = $1",
        id.as_str(),
    )?;
    row.map_or_else(|| Ok(CheckSettings::default()), Row::into_settings)
}

/// Writes the new settings of a distribution.
pub async fn set(tx: &mut Tx, id: &DistributionId, new: &CheckSettings) -> Result<(), StoreError> {
    let headers: Vec<[&str; 2]> =
        new.headers.iter().map(|(name, value)| [name.as_str(), value.as_str()]).collect();
    execute!(
        tx,
        "INSERT INTO check_settings (distribution_id, enabled, host, urls, headers, must_contain, must_not_contain,
             cors_origin, ask_origin)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (distribution_id) DO UPDATE SET enabled = $2, host = $3, urls = $4, headers = $5,
             must_contain = $6, must_not_contain = $7, cors_origin = $8, ask_origin = $9",
        id.as_str(),
        new.enabled,
        new.host.as_deref(),
        list_to_json(&new.urls),
        serde_json::json!(headers).to_string(),
        new.must_contain.as_deref(),
        new.must_not_contain.as_deref(),
        new.cors_origin.as_deref(),
        new.ask_origin,
    )?;
    Ok(())
}
