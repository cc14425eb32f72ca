//! The form of the settings of checks: its fields as they were typed, and what is wrong with each.

use serde::Deserialize;

use crate::domain::checks::{CheckSettings, CheckSettingsError};

use super::super::form::Field;

/// The form as a browser sends it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct CheckSettingsForm {
    /// `None` if the box is not ticked.
    enabled: Option<String>,
    host: String,
    urls: String,
    headers: String,
    must_contain: String,
    must_not_contain: String,
    cors_origin: String,
    /// `None` if the box is not ticked.
    ask_origin: Option<String>,
}

impl CheckSettingsForm {
    /// The settings that were typed. `Err` says which header cannot be read.
    pub fn settings(&self) -> Result<CheckSettings, String> {
        Ok(CheckSettings {
            enabled: self.enabled.is_some(),
            host: Some(self.host.clone()),
            urls: self.urls.lines().map(str::to_owned).collect(),
            headers: self.headers()?,
            must_contain: Some(self.must_contain.clone()),
            must_not_contain: Some(self.must_not_contain.clone()),
            cors_origin: Some(self.cors_origin.clone()),
            ask_origin: self.ask_origin.is_some(),
        })
    }

    fn headers(&self) -> Result<Vec<(String, String)>, String> {
        let lines = self.headers.lines().map(str::trim).filter(|line| !line.is_empty());
        lines
            .map(|line| {
                let (name, value) = line.split_once(':').ok_or_else(|| {
                    format!("{line} has no colon. Write a header as Name: value, one a line")
                })?;
                Ok((name.trim().to_owned(), value.trim().to_owned()))
            })
            .collect()
    }
}

/// The fields that the page shows.
#[derive(Debug, Clone)]
pub struct CheckSettingsFields {
    pub enabled: bool,
    pub host: Field,
    pub urls: Field,
    pub headers: Field,
    pub must_contain: Field,
    pub must_not_contain: Field,
    pub cors_origin: Field,
    pub ask_origin: bool,
}

impl CheckSettingsFields {
    /// The fields as they were typed.
    pub fn typed(form: CheckSettingsForm) -> Self {
        Self {
            enabled: form.enabled.is_some(),
            host: Field::new(form.host),
            urls: Field::new(form.urls),
            headers: Field::new(form.headers),
            must_contain: Field::new(form.must_contain),
            must_not_contain: Field::new(form.must_not_contain),
            cors_origin: Field::new(form.cors_origin),
            ask_origin: form.ask_origin.is_some(),
        }
    }

    /// The fields of what is set.
    pub fn stored(settings: &CheckSettings) -> Self {
        let headers: Vec<String> =
            settings.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        Self {
            enabled: settings.enabled,
            host: Field::new(settings.host.clone().unwrap_or_default()),
            urls: Field::new(settings.urls.join("\n")),
            headers: Field::new(headers.join("\n")),
            must_contain: Field::new(settings.must_contain.clone().unwrap_or_default()),
            must_not_contain: Field::new(settings.must_not_contain.clone().unwrap_or_default()),
            cors_origin: Field::new(settings.cors_origin.clone().unwrap_or_default()),
            ask_origin: settings.ask_origin,
        }
    }

    /// Stores the message at the field that is wrong.
    pub fn refuse(&mut self, error: &CheckSettingsError) {
        let field = match error.field() {
            "host" => &mut self.host,
            "urls" => &mut self.urls,
            "must_contain" => &mut self.must_contain,
            "must_not_contain" => &mut self.must_not_contain,
            "cors_origin" => &mut self.cors_origin,
            _ => &mut self.headers,
        };
        field.error = Some(format!("{error}."));
    }

    /// The message, for the history.
    pub fn wrong(&self) -> String {
        let all = [
            &self.host,
            &self.urls,
            &self.headers,
            &self.must_contain,
            &self.must_not_contain,
            &self.cors_origin,
        ];
        all.into_iter().filter_map(|field| field.error.as_deref()).collect::<Vec<_>>().join(" ")
    }
}
