//! Named points between two steps, at which a debug build can be told to end itself at once.
//!
//! `UNSTALE_ABORT_AT=claimed` ends the process as a power cut would, so that a test can prove that nothing is lost
//! or doubled there. A release build has none of this.

/// Comes past a named point.
#[inline]
pub fn reached(step: &str) {
    #[cfg(debug_assertions)]
    if std::env::var("UNSTALE_ABORT_AT").is_ok_and(|wanted| wanted == step) {
        std::process::abort();
    }
    #[cfg(not(debug_assertions))]
    let _ = step;
}
