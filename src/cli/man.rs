//! `unstale man`: the manual pages.

use std::{io, path::PathBuf};

use clap::{Args, Command};

/// Write the manual pages into a folder, such as /usr/local/share/man/man1: unstale.1, and one for each command.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The folder, which must be there.
    folder: PathBuf,
}

pub(super) fn write(command: Command, args: &ManArgs) -> io::Result<()> {
    clap_mangen::generate_to(command, &args.folder)
}
