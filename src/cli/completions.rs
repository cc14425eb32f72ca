//! `unstale completions`: what a shell needs to complete the command line.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

/// Print the completions of a shell, such as for bash:
/// unstale completions bash > /etc/bash_completion.d/unstale
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    shell: Shell,
}

pub(super) fn print(mut command: Command, args: &CompletionsArgs) {
    let mut text = Vec::new();
    generate(args.shell, &mut command, "unstale", &mut text);
    super::output::say(String::from_utf8_lossy(&text).trim_end());
}
