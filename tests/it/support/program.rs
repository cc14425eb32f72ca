//! The real program, run to its end.

use std::process::{Command, Output};

/// The program, to be given arguments and settings.
pub fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_unstale"))
}

/// Its exit code, and what it said to standard output and to standard error.
pub fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}
