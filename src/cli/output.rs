//! What a command prints: on standard output what was asked for, on standard error the words beside it. A failed write
//! never ends a command in the middle.

use std::{
    fs::File,
    io::{self, ErrorKind, Write},
    os::fd::AsFd,
    time::Duration,
};

use crate::domain::causes::with_causes;

use super::{CliError, background::BackgroundWriter};

/// How long what a service announces may take; longer, and nobody reads it.
const ANNOUNCING: Duration = Duration::from_secs(1);

/// Why standard output did not take what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Whoever read has seen enough, as `head` has after ten lines. Nothing is wrong.
    #[error("nobody reads standard output any more")]
    ReaderGone,
    #[error("standard output cannot be written: {0}")]
    Failed(io::Error),
}

impl From<io::Error> for OutputError {
    fn from(error: io::Error) -> Self {
        if error.kind() == ErrorKind::BrokenPipe { Self::ReaderGone } else { Self::Failed(error) }
    }
}

/// Prints a line of what was asked for.
pub fn print(words: &str) -> Result<(), OutputError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{words}")?;
    out.flush()?;
    Ok(())
}

/// Says what was done or found out. That it cannot be said changes nothing about it.
pub fn say(words: &str) {
    if let Err(error @ OutputError::Failed(_)) = print(words) {
        say_aside(&error.to_string());
    }
}

/// Says something beside what the command writes to standard output.
pub fn say_aside(words: &str) {
    write_aside(&format!("unstale: {words}\n"));
}

pub fn say_error(error: &CliError) {
    say_aside(&with_causes(error.as_ref()));
}

/// Writes to standard error. Where that fails there is nobody left to tell.
pub fn write_aside(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Standard output of a service: it goes on whether or not somebody reads.
#[derive(Debug)]
pub struct Announcer(BackgroundWriter);

impl Announcer {
    pub fn start() -> io::Result<Self> {
        let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        BackgroundWriter::start(out, None).map(Self)
    }

    /// Announces; gives whether it was written.
    pub fn announce(&self, words: &str) -> bool {
        self.0.push(format!("{words}\n").as_bytes());
        let written = self.0.flush(ANNOUNCING);
        if !written {
            tracing::warn!("standard output takes nothing; the service goes on without it");
        }
        written
    }
}
