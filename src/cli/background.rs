//! Writes lines in its own thread, so that a slow reader does not block the caller. A reader that has gone or a
//! full disk does no harm either.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tracing_subscriber::fmt::MakeWriter;

/// The maximum number of bytes that wait to be written. Lines above it are dropped.
const WAITING_MAX: usize = 4 * 1024 * 1024;
/// The pause before the next attempt to write to a non-blocking descriptor that takes nothing at the moment.
const FULL_PAUSE: Duration = Duration::from_millis(20);

/// Makes the line that says how many lines were dropped.
pub type Notice = fn(u64) -> String;

/// Takes lines without ever blocking. Clones write to the same output.
#[derive(Debug, Clone)]
pub struct BackgroundWriter(Arc<LineQueue>);

#[derive(Debug, Default)]
struct LineQueue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct QueueState {
    lines: VecDeque<Vec<u8>>,
    /// The size of the waiting lines in bytes.
    bytes: usize,
    /// The number of dropped lines that no notice has reported yet.
    dropped: u64,
    /// Whether the thread is writing a line.
    writing: bool,
}

/// What the thread writes next.
struct QueuedLine {
    dropped: u64,
    line: Option<Vec<u8>>,
}

impl BackgroundWriter {
    /// Starts the thread. If there is a notice, it is written as soon as lines can be written again.
    pub fn start(out: impl Write + Send + 'static, notice: Option<Notice>) -> io::Result<Self> {
        let queue = Arc::new(LineQueue::default());
        let writer = Self(Arc::clone(&queue));
        let place = LineSink { out, torn: false };
        thread::Builder::new().name("writer".to_owned()).spawn(move || queue.work_off(place, notice))?;
        Ok(writer)
    }

    /// Adds a whole line, or drops it if too many bytes are waiting.
    pub fn push(&self, line: &[u8]) {
        let mut state = self.0.lock();
        if state.bytes + line.len() > WAITING_MAX {
            state.dropped += 1;
            return;
        }
        state.bytes += line.len();
        state.lines.push_back(line.to_vec());
        self.0.changed.notify_all();
    }

    /// Waits until all lines are written, but not longer than `within`. Returns whether every line was written.
    pub fn flush(&self, within: Duration) -> bool {
        let end = Instant::now() + within;
        let mut state = self.0.lock();
        while state.writing || !state.lines.is_empty() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.0.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.dropped == 0
    }
}

impl LineQueue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work_off(&self, mut place: LineSink<impl Write>, notice: Option<Notice>) {
        let mut well = true;
        loop {
            let work = self.next(well && notice.is_some());
            well = true;
            let mut told = 0;
            if let Some(notice) = notice.filter(|_| work.dropped > 0) {
                well = place.put(notice(work.dropped).as_bytes());
                told = if well { work.dropped } else { 0 };
            }
            well = well && work.line.as_ref().is_none_or(|line| place.put(line));
            let mut state = self.lock();
            state.dropped -= told;
            // The line after a notice that could not be written is dropped too.
            state.dropped += u64::from(!well && work.line.is_some());
            state.writing = false;
            self.changed.notify_all();
        }
    }

    /// Waits for a line. If `tell` is `true`, dropped lines that are not reported yet also end the wait.
    fn next(&self, tell: bool) -> QueuedLine {
        let mut state = self.lock();
        while state.lines.is_empty() && !(tell && state.dropped > 0) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let line = state.lines.pop_front();
        state.bytes -= line.as_ref().map_or(0, Vec::len);
        state.writing = true;
        QueuedLine { dropped: state.dropped, line }
    }
}

/// The output of the lines.
struct LineSink<W> {
    out: W,
    /// Whether the output ends with an incomplete line.
    torn: bool,
}

impl<W: Write> LineSink<W> {
    /// Writes a line. Returns whether all of it was written.
    fn put(&mut self, line: &[u8]) -> bool {
        if self.torn && self.write(b"\n") == 0 {
            return false;
        }
        let written = self.write(line);
        self.torn = written > 0 && written < line.len();
        written == line.len()
    }

    /// Writes as much as possible, and returns the number of bytes.
    fn write(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        while written < bytes.len() {
            match self.out.write(&bytes[written..]) {
                Ok(0) => break,
                Ok(taken) => written += taken,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(FULL_PAUSE),
                Err(_) => break,
            }
        }
        written
    }
}

/// The formatter of `tracing_subscriber` passes one whole line with each call.
impl Write for BackgroundWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for BackgroundWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// An output that takes only so many bytes, like a disk with little space or a pipe without a reader.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<Room>>);

    #[derive(Default)]
    struct Room {
        left: usize,
        text: String,
    }

    impl Disk {
        fn room(&self, bytes: usize) {
            self.0.lock().unwrap().left = bytes;
        }

        fn text(&self) -> String {
            self.0.lock().unwrap().text.clone()
        }
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut room = self.0.lock().unwrap();
            let taken = bytes.len().min(room.left);
            if taken == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            room.left -= taken;
            room.text.push_str(std::str::from_utf8(&bytes[..taken]).unwrap());
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn notice(lines: u64) -> String {
        format!("{lines} dropped\n")
    }

    #[test]
    fn what_a_full_disk_did_not_take_is_counted_and_told_later() {
        let disk = Disk::default();
        let writer = BackgroundWriter::start(disk.clone(), Some(notice)).unwrap();
        disk.room(9);
        for line in ["first\n", "second\n", "third\n"] {
            writer.push(line.as_bytes());
            writer.flush(LONG);
        }
        assert_eq!(disk.text(), "first\nsec");
        disk.room(1_000);
        writer.push(b"fourth\n");
        assert!(writer.flush(LONG), "nothing is left to tell");
        assert_eq!(disk.text(), "first\nsec\n2 dropped\nfourth\n");
    }

    /// An output that waits with each line until the test releases it.
    struct Blocked {
        begun: Sender<usize>,
        go: Receiver<()>,
    }

    impl Write for Blocked {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.begun.send(bytes.len()).unwrap();
            self.go.recv().map_err(|_| ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_who_stands_still_holds_nobody_up_and_what_waits_is_bounded() {
        let ((begun, begins), (go, goes)) = (channel(), channel());
        let writer = BackgroundWriter::start(Blocked { begun, go: goes }, Some(notice)).unwrap();
        writer.push(b"first\n");
        assert_eq!(begins.recv_timeout(LONG), Ok(6));
        let line = vec![b'x'; WAITING_MAX / 4];
        for _ in 0..7 {
            writer.push(&line);
        }
        assert!(!writer.flush(Duration::from_millis(1)), "it does not wait for the reader");
        for _ in 0..6 {
            go.send(()).unwrap();
        }
        // The notice comes before the first line that is written after lines were dropped.
        assert_eq!(begins.recv_timeout(LONG), Ok("3 dropped\n".len()));
        for _ in 0..4 {
            assert_eq!(begins.recv_timeout(LONG), Ok(line.len()));
        }
        assert!(writer.flush(LONG));
    }

    #[test]
    fn one_without_a_notice_says_that_not_all_was_written() {
        let disk = Disk::default();
        let writer = BackgroundWriter::start(disk.clone(), None).unwrap();
        writer.push(b"first\n");
        assert!(!writer.flush(LONG));
        disk.room(100);
        writer.push(b"second\n");
        assert!(!writer.flush(LONG));
        assert_eq!(disk.text(), "second\n");
    }
}
