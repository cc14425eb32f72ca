//! One line that is written over at a terminal; a line for each change elsewhere.

use std::{
    io::{IsTerminal, stderr},
    time::Duration,
};

use crate::cli::output::{say_aside, write_aside};

/// How the waiting is shown.
#[derive(Debug)]
pub struct Progress {
    terminal: bool,
    last: String,
}

impl Progress {
    pub fn new() -> Self {
        Self { terminal: stderr().is_terminal(), last: String::new() }
    }

    /// So many seconds may pass between two looks.
    pub fn every(&self) -> u64 {
        if self.terminal { 1 } else { 30 }
    }

    /// Where it stands now.
    pub fn show(&mut self, standing: &str, since: Duration) {
        if self.terminal {
            let line = format!("{standing}, {} s", since.as_secs());
            // Blanks cover what a longer line before it left.
            write_aside(&format!("\r{line:<width$}", width = self.last.chars().count()));
            self.last = line;
        } else if self.last != standing {
            write_aside(&format!("{standing}\n"));
            standing.clone_into(&mut self.last);
        }
    }

    /// Something went wrong that may pass.
    pub fn trouble(&mut self, words: &str) {
        self.end();
        say_aside(words);
    }

    /// The line is done with.
    pub fn end(&mut self) {
        if self.terminal && !self.last.is_empty() {
            write_aside("\n");
        }
        self.last.clear();
    }
}
