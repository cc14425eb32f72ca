//! Shows progress: as one line that is overwritten at a terminal, as a line for each change elsewhere.

use std::{
    io::{IsTerminal, stderr},
    time::Duration,
};

use crate::cli::output::{say_aside, write_aside};

/// How progress is shown.
#[derive(Debug)]
pub struct Progress {
    terminal: bool,
    last: String,
}

impl Progress {
    pub fn new() -> Self {
        Self { terminal: stderr().is_terminal(), last: String::new() }
    }

    /// The number of seconds that one request to the server may wait.
    pub fn every(&self) -> u64 {
        if self.terminal { 1 } else { 30 }
    }

    /// Shows the current state.
    pub fn show(&mut self, standing: &str, since: Duration) {
        if self.terminal {
            let line = format!("{standing}, {} s", since.as_secs());
            // Spaces overwrite the rest of a longer line.
            write_aside(&format!("\r{line:<width$}", width = self.last.chars().count()));
            self.last = line;
        } else if self.last != standing {
            write_aside(&format!("{standing}\n"));
            standing.clone_into(&mut self.last);
        }
    }

    /// Reports a problem that may be temporary.
    pub fn trouble(&mut self, words: &str) {
        self.end();
        say_aside(words);
    }

    /// Ends the current line.
    pub fn end(&mut self) {
        if self.terminal && !self.last.is_empty() {
            write_aside("\n");
        }
        self.last.clear();
    }
}
