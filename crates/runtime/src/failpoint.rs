//! Failpoints: named places in the code at which a debug build can be told to abort.
//!
//! `UNSTALE_ABORT_AT=claimed` ends the process as a power cut would, so that a test can prove that nothing is lost
//! or doubled there. A release build has none of this.

/// Aborts the process where `UNSTALE_ABORT_AT` names this failpoint, in a debug build.
#[inline]
pub fn hit(name: &str) {
    #[cfg(debug_assertions)]
    if std::env::var("UNSTALE_ABORT_AT").is_ok_and(|wanted| wanted == name) {
        std::process::abort();
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}
