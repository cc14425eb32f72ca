//! The file of the key that secrets are encrypted with. It is read at the start, and never made: a key that appears by
//! itself on one replica could not read what another one has encrypted.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::domain::secrets_key::SecretsKey;

/// The most bytes that are read of the file.
const READ_MAX: u64 = 1_024;
/// The bits of a file's mode that let everybody read or write it.
const OTHERS: u32 = 0o006;

/// Why there is no key. Each message has the command that mends it.
#[derive(Debug, thiserror::Error)]
pub enum SecretsKeyError {
    #[error(
        "UNSTALE_SECRETS_KEY_FILE names {0}, which cannot be read; make a key with (umask 077; openssl rand -base64 32 > {0})"
    )]
    Unreadable(PathBuf, #[source] io::Error),
    #[error(
        "UNSTALE_SECRETS_KEY_FILE names {0}, which everybody on this machine can read; run chmod 600 {0}"
    )]
    Open(PathBuf),
    #[error(
        "UNSTALE_SECRETS_KEY_FILE names {0}, which does not hold 32 bytes in base64; make a key with (umask 077; openssl rand -base64 32 > {0})"
    )]
    NotAKey(PathBuf),
}

/// Reads the key.
pub fn read_key(path: &Path) -> Result<SecretsKey, SecretsKeyError> {
    let read = || {
        let file = File::open(path)?;
        let mode = file.metadata()?.mode();
        let mut text = String::new();
        file.take(READ_MAX).read_to_string(&mut text)?;
        Ok::<_, io::Error>((mode, text))
    };
    let (mode, text) = match read() {
        Ok(read) => read,
        // What is not text is no key.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(SecretsKeyError::NotAKey(path.to_owned()));
        }
        Err(error) => return Err(SecretsKeyError::Unreadable(path.to_owned(), error)),
    };
    if mode & OTHERS != 0 {
        return Err(SecretsKeyError::Open(path.to_owned()));
    }
    SecretsKey::parse(&text).ok_or_else(|| SecretsKeyError::NotAKey(path.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";

    fn told(text: &[u8], mode: u32) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        read_key(&file).map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn a_key_is_read_from_a_file_that_not_everybody_can_read() {
        assert_eq!(told(KEY.as_bytes(), 0o600), Ok(()));
        assert_eq!(told(KEY.as_bytes(), 0o440), Ok(()));
        for mode in [0o644, 0o604, 0o602] {
            assert!(told(KEY.as_bytes(), mode).unwrap_err().contains("chmod 600"), "{mode:o}");
        }
    }

    #[test]
    fn another_file_is_refused_with_the_command_that_makes_one() {
        let missing = read_key(Path::new("/no/such/file")).unwrap_err().to_string();
        let refused = [missing, told(b"", 0o600).unwrap_err(), told(&[0xff; 32], 0o600).unwrap_err()];
        for message in refused {
            assert!(message.contains("UNSTALE_SECRETS_KEY_FILE"), "{message}");
            assert!(message.contains("openssl rand -base64 32 > /"), "{message}");
        }
    }
}
