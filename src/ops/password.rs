//! Hashes and checks passwords with argon2id, a few at a time.

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use super::OpError;

/// How many are worked on at once: each takes 19 MiB and tens of milliseconds of a core.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// Of no password: checked where an account does not exist, so that the answer takes as long.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$0cEIrkHQXPXP7E/9b9GqTTh4v5XVVrvX1nLJ6dRmXSE";

/// The hash of a password, with argon2id at m = 19 MiB, t = 2, p = 1.
pub(super) async fn hash(password: &str) -> Result<String, OpError> {
    let password = password.to_owned();
    work(move || {
        let hash = Argon2::default().hash_password(password.as_bytes());
        hash.map(|hash| hash.to_string()).map_err(|error| OpError::Password(error.to_string()))
    })
    .await
}

/// Is this the password with this hash? Without a hash, never, but after the same work.
pub(super) async fn matches(password: &str, hash: Option<String>) -> Result<bool, OpError> {
    let password = password.to_owned();
    work(move || {
        let known = hash.is_some();
        let text = hash.unwrap_or_else(|| NOBODYS.to_owned());
        let parsed = PasswordHash::new(&text).map_err(|error| OpError::Password(error.to_string()))?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && known)
    })
    .await
}

async fn work<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, OpError> + Send + 'static,
) -> Result<T, OpError> {
    let failed = |error: &dyn std::fmt::Display| OpError::Password(error.to_string());
    let _turn = AT_ONCE.acquire().await.map_err(|error| failed(&error))?;
    tokio::task::spawn_blocking(job).await.map_err(|error| failed(&error))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let kept = hash("correct horse").await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(matches("correct horse", Some(kept.clone())).await.unwrap());
        assert!(!matches("correct house", Some(kept)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_has_no_password_and_the_check_still_works() {
        assert!(!matches("anything", None).await.unwrap());
    }
}
