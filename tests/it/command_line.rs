//! What stands around the commands: settings from a file, completions and manual pages.

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::program;

struct Given(TempDir);

impl Given {
    fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("unstale.toml"), settings).unwrap();
        Self(folder)
    }

    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String, String) {
        let mut command = program::program();
        command.args(arguments).current_dir(&self.0).env_clear().env("UNSTALE_CONFIG", "unstale.toml");
        program::run(command.envs(environment.iter().copied()))
    }

    /// The value and the origin of a setting.
    fn setting(&self, name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> (Value, String) {
        let arguments: Vec<&str> = ["config", "--json"].iter().chain(arguments).copied().collect();
        let (code, said, complaint) = self.run(&arguments, environment);
        assert_eq!(code, 0, "{complaint}");
        let all: Vec<Value> = serde_json::from_str(&said).unwrap();
        let found = all.iter().find(|setting| setting["name"] == name).unwrap();
        (found["value"].clone(), found["from"].as_str().unwrap().to_owned())
    }
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let given = Given::new("request-rate = 7\n");
    let rate = |arguments: &[&str], environment: &[(&str, &str)]| {
        let (value, from) = given.setting("request-rate", arguments, environment);
        (value.as_str().unwrap().to_owned(), from)
    };
    let is = |value: &str, from: &str| (value.to_owned(), from.to_owned());
    assert_eq!(rate(&[], &[]), is("7", "unstale.toml"));
    assert_eq!(rate(&[], &[("UNSTALE_REQUEST_RATE", "8")]), is("8", "UNSTALE_REQUEST_RATE"));
    assert_eq!(rate(&["--request-rate", "9"], &[("UNSTALE_REQUEST_RATE", "8")]), is("9", "flag"));
    assert_eq!(given.setting("daily-items", &[], &[]).1, "default");
    assert_eq!(given.setting("public-url", &[], &[]).0, Value::Null);
}

#[test]
fn secrets_are_not_shown() {
    let given =
        Given::new("metrics-token = '0123456789abcdef'\ndatabase = 'postgres://me:word@db/unstale'\n");
    assert_eq!(given.setting("metrics-token", &[], &[]).0, "set");
    assert_eq!(given.setting("database", &[], &[]).0, "postgres://me:…@db/unstale");
    let (_, said, _) = given.run(&["config"], &[("UNSTALE_OIDC_CLIENT_SECRET", "hush")]);
    assert!(
        said.lines().any(|line| line.starts_with("oidc-client-secret ") && line.ends_with(" set")),
        "{said}"
    );
    assert!(!said.contains("0123456789abcdef") && !said.contains("word") && !said.contains("hush"), "{said}");
}

#[test]
fn each_command_takes_what_it_has_a_flag_for() {
    let given = Given::new("database = 'sqlite://of-the-file.db'\nrequest-rate = 7\n");
    assert_eq!(given.run(&["user", "list"], &[]).0, 0);
    assert!(given.0.path().join("of-the-file.db").exists());
    assert_eq!(given.run(&["backup", "copy.db"], &[]).0, 0);
    let (_, said, _) = given.run(&["doctor"], &[("AWS_EC2_METADATA_DISABLED", "true")]);
    assert!(said.contains("of-the-file.db"), "{said}");
}

#[test]
fn a_file_that_is_wrong_stops_the_command() {
    for (settings, words) in [
        ("listn = 'x'", "unstale.toml has a setting listn"),
        ("request-rate = ", "unstale.toml is no TOML: line 1"),
        ("request-rate = 'often'", "the value comes from unstale.toml"),
    ] {
        let (code, said, complaint) = Given::new(settings).run(&["serve"], &[]);
        assert!(code == 2 && said.is_empty() && complaint.contains(words), "{settings}: {code} {complaint}");
    }
    let (code, _, complaint) = Given::new("").run(&["serve", "--config", "missing.toml"], &[]);
    assert!(code == 2 && complaint.contains("missing.toml cannot be read"), "{complaint}");
}

#[test]
fn completions_are_what_the_shell_reads() {
    let given = Given::new("");
    let (code, said, _) = given.run(&["completions", "bash"], &[]);
    assert!(code == 0 && said.contains("--metrics-listen"));
    let file = given.0.path().join("unstale.bash");
    fs::write(&file, said).unwrap();
    let shell = format!("source {}; complete -p unstale", file.display());
    let said = Command::new("bash").args(["-euc", &shell]).output().unwrap();
    assert!(said.status.success() && String::from_utf8_lossy(&said.stdout).contains("_unstale"), "{said:?}");
    assert_eq!(given.run(&["completions", "sh"], &[]).0, 2);
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let given = Given::new("");
    let folder = given.0.path().join("man");
    let (code, _, complaint) = given.run(&["man", "man"], &[]);
    assert!(code == 1 && complaint.contains("No such file"), "{complaint}");
    fs::create_dir(&folder).unwrap();
    assert_eq!(given.run(&["man", "man"], &[]).0, 0);
    let text = |name: &str| fs::read_to_string(Path::new(&folder).join(name)).unwrap();
    assert!(text("unstale.1").contains("unstale\\-serve(1)"));
    assert!(text("unstale-serve.1").contains("UNSTALE_METRICS_LISTEN"));
    assert!(text("unstale-audit-verify.1").starts_with(".ie"));
}
