//! Hashes and checks passwords with argon2id. It limits how many run at once, and gives the memory of each back to
//! the system at once.

use std::fmt::Display;

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::commands::CommandError;

/// The number of passwords that are hashed at the same time. Each takes 19 MiB and tens of milliseconds of a core.
static AT_ONCE: Semaphore = Semaphore::const_new(AT_ONCE_MAX);
const AT_ONCE_MAX: usize = 2;
/// The number of passwords that are hashed or wait for it. Further ones are refused with `TooManyPasswords`.
static UNDER_WAY: Semaphore = Semaphore::const_new(UNDER_WAY_MAX);
const UNDER_WAY_MAX: usize = 256;

/// The allocation size from which glibc always uses `mmap`, so that the memory goes back to the system when it is
/// freed.
///
/// glibc uses `mmap` for smaller sizes too, but only until the first of them is freed. It then raises its threshold
/// to that size, up to `DEFAULT_MMAP_THRESHOLD_MAX`, 32 MiB (`M_MMAP_THRESHOLD` in mallopt(3)), and each thread
/// keeps what it frees. The part of the allocation that is only reserved is never touched, so it takes no memory.
const ALWAYS_MAPPED: usize = 33 * 1024 * 1024;

/// A hash of no password. It is checked if the account does not exist, so that the answer takes as long.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$0cEIrkHQXPXP7E/9b9GqTTh4v5XVVrvX1nLJ6dRmXSE";

/// Hashes a password with argon2id at m = 19 MiB, t = 2, p = 1.
pub(in crate::commands) async fn hash(password: &str) -> Result<String, CommandError> {
    let password = password.to_owned();
    let mut salt = [0; 16];
    getrandom::fill(&mut salt)?;
    work(move || {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default());
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(argon2.params()).map_err(failed)?,
            salt: Some(Salt::new(&salt).map_err(failed)?),
            hash: Some(output(&argon2, &password, &salt, Params::DEFAULT_OUTPUT_LEN)?),
        };
        Ok(hash.to_string())
    })
    .await
}

/// Whether the password has this hash. Without a hash it is `false`, but only after the same work.
pub(in crate::commands) async fn matches(password: &str, hash: Option<String>) -> Result<bool, CommandError> {
    let password = password.to_owned();
    work(move || {
        let known = hash.is_some();
        let fits = fits(&password, hash.as_deref().unwrap_or(NOBODYS))?;
        Ok(fits && known)
    })
    .await
}

fn fits(password: &str, kept: &str) -> Result<bool, CommandError> {
    let kept = PasswordHash::new(kept).map_err(failed)?;
    let algorithm = Algorithm::try_from(kept.algorithm.as_str()).map_err(failed)?;
    let version = kept.version.map(Version::try_from).transpose().map_err(failed)?.unwrap_or_default();
    let argon2 = Argon2::new(algorithm, version, Params::try_from(&kept).map_err(failed)?);
    let (Some(salt), Some(expected)) = (kept.salt, kept.hash) else {
        return Err(failed("the hash lacks its salt or its end"));
    };
    // `Output` compares in constant time.
    Ok(output(&argon2, password, &salt, expected.len())? == expected)
}

/// The output of argon2 for a password.
fn output(argon2: &Argon2<'_>, password: &str, salt: &[u8], length: usize) -> Result<Output, CommandError> {
    let mut bytes = [0; Output::MAX_LENGTH];
    let bytes = bytes.get_mut(..length).ok_or_else(|| failed("the hash is too long"))?;
    let memory = memory(argon2.params())?;
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, bytes, memory).map_err(failed)?;
    Output::new(bytes).map_err(failed)
}

/// The memory for one hash. Dropping it gives it back to the system.
fn memory(params: &Params) -> Result<Vec<Block>, CommandError> {
    let mut blocks = Vec::new();
    let room = params.block_count().max(ALWAYS_MAPPED / Block::SIZE);
    blocks.try_reserve_exact(room).map_err(failed)?;
    blocks.resize(params.block_count(), Block::new());
    Ok(blocks)
}

fn failed(error: impl Display) -> CommandError {
    CommandError::Password(error.to_string())
}

async fn work<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, CommandError> + Send + 'static,
) -> Result<T, CommandError> {
    let place = UNDER_WAY.try_acquire().map_err(|_| CommandError::TooManyPasswords)?;
    let turn = AT_ONCE.acquire().await.map_err(failed)?;
    let held: [SemaphorePermit<'static>; 2] = [place, turn];
    // The job holds the permits itself. Dropping the caller's future does not stop the job, so its permits must not
    // be released.
    let job = move || {
        let done = job();
        drop(held);
        done
    };
    tokio::task::spawn_blocking(job).await.map_err(failed)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let kept = hash("correct horse").await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(matches("correct horse", Some(kept.clone())).await.unwrap());
        assert!(!matches("correct house", Some(kept.clone())).await.unwrap());
        assert_ne!(hash("correct horse").await.unwrap(), kept, "each has its own salt");
    }

    #[tokio::test]
    async fn nobody_has_no_password_and_the_check_still_works() {
        assert!(!matches("anything", None).await.unwrap());
    }

    #[test]
    fn hashes_of_other_strength_are_read_too() {
        // From the tests of the reference implementation of RFC 9106, at m = 256 KiB, t = 2, p = 1.
        let weak = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert!(fits("password", weak).unwrap());
        assert!(!fits("passwort", weak).unwrap());
        for none in ["", "secret", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ"] {
            assert!(matches!(fits("password", none), Err(CommandError::Password(_))), "{none}");
        }
    }
}
