//! What a command prints: the result on standard output, messages on standard error. A failed write never stops a
//! command half-way.

use std::{
    fs::File,
    io::{self, ErrorKind, Write},
    os::fd::AsFd,
    time::Duration,
};

use crate::domain::causes::with_causes;

use super::{CliError, background::BackgroundWriter};

/// How long writing an announcement may take. After that, nobody seems to read it.
const ANNOUNCING: Duration = Duration::from_secs(1);

/// Why standard output could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The reader has closed the pipe, as `head` does after ten lines. This is no problem.
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

/// Prints a line of the result.
pub fn print(words: &str) -> Result<(), OutputError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{words}")?;
    out.flush()?;
    Ok(())
}

/// Prints a message about what was done. A failed write is only reported, because it does not change what was done.
pub fn say(words: &str) {
    if let Err(error @ OutputError::Failed(_)) = print(words) {
        say_aside(&error.to_string());
    }
}

/// Prints a message on standard error.
pub fn say_aside(words: &str) {
    write_aside(&format!("unstale: {words}\n"));
}

pub fn say_error(error: &CliError) {
    say_aside(&with_causes(error.as_ref()));
}

/// Writes to standard error. Errors are ignored, because there is no other place to report them.
pub fn write_aside(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Standard output of a service. The service goes on even if nobody reads it.
#[derive(Debug)]
pub struct Announcer(BackgroundWriter);

impl Announcer {
    pub fn start() -> io::Result<Self> {
        let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        BackgroundWriter::start(out, None).map(Self)
    }

    /// Prints a message. Returns whether it was written.
    pub fn announce(&self, words: &str) -> bool {
        self.0.push(format!("{words}\n").as_bytes());
        let written = self.0.flush(ANNOUNCING);
        if !written {
            tracing::warn!("standard output takes nothing; the service goes on without it");
        }
        written
    }
}
