//! Shows progress: at a terminal one line with the state and the time, which is overwritten. Elsewhere it is quiet, and
//! says only what delays the request.

use std::{
    io::{IsTerminal, Write, stderr},
    time::Duration,
};

use crate::domain::time::span_in_words;

/// How progress is shown.
pub struct Progress {
    is_terminal: bool,
    out: Box<dyn Write>,
    last: String,
}

impl Progress {
    /// On standard error.
    pub fn new() -> Self {
        Self::on(stderr().is_terminal(), Box::new(stderr()))
    }

    pub(super) fn on(is_terminal: bool, out: Box<dyn Write>) -> Self {
        Self { is_terminal, out, last: String::new() }
    }

    /// The number of seconds that one request to the server may wait.
    pub fn every(&self) -> u64 {
        if self.is_terminal { 1 } else { 30 }
    }

    /// Shows the current state, what delays it, and for how long the command has run.
    pub fn show(&mut self, state: &str, delay: Option<&str>, elapsed: Duration) {
        let delayed = delay.map_or_else(|| state.to_owned(), |delay| format!("{state} ({delay})"));
        if self.is_terminal {
            let line = format!("{delayed}, {}", span_in_words(Duration::from_secs(elapsed.as_secs())));
            // Spaces overwrite the rest of a longer line.
            self.write(&format!("\r{line:<width$}", width = self.last.chars().count()));
            self.last = line;
        } else if let Some(delay) = delay.filter(|delay| self.last != *delay) {
            self.write(&format!("unstale: {delayed}\n"));
            delay.clone_into(&mut self.last);
        }
    }

    /// Reports a problem that may be temporary.
    pub fn trouble(&mut self, words: &str) {
        self.end();
        self.write(&format!("unstale: {words}\n"));
    }

    /// Ends the current line.
    pub fn end(&mut self) {
        if self.is_terminal && !self.last.is_empty() {
            self.write("\n");
            self.last.clear();
        }
    }

    /// Errors are ignored, because there is no other place to report them.
    fn write(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }
}

#[cfg(test)]
pub mod tests {
    use std::{cell::RefCell, rc::Rc};

    use super::*;

    /// What was written.
    #[derive(Debug, Clone, Default)]
    pub struct Kept(Rc<RefCell<Vec<u8>>>);

    impl Kept {
        pub fn text(&self) -> String {
            String::from_utf8(self.0.borrow().clone()).unwrap()
        }

        pub fn progress(&self, is_terminal: bool) -> Progress {
            Progress::on(is_terminal, Box::new(self.clone()))
        }
    }

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn shown(is_terminal: bool) -> String {
        let kept = Kept::default();
        let mut progress = kept.progress(is_terminal);
        let seconds = Duration::from_secs;
        progress.show("queued, 2 ahead", None, Duration::from_millis(900));
        progress.show("queued, next in the queue", Some("The AWS sign-in has expired"), seconds(12));
        progress.show("queued, next in the queue", Some("The AWS sign-in has expired"), seconds(42));
        progress.show("in progress", None, seconds(75));
        progress.end();
        kept.text()
    }

    #[test]
    fn a_terminal_has_one_line_with_the_state_and_the_time() {
        let text = shown(true);
        let lines: Vec<&str> = text.strip_suffix('\n').unwrap().split('\r').map(str::trim_end).collect();
        let wanted = [
            "",
            "queued, 2 ahead, 0.0 s",
            "queued, next in the queue (The AWS sign-in has expired), 12 s",
            "queued, next in the queue (The AWS sign-in has expired), 42 s",
            "in progress, 1 min 15 s",
        ];
        assert_eq!(lines, wanted);
        let widths: Vec<usize> = text.trim_end_matches('\n').split('\r').map(str::len).collect();
        assert!(widths[4] >= widths[3], "the longer line is overwritten: {widths:?}");
    }

    #[test]
    fn a_log_has_only_what_delays_the_request_and_that_once() {
        assert_eq!(shown(false), "unstale: queued, next in the queue (The AWS sign-in has expired)\n");
    }
}
