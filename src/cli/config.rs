//! `unstale config`: which settings are in force, and where each comes from.

use std::path::Path;

use clap::{Arg, ArgMatches, Args, Command, parser::ValueSource};
use serde::Serialize;
use url::Url;

use crate::config::ServeArgs;

use super::settings_file::CompletedLine;

/// Print the settings that unstale serve would have, and where each comes from: a flag, the environment, the
/// settings file, or the default.
///
/// Give it the flags of the service. Secrets are shown as "set". AWS's own settings are not among them. It does not
/// check what the settings name or whether they fit together: unstale doctor does.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Write the settings as JSON.
    #[arg(long = "json")]
    pub as_json: bool,
    #[command(flatten)]
    _serve: Box<ServeArgs>,
}

/// A setting that is in force.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct SettingInForce {
    /// The name of the flag, without its dashes.
    name: String,
    /// `None` if it is not set.
    value: Option<String>,
    from: String,
}

/// The settings, as text or JSON.
pub(super) fn described(
    command: &Command,
    matches: &ArgMatches,
    line: &CompletedLine,
    as_json: bool,
) -> String {
    let settings: Vec<SettingInForce> = command
        .get_arguments()
        .filter(|arg| arg.get_env().is_some() && !arg.is_global_set())
        .filter_map(|arg| setting(arg, matches, line))
        .collect();
    if as_json { serde_json::to_string_pretty(&settings).unwrap_or_default() } else { as_text(&settings) }
}

fn setting(arg: &Arg, matches: &ArgMatches, line: &CompletedLine) -> Option<SettingInForce> {
    let (name, id) = (arg.get_long()?, arg.get_id().as_str());
    let variable = arg.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let values = matches.get_raw(id).into_iter().flatten();
    let values: Vec<String> = values.map(|value| value.to_string_lossy().into_owned()).collect();
    let value = (!values.is_empty()).then(|| values.join(","));
    let from = match matches.value_source(id) {
        Some(ValueSource::CommandLine) if line.from_file.iter().any(|flag| flag == name) => {
            line.file.as_deref().unwrap_or(Path::new("")).display().to_string()
        }
        Some(ValueSource::CommandLine) => "flag".to_owned(),
        Some(ValueSource::EnvVariable) => variable,
        _ => "default".to_owned(),
    };
    let value = value.map(|value| if arg.is_hide_env_values_set() { without_secret(&value) } else { value });
    Some(SettingInForce { name: name.to_owned(), value, from })
}

/// The address of a database without its password; of all else only that it is set.
pub(super) fn without_secret(value: &str) -> String {
    if value.starts_with("sqlite:") {
        return value.to_owned();
    }
    match Url::parse(value) {
        Ok(mut url) if url.scheme().starts_with("postgres") => {
            if url.password().is_some() {
                let _ = url.set_password(Some("…"));
            }
            url.set_query(None);
            url.to_string().replace("%E2%80%A6", "…")
        }
        _ => "set".to_owned(),
    }
}

fn as_text(settings: &[SettingInForce]) -> String {
    let names = settings.iter().map(|setting| setting.name.len()).max().unwrap_or_default();
    let from = settings.iter().map(|setting| setting.from.chars().count()).max().unwrap_or_default();
    let line = |setting: &SettingInForce| {
        let value = match setting.value.as_deref() {
            None | Some("") => "(not set)",
            Some(value) => value,
        };
        format!("{:names$}  {:from$}  {value}", setting.name, setting.from)
    };
    settings.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        assert_eq!(without_secret("sqlite://unstale.db"), "sqlite://unstale.db");
        assert_eq!(
            without_secret("postgres://me:word@db.example.com/unstale?sslmode=verify-full&password=word"),
            "postgres://me:…@db.example.com/unstale"
        );
        for secret in ["0123456789abcdef", "https://siem.example.com/heads?key=word", "mysql://a:word@b"] {
            assert_eq!(without_secret(secret), "set");
        }
    }
}
