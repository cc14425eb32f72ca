//! The key that the demo encrypts secrets with. It is made with the demo's folder, so that nobody has to.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::config::SecretsArgs;

/// The file of the key in this folder. It is made if it is missing.
pub(super) fn in_folder(data: &Path) -> io::Result<SecretsArgs> {
    let file = data.join("secrets-key");
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file) {
        Ok(mut open) => writeln!(open, "{}", BASE64_STANDARD.encode(bytes))?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    Ok(SecretsArgs { secrets_key_file: Some(file) })
}
