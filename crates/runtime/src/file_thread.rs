//! Blocking work on files, away from the threads of the async runtime.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use tokio::sync::{
    mpsc::{self, Sender},
    oneshot,
};

/// At most this many jobs wait. A caller that brings one more waits until there is room.
const WAITING_MAX: usize = 16;

/// The folder that a file is in, or would be in.
#[must_use]
pub fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

type Job = Box<dyn FnOnce() + Send>;

/// One thread that does jobs in the order in which they were handed over. Clones share it. It starts with the first job
/// and ends when the last clone is gone.
#[derive(Debug, Clone, Default)]
pub struct FileThread(Arc<Mutex<Option<Sender<Job>>>>);

impl FileThread {
    /// Does the work behind everything that was handed over before, and returns its result. Dropping the caller's future
    /// does not cancel work that was handed over.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let (result, done) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Nobody reads the result after the caller's future was dropped.
            let _ = result.send(work());
        });
        let jobs = self.jobs()?;
        jobs.send(job).await.map_err(|_| ended())?;
        done.await.map_err(|_| ended())?
    }

    /// The way to the thread. A job that panicked has ended the thread and dropped what waited behind it, so that nothing
    /// is done out of order; the next job gets a new thread.
    fn jobs(&self) -> io::Result<Sender<Job>> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(jobs) = running.as_ref().filter(|jobs| !jobs.is_closed()) {
            return Ok(jobs.clone());
        }
        let (jobs, mut waiting) = mpsc::channel::<Job>(WAITING_MAX);
        thread::Builder::new().name("files".to_owned()).spawn(move || {
            while let Some(job) = waiting.blocking_recv() {
                job();
            }
        })?;
        *running = Some(jobs.clone());
        Ok(jobs)
    }
}

fn ended() -> io::Error {
    io::Error::other("the thread that writes files has ended")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc as blocking;

    use tokio::task::yield_now;

    use super::*;

    /// A job that goes on until the test says so.
    fn blocked(files: &FileThread) -> (blocking::Sender<()>, tokio::task::JoinHandle<io::Result<()>>) {
        let (go_on, wait) = blocking::channel();
        let files = files.clone();
        let job = tokio::spawn(async move { files.run(move || wait.recv().map_err(io::Error::other)).await });
        (go_on, job)
    }

    #[tokio::test]
    async fn a_slow_disk_holds_up_no_other_task() {
        let files = FileThread::default();
        let (go_on, slow) = blocked(&files);
        // This runtime has one thread: the job would hold up this test too.
        for _ in 0..100 {
            yield_now().await;
        }
        assert!(!slow.is_finished());
        go_on.send(()).unwrap();
        slow.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn jobs_are_done_in_order_even_if_their_caller_has_gone() {
        let files = FileThread::default();
        let (go_on, slow) = blocked(&files);
        yield_now().await;
        let (done, order) = blocking::channel();
        for n in 0..10 {
            let (files, done) = (files.clone(), done.clone());
            let caller = tokio::spawn(async move { files.run(move || Ok(done.send(n))).await });
            yield_now().await;
            caller.abort();
        }
        go_on.send(()).unwrap();
        slow.await.unwrap().unwrap();
        files.run(|| Ok(())).await.unwrap();
        assert_eq!(order.try_iter().collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn only_so_many_jobs_wait() {
        let files = FileThread::default();
        let (go_on, slow) = blocked(&files);
        yield_now().await;
        let callers: Vec<_> = (0..2 * WAITING_MAX)
            .map(|_| {
                let files = files.clone();
                tokio::spawn(async move { files.run(|| Ok(())).await })
            })
            .collect();
        for _ in 0..100 {
            yield_now().await;
        }
        assert_eq!(files.jobs().unwrap().capacity(), 0);
        go_on.send(()).unwrap();
        slow.await.unwrap().unwrap();
        for caller in callers {
            caller.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn a_job_that_panics_fails_and_the_next_one_is_done() {
        let files = FileThread::default();
        let failed = files.run(|| -> io::Result<()> { panic!("a test's own panic") }).await;
        assert_eq!(failed.unwrap_err().to_string(), ended().to_string());
        // The channel closes a moment after the answer is dropped.
        while !files.0.lock().unwrap().as_ref().unwrap().is_closed() {
            yield_now().await;
        }
        assert_eq!(files.run(|| Ok(1)).await.unwrap(), 1);
    }
}
