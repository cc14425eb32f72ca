//! The form of the settings of checks: its fields as they were typed, and what is wrong with each.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::checks::{APIS_MAX, CheckSettings, CheckSettingsError, NewCheckSettings};

use super::{
    super::form::Field,
    api_fields::ApiFields,
    header_lines::{parse, shown},
};

/// The form as a browser sends it. `Debug` is left out, since it may have secrets in it.
#[derive(Clone, Default, Deserialize)]
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
    /// `None` if the box is not ticked.
    compressed: Option<String>,
    edge_locations: String,
    /// The fields of the APIs.
    #[serde(flatten)]
    others: BTreeMap<String, String>,
}

/// The fields that the page shows.
#[derive(Debug, Clone)]
pub struct CheckSettingsFields {
    pub enabled: bool,
    pub host: Field,
    pub urls: Field,
    pub headers: Field,
    /// The names of the headers whose values are stored and not shown. Empty if there are none.
    pub kept: String,
    pub must_contain: Field,
    pub must_not_contain: Field,
    pub cors_origin: Field,
    pub ask_origin: bool,
    pub compressed: bool,
    pub edge_locations: Field,
    pub apis: Vec<ApiFields>,
}

impl CheckSettingsFields {
    /// The fields as they were typed.
    pub fn typed(form: CheckSettingsForm) -> Self {
        Self {
            enabled: form.enabled.is_some(),
            host: Field::new(form.host),
            urls: Field::new(form.urls),
            headers: Field::new(form.headers),
            kept: String::new(),
            must_contain: Field::new(form.must_contain),
            must_not_contain: Field::new(form.must_not_contain),
            cors_origin: Field::new(form.cors_origin),
            ask_origin: form.ask_origin.is_some(),
            compressed: form.compressed.is_some(),
            edge_locations: Field::new(form.edge_locations),
            apis: ApiFields::typed(form.others),
        }
    }

    /// The fields of what is set.
    pub fn stored(settings: &CheckSettings) -> Self {
        let kept: Vec<&str> = settings.headers.secret.iter().map(|header| header.name.as_str()).collect();
        Self {
            enabled: settings.enabled,
            host: Field::new(settings.host.clone().unwrap_or_default()),
            urls: Field::new(settings.urls.join("\n")),
            headers: Field::new(shown(&settings.headers)),
            kept: kept.join(", "),
            must_contain: Field::new(settings.must_contain.clone().unwrap_or_default()),
            must_not_contain: Field::new(settings.must_not_contain.clone().unwrap_or_default()),
            cors_origin: Field::new(settings.cors_origin.clone().unwrap_or_default()),
            ask_origin: settings.ask_origin,
            compressed: settings.compressed,
            edge_locations: Field::new(settings.list_edge_locations()),
            apis: settings.apis.iter().map(ApiFields::stored).collect(),
        }
    }

    /// The groups of fields to show: those with an API, and an empty one if there is room for a further API.
    pub fn api_groups(&self) -> Vec<ApiFields> {
        let empty = (self.apis.len() < APIS_MAX).then(ApiFields::default);
        self.apis.iter().cloned().chain(empty).collect()
    }

    /// What was typed. `None` if a field cannot be read: then it has the message.
    pub fn new_settings(&mut self) -> Option<NewCheckSettings> {
        let headers = self.headers.check(parse(&self.headers.value));
        // Each of them is read, so that each has its message.
        let apis: Vec<_> = self.apis.iter_mut().map(ApiFields::new_api).collect();
        Some(NewCheckSettings {
            enabled: self.enabled,
            host: Some(self.host.value.clone()),
            urls: self.urls.value.lines().map(str::to_owned).collect(),
            headers: headers?,
            must_contain: Some(self.must_contain.value.clone()),
            must_not_contain: Some(self.must_not_contain.value.clone()),
            cors_origin: Some(self.cors_origin.value.clone()),
            ask_origin: self.ask_origin,
            compressed: self.compressed,
            edge_locations: split_names(&self.edge_locations.value),
            apis: apis.into_iter().collect::<Option<_>>()?,
        })
    }

    /// Stores the message at the field that is wrong.
    pub fn refuse(&mut self, error: &CheckSettingsError) {
        if let CheckSettingsError::Api(number, problem) = error {
            if let Some(api) = self.apis.get_mut(*number) {
                api.refuse(problem);
            }
            return;
        }
        let field = match error.field() {
            "host" => &mut self.host,
            "urls" => &mut self.urls,
            "must_contain" => &mut self.must_contain,
            "must_not_contain" => &mut self.must_not_contain,
            "cors_origin" => &mut self.cors_origin,
            "edge_locations" => &mut self.edge_locations,
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
            &self.edge_locations,
        ];
        let all = all.into_iter().chain(self.apis.iter().flat_map(ApiFields::all));
        all.filter_map(|field| field.error.as_deref()).collect::<Vec<_>>().join(" ")
    }
}

/// The names of a line, with commas or spaces between them.
fn split_names(line: &str) -> Vec<String> {
    line.split(|c: char| c == ',' || c == ';' || c.is_whitespace()).map(str::to_owned).collect()
}
