//! The file of the key that signs heads. It is read, or made at the first start.

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

/// Reads the key, or makes one if the file does not exist. Returns whether it was made.
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

/// Writes a new key to a file that only its owner can read. It never replaces a file.
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
