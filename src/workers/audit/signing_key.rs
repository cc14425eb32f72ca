//! The file of the key that heads are signed with: read, or made at the first start.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::domain::audit::head::HeadKey;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    #[error(
        "the audit key {0} cannot be read or made; name a file that can with UNSTALE_AUDIT_KEY=/etc/unstale/audit-key"
    )]
    File(PathBuf, #[source] io::Error),
    #[error(
        "the audit key {0} does not hold 64 hexadecimal digits; name the right file with UNSTALE_AUDIT_KEY"
    )]
    NotAKey(PathBuf),
    #[error("the system gives no random numbers")]
    Random(#[from] getrandom::Error),
}

/// Reads the key, or makes one where the file is missing. `true` where it was made.
pub fn open_key(file: &Path) -> Result<(HeadKey, bool), SigningKeyError> {
    match fs::read_to_string(file) {
        Ok(text) => {
            let key = HeadKey::parse(&text).map_err(|_| SigningKeyError::NotAKey(file.to_owned()))?;
            Ok((key, false))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(file).map(|key| (key, true)),
        Err(error) => Err(SigningKeyError::File(file.to_owned(), error)),
    }
}

/// For its owner's eyes only, and never over a file that is there.
fn make(file: &Path) -> Result<HeadKey, SigningKeyError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    let key = HeadKey::from_random(bytes);
    let write = || {
        let mut open = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        open.write_all(format!("{}\n", key.reveal()).as_bytes())?;
        open.sync_all()
    };
    write().map_err(|error| SigningKeyError::File(file.to_owned(), error))?;
    Ok(key)
}
