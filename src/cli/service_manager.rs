//! Tells systemd how the service is: a unit of `Type=notify` counts as started only once requests are answered, and with
//! `WatchdogSec` it is started anew if its runtime no longer runs. Without systemd nothing is told.

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Says that requests are answered, and goes on to say that the service runs, until it stops.
pub fn tell(stop: CancellationToken) {
    notify(&[NotifyState::Ready]);
    let watchdog = sd_notify::watchdog_enabled();
    tokio::spawn(async move {
        match watchdog {
            Some(limit) if !limit.is_zero() => {
                // Twice as often as is asked for (sd_watchdog_enabled(3)).
                let mut beat = interval(limit / 2);
                beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
                while stop.run_until_cancelled(beat.tick()).await.is_some() {
                    notify(&[NotifyState::Watchdog]);
                }
            }
            _ => stop.cancelled().await,
        }
        notify(&[NotifyState::Stopping]);
    });
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd could not be told how the service is");
    }
}
