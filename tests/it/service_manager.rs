//! What systemd is told, and the unit that is shipped.

use std::{
    fs,
    os::unix::net::UnixDatagram,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

/// Far more than a start or an end takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A manager of services that hears what it is told.
struct Manager {
    folder: TempDir,
    socket: UnixDatagram,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { folder, socket }
    }

    fn start(&self, environment: &[(&str, &str)]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_unstale"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .current_dir(&self.folder)
            .env("NOTIFY_SOCKET", self.folder.path().join("notify"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL_CLOUDFRONT", "http://127.0.0.1:9")
            .env("UNSTALE_CHECKS", "off")
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn heard(&self) -> String {
        let mut told = [0; 256];
        let length = self.socket.recv(&mut told).unwrap();
        String::from_utf8(told[..length].to_vec()).unwrap().trim().to_owned()
    }

    /// Ends it, and says what was told until then.
    fn end(&self, mut service: Child) -> Vec<String> {
        let pid = service.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut told = vec![self.heard()];
        while told.last().is_some_and(|word| word != "STOPPING=1") {
            told.push(self.heard());
        }
        assert!(service.wait().unwrap().success());
        told
    }
}

#[test]
fn it_is_told_when_the_service_is_ready_and_when_it_stops() {
    let manager = Manager::new();
    let service = manager.start(&[]);
    assert_eq!(manager.heard(), "READY=1");
    assert_eq!(manager.end(service), ["STOPPING=1"]);
}

#[test]
fn a_watchdog_hears_that_it_runs() {
    let manager = Manager::new();
    let service = manager.start(&[("WATCHDOG_USEC", "200000")]);
    assert_eq!(manager.heard(), "READY=1");
    for _ in 0..3 {
        assert_eq!(manager.heard(), "WATCHDOG=1");
    }
    assert_eq!(manager.end(service).last().unwrap(), "STOPPING=1");
}

#[test]
fn the_unit_names_settings_that_there_are() {
    let unit =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/unstale.service")).unwrap();
    let line = |name: &str| unit.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    assert_eq!(line("Type="), "notify");
    let command: Vec<&str> = line("ExecStart=").split(' ').skip(1).collect();
    let help = Command::new(env!("CARGO_BIN_EXE_unstale")).args(&command).arg("--help").output().unwrap();
    assert!(help.status.success());
    let (variable, value) = line("Environment=").split_once('=').unwrap();
    assert!(String::from_utf8(help.stdout).unwrap().contains(variable));
    let folder = line("WorkingDirectory=");
    assert!(value.starts_with(&format!("sqlite://{folder}/")) && folder.ends_with(line("StateDirectory=")));
}
