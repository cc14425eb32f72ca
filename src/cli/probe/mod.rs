//! `unstale probe`: looks at what viewers get from where it runs, and hands that in to a running Unstale.

mod looks;
mod server;

use std::{process::ExitCode, time::Duration};

use clap::Args;

use crate::{
    clock::Clock,
    domain::{causes::with_causes, tokens::probe::ProbeSecret},
    edge::{Bounds, EdgeClient, Place},
};

use super::{
    invalidate::client::{ApiClient, ApiClientError},
    output::say_aside,
    signals,
};
use looks::Looks;
use server::{ProbeServer, Trouble};

/// Look at what viewers get from here, for a running Unstale. The token comes from UNSTALE_PROBE_TOKEN.
///
/// An administrator creates the token under Settings › Probes, or with `unstale token create --probe NAME`; its name is that
/// of this place. Runs until Ctrl-C or SIGTERM, says on standard error what it does, and connects again automatically. It
/// needs no database and no AWS keys, opens no port, and looks at public addresses only. HTTPS_PROXY and NO_PROXY are
/// followed on the way to Unstale, not for looks.
///
/// Exit codes: 0 stopped; 2 usage; 3 the server refuses the token, or knows no probes.
#[derive(Debug, Args)]
pub struct ProbeArgs {
    /// The address of Unstale, such as https://unstale.example.com.
    #[arg(long, env = "UNSTALE_SERVER")]
    server: String,
    /// Send the token over plain http, in a network that you trust.
    #[arg(long)]
    plain_http: bool,
    /// The one address to look at in place of what DNS says, such as http://127.0.0.1:4601: a stand-in, or one edge.
    /// With https:// it is asked over TLS.
    #[arg(long, env = "UNSTALE_EDGE", value_name = "URL", value_parser = Place::parse)]
    edge: Option<Place>,
}

/// Why the probe ended by itself.
#[derive(Debug)]
enum End {
    Usage(String),
    Refused(String),
}

impl From<ApiClientError> for End {
    fn from(error: ApiClientError) -> Self {
        let (ApiClientError::Address(words) | ApiClientError::Unreachable(words)) = error;
        Self::Usage(words)
    }
}

pub async fn run(args: ProbeArgs) -> ExitCode {
    let (code, words) = match start(args).await {
        Ok(()) => return ExitCode::SUCCESS,
        Err(End::Usage(words)) => (2, words),
        Err(End::Refused(words)) => (3, words),
    };
    say_aside(&words);
    ExitCode::from(code)
}

async fn start(args: ProbeArgs) -> Result<(), End> {
    let token = std::env::var("UNSTALE_PROBE_TOKEN").unwrap_or_default();
    let token = ProbeSecret::parse(token.trim()).ok_or_else(|| {
        End::Usage("set UNSTALE_PROBE_TOKEN to the token of a probe, such as unstale_probe_…".to_owned())
    })?;
    let client = ApiClient::new(&args.server, token.reveal(), args.plain_http, None)?;
    let clock = Clock::system();
    let edge = EdgeClient::new(args.edge.unwrap_or(Place::Dns), clock.clone(), Bounds::default());
    let edge = edge.map_err(|error| End::Usage(with_causes(&error)))?;
    let stop = signals::stop_token().map_err(|error| End::Usage(error.to_string()))?;
    say_aside(&format!("asking {} for work", args.server));
    let probe = RunningProbe { server: ProbeServer::new(client), looks: Looks { edge, clock } };
    tokio::select! {
        end = probe.work() => end,
        () = stop.cancelled() => {
            say_aside("stopped");
            Ok(())
        }
    }
}

struct RunningProbe {
    server: ProbeServer,
    looks: Looks,
}

impl RunningProbe {
    /// Looks until the server refuses.
    async fn work(&self) -> Result<(), End> {
        let mut pauses = Pauses::default();
        loop {
            match self.step().await {
                Ok(()) => pauses = Pauses::default(),
                Err(Trouble::Refused(words)) => return Err(End::Refused(words)),
                Err(Trouble::Passing(words)) => {
                    let pause = pauses.next_pause();
                    say_aside(&format!("{words}; the next try is in {} s", pause.as_secs()));
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    /// Waits for work and does it.
    async fn step(&self) -> Result<(), Trouble> {
        let Some(given) = self.server.work().await? else { return Ok(()) };
        let looks = self.looks.make(&given.task).await;
        self.server.hand_in(&given, &looks).await
    }
}

/// The pauses after errors: ever longer, up to half a minute.
#[derive(Debug, Default)]
struct Pauses(u32);

impl Pauses {
    fn next_pause(&mut self) -> Duration {
        let pause = Duration::from_secs(1 << self.0.min(5)).min(Duration::from_secs(30));
        self.0 += 1;
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_half_a_minute() {
        let mut pauses = Pauses::default();
        let all: Vec<u64> = (0..8).map(|_| pauses.next_pause().as_secs()).collect();
        assert_eq!(all, [1, 2, 4, 8, 16, 30, 30, 30]);
    }
}
