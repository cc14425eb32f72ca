//! Settings from a file, `unstale.toml`: each key is the name of a flag. A flag that is given wins, then its variable in the
//! environment, then the file.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::{Arg, ArgMatches, Command, parser::ValueSource};
use toml::{Table, Value};

/// The command whose flags the file may name.
const SERVE: &str = "serve";
/// The flag that names the file.
pub(super) const CONFIG: &str = "config_file";

/// Why a settings file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum SettingsFileError {
    #[error("the settings file {0} cannot be read")]
    Read(PathBuf, #[source] std::io::Error),
    #[error("the settings file {0} is no TOML: {1}")]
    Toml(PathBuf, String),
    #[error(
        "the settings file {0} has a setting {1}, which there is not; unstale serve --help lists them by their flags"
    )]
    Unknown(PathBuf, String),
    #[error(
        "the settings file {0} has {1} as a table; write each setting on a line of its own, such as listen = \"127.0.0.1:8080\""
    )]
    Table(PathBuf, String),
    #[error("the settings file {0} has {1} twice, once with - and once with _")]
    Twice(PathBuf, String),
}

/// A command line with what a settings file adds to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct CompletedLine {
    pub arguments: Vec<OsString>,
    /// The file. `None` if none is named.
    pub file: Option<PathBuf>,
    /// The flags that the file gives, without their dashes.
    pub from_file: Vec<String>,
}

/// Adds the settings of the file that the command line or `UNSTALE_CONFIG` names, if there is one.
pub(super) fn complete(
    command: &Command,
    arguments: Vec<OsString>,
) -> Result<CompletedLine, SettingsFileError> {
    // What is wrong with the line is said when it is parsed as a whole.
    let lenient = command.clone().ignore_errors(true).try_get_matches_from(&arguments);
    let Ok(matches) = lenient else { return Ok(CompletedLine { arguments, ..CompletedLine::default() }) };
    let named = matches.get_one::<OsString>(CONFIG).filter(|file| !file.is_empty()).map(PathBuf::from);
    let Some(file) = named else { return Ok(CompletedLine { arguments, ..CompletedLine::default() }) };
    let table = read(&file)?;
    let known: Vec<&str> = command
        .find_subcommand(SERVE)
        .map(|serve| serve.get_arguments().filter_map(Arg::get_long).collect())
        .unwrap_or_default();
    let (command, matches) = innermost(command, &matches);
    let (mut added, mut from_file, mut from_keys) = (Vec::new(), Vec::new(), Vec::new());
    for (key, value) in &table {
        let flag = key.replace('_', "-");
        if !known.contains(&flag.as_str()) {
            return Err(SettingsFileError::Unknown(file, key.clone()));
        }
        if from_keys.contains(&flag) {
            return Err(SettingsFileError::Twice(file, flag));
        }
        from_keys.push(flag.clone());
        let words = words(value).ok_or_else(|| SettingsFileError::Table(file.clone(), key.clone()))?;
        if let Some(arg) = command.get_arguments().find(|arg| arg.get_long() == Some(&flag))
            && !is_given(matches, arg)
        {
            let words = on_or_off(arg, value).map_or_else(|| words.join(","), str::to_owned);
            added.push(OsString::from(format!("--{flag}={words}")));
            from_file.push(flag);
        }
    }
    Ok(CompletedLine { arguments: before_operands(arguments, added), file: Some(file), from_file })
}

fn read(file: &Path) -> Result<Table, SettingsFileError> {
    let text =
        std::fs::read_to_string(file).map_err(|error| SettingsFileError::Read(file.to_owned(), error))?;
    text.parse().map_err(|error: toml::de::Error| {
        // Its own words repeat the line, which may have a secret in it.
        let line = error.span().map_or(0, |span| text[..span.start].lines().count().max(1));
        SettingsFileError::Toml(file.to_owned(), format!("line {line}: {}", error.message()))
    })
}

/// The subcommand that is meant, with what was given to it.
fn innermost<'a>(mut command: &'a Command, mut matches: &'a ArgMatches) -> (&'a Command, &'a ArgMatches) {
    while let Some((name, inner)) = matches.subcommand()
        && let Some(subcommand) = command.find_subcommand(name)
    {
        (command, matches) = (subcommand, inner);
    }
    (command, matches)
}

/// Whether a flag or a variable of the environment gives it.
fn is_given(matches: &ArgMatches, arg: &Arg) -> bool {
    let source = matches.value_source(arg.get_id().as_str());
    matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
}

/// The texts that a flag takes. `None` for a table.
fn words(value: &Value) -> Option<Vec<String>> {
    Some(match value {
        Value::String(text) => vec![text.clone()],
        Value::Integer(number) => vec![number.to_string()],
        Value::Float(number) => vec![number.to_string()],
        Value::Boolean(is_on) => vec![is_on.to_string()],
        Value::Datetime(time) => vec![time.to_string()],
        Value::Array(values) => values.iter().map(words).collect::<Option<Vec<_>>>()?.concat(),
        Value::Table(_) => return None,
    })
}

