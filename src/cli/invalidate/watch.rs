//! Waits for what was requested, and says how it ended.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{
    ApiClient, End, InvalidateArgs,
    client::NoAnswer,
    given::Given,
    lines,
    progress::Progress,
    proof::{self, Proof},
    taken, tell,
};

/// How often to ask for the state if the server does not accept a wait.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What was requested, and how it is waited for.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    pub client: &'a ApiClient,
    pub args: &'a InvalidateArgs,
    pub started: Instant,
    /// Whether this run sent it.
    pub is_new: bool,
    /// The staging distributions among what was requested. Nobody can look at them.
    pub staging: &'a [String],
}

/// Said of a staging distribution in place of a proof.
const UNSEEN: &str = "not looked at: viewers reach a staging distribution only through its primary one";

impl Watch<'_> {
    /// Waits where that is wanted, for each invalidation of the answer. The first that did not end well decides.
    pub async fn all(&self, answer: Value, progress: &mut Progress) -> Result<(), End> {
        let Some(all) = answer["invalidations"].as_array() else {
            let (last, words, end) = self.one(answer, progress).await;
            return told(self.args, &last, words.as_deref(), end);
        };
        let (mut ends, mut lasts) = (Vec::new(), Vec::new());
        for one in all {
            let (last, words, end) = self.one(one.clone(), progress).await;
            let end = if self.args.json { end } else { told(self.args, &last, words.as_deref(), end) };
            ends.push(end);
            lasts.push(last);
        }
        let end = ends.into_iter().collect();
        if self.args.json { told(self.args, &json!({ "invalidations": lasts }), Some(""), end) } else { end }
    }

    /// The last answer about one invalidation, what to print of it, and how the command ends. Nothing is printed where
    /// the wait broke off.
    async fn one(&self, first: Value, progress: &mut Progress) -> (Value, Option<String>, Result<(), End>) {
        let args = self.args;
        if args.prove && !proof::is_known(&first) && first["state"] != "waiting_for_approval" {
            progress.trouble(proof::OLD_SERVER);
        }
        let last = if args.wait && is_waited_for(args, &first) {
            match self.wait(first.clone(), progress).await {
                Ok(last) => last,
                Err(end) => return (first, None, Err(end)),
            }
        } else {
            first
        };
        progress.end();
        // The looks took a part of the time.
        let took = (self.is_new && !args.prove).then(|| self.started.elapsed());
        let mut outcome = lines::outcome(&last, took);
        let is_provable = args.prove && !self.is_staging(&last);
        if is_provable {
            outcome.push_str(&proof::lines(&last));
        } else if args.prove {
            outcome = format!("{outcome}\n{UNSEEN}");
        }
        let end = ended(args, &last, is_provable);
        (last, Some(outcome), end)
    }

    fn is_staging(&self, answer: &Value) -> bool {
        self.staging.iter().any(|staging| answer["distribution"] == staging.as_str())
    }

    /// Asks for the state until the invalidation has ended or the time is over.
    async fn wait(&self, mut last: Value, progress: &mut Progress) -> Result<Value, End> {
        let Self { client, args, started, .. } = *self;
        let id = last["id"].as_str().unwrap_or_default().to_owned();
        let most = Duration::from_secs(args.timeout);
        let until = if args.prove && proof::is_known(&last) { "&until=checked" } else { "" };
        while is_waited_for(args, &last) {
            let left = most.saturating_sub(started.elapsed());
            if left.is_zero() {
                progress.end();
                let url = last["url"].as_str().unwrap_or_default();
                let what =
                    if lines::is_open(&last) { "it had not ended" } else { "what viewers get was not known" };
                let words = format!("{what} after {} s; it continues automatically: {url}", args.timeout);
                return Err(End::TimedOut(words));
            }
            progress.show(&lines::standing(&last), lines::delay(&last), started.elapsed());
            let seconds = left.as_secs().clamp(1, progress.every());
            let path = format!("/api/v1/invalidations/{id}");
            let waited = format!("{path}?wait={seconds}{until}");
            last = match client.get_now(&waited, Duration::from_secs(seconds)).await {
                Ok(answer) if proof::is_refused(answer.status, &answer.body) => {
                    return Err(End::Unproved(proof::OLD_SERVER.to_owned()));
                }
                Ok(answer) => taken(answer, &Given::default())?,
                Err(NoAnswer::NotNow) => {
                    // Too many requests are waiting. Asking at intervals works too.
                    tokio::time::sleep(LOOK_EVERY.min(left)).await;
                    self.look(&path, &last, tokio::time::Instant::now(), progress).await?
                }
                Err(NoAnswer::Since(since)) => self.look(&path, &last, since, progress).await?,
            };
        }
        Ok(last)
    }

    /// Asks for the state without a wait. The server has not answered since then.
    async fn look(
        &self,
        path: &str,
        last: &Value,
        silent_since: tokio::time::Instant,
        progress: &mut Progress,
    ) -> Result<Value, End> {
        match self.client.get(path, silent_since, progress).await {
            Ok(answer) => taken(answer, &Given::default()),
            Err(error) => Err(match End::from(error) {
                End::OutOfReach(words) => {
                    let url = last["url"].as_str().unwrap_or_default();
                    End::OutOfReach(format!("{words}; the request was accepted and continues: {url}"))
                }
                other => other,
            }),
        }
    }
}

/// Prints the answer. An error of the invalidation counts before one of printing.
fn told(args: &InvalidateArgs, last: &Value, words: Option<&str>, end: Result<(), End>) -> Result<(), End> {
    let printed = words.map_or(Ok(()), |words| tell(args, last, words));
    end.and(printed)
}

/// Whether the last answer is not yet what the command waits for.
fn is_waited_for(args: &InvalidateArgs, last: &Value) -> bool {
    if args.prove { proof::is_open(last) } else { lines::is_open(last) }
}

fn ended(args: &InvalidateArgs, last: &Value, is_provable: bool) -> Result<(), End> {
    let url = last["url"].as_str().unwrap_or_default();
    match last["state"].as_str().unwrap_or_default() {
        "completed" if is_provable => match proof::of(last) {
            Proof::Good => Ok(()),
            Proof::Bad(words) => Err(End::NotFresh(format!("{words}: {url}"))),
            Proof::Missing(words) => Err(End::Unproved(format!("{words}: {url}"))),
        },
        "completed" => Ok(()),
        "queued" | "in_progress" if !args.wait => Ok(()),
        "waiting_for_approval" => {
            Err(End::WaitsForApproval(format!("a second person has to approve it first: {url}")))
        }
        state => Err(End::Failed(format!("it ended as {state}: {url}"))),
    }
}