/// `true` and `false` for a flag that takes on and off.
fn on_or_off(arg: &Arg, value: &Value) -> Option<&'static str> {
    let Value::Boolean(is_on) = value else { return None };
    let takes_on = arg.get_possible_values().iter().any(|value| value.get_name() == "on");
    takes_on.then_some(if *is_on { "on" } else { "off" })
}

/// Where the value of a flag comes from that is not on the command line, for a message about it.
pub(super) fn origin(command: &Command, line: &CompletedLine, flag: &str) -> Option<String> {
    if line.from_file.iter().any(|given| given == flag) {
        return line.file.as_deref().map(|file| file.display().to_string());
    }
    let names = format!("--{flag}");
    let is_typed = line.arguments.iter().filter_map(|argument| argument.to_str());
    if is_typed.into_iter().any(|word| word.split('=').next() == Some(&names)) {
        return None;
    }
    let of = |command: &Command| command.get_arguments().find(|arg| arg.get_long() == Some(flag)).cloned();
    let arg = of(command).or_else(|| command.get_subcommands().find_map(of))?;
    let variable = arg.get_env().filter(|name| std::env::var_os(name).is_some())?;
    Some(variable.to_string_lossy().into_owned())
}

/// The flags stand before `--`, behind which there are no flags.
fn before_operands(mut arguments: Vec<OsString>, added: Vec<OsString>) -> Vec<OsString> {
    let end = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
    arguments.splice(end..end, added);
    arguments
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{super::Cli, *};

    fn completed(text: &str, arguments: &[&str]) -> Result<CompletedLine, SettingsFileError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("unstale.toml");
        std::fs::write(&file, text).unwrap();
        let named = [OsString::from("unstale"), "--config".into(), file.into()];
        let arguments = named.into_iter().chain(arguments.iter().map(OsString::from)).collect();
        complete(&Cli::command(), arguments)
    }

    fn added(text: &str, arguments: &[&str]) -> Vec<String> {
        let line = completed(text, arguments).unwrap();
        Cli::command().try_get_matches_from(&line.arguments).unwrap();
        let after: Vec<OsString> = line.arguments.into_iter().skip(3).collect();
        after.into_iter().map(|argument| argument.into_string().unwrap()).collect()
    }

    #[test]
    fn the_file_gives_what_is_not_given() {
        let text = "listen = '127.0.0.1:9000'\nrequest_rate = 7\ncreate-rate = 0.25\ncloudtrail = true\n\
                    trusted-proxies = ['10.0.0.0/16', '192.0.2.7']\n";
        assert_eq!(
            added(text, &["serve", "--request-rate", "9"]),
            [
                "serve",
                "--request-rate",
                "9",
                "--cloudtrail=true",
                "--create-rate=0.25",
                "--listen=127.0.0.1:9000",
                "--trusted-proxies=10.0.0.0/16,192.0.2.7"
            ]
        );
        assert_eq!(
            added("database = 'sqlite://a.db'\nlisten = '127.0.0.1:1'", &["backup", "--", "-b.db"]),
            ["backup", "--database=sqlite://a.db", "--", "-b.db"],
            "a command gets what it takes"
        );
        assert_eq!(added("checks = false", &["serve"]), ["serve", "--checks=off"]);
        assert_eq!(
            added("database = 'sqlite://a.db'", &["user", "list"]),
            ["user", "list", "--database=sqlite://a.db"]
        );
    }

    #[test]
    fn a_file_that_is_wrong_is_named_without_its_secrets() {
        let refused = |text: &str| completed(text, &["serve"]).unwrap_err().to_string();
        assert!(refused("listn = 'x'").contains("unstale.toml has a setting listn"));
        assert!(refused("[serve]\nlisten = 'x'").contains("setting serve"));
        assert!(refused("create-rate = 1\ncreate_rate = 2").contains("has create-rate twice"));
        assert!(refused("[listen]\na = 1").contains("as a table"));
        let broken = refused("request-rate = 1\nmetrics-token = '0123456789abcdef");
        assert!(broken.contains("line 2") && !broken.contains("0123456789"), "{broken}");
        let missing = ["unstale", "serve", "--config", "/no/such/unstale.toml"].map(OsString::from).to_vec();
        assert!(complete(&Cli::command(), missing).unwrap_err().to_string().contains("cannot be read"));
    }

    #[test]
    fn without_a_file_nothing_is_added() {
        let line = ["unstale", "serve"].map(OsString::from).to_vec();
        assert_eq!(complete(&Cli::command(), line.clone()).unwrap().arguments, line);
    }
}
