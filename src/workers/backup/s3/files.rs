//! Reads the copy that is uploaded, part by part, and writes one that is downloaded. These functions block: they are called on
//! the thread for files.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, Write},
    path::Path,
};

use sha2::{Digest, Sha256};

use crate::cloudfront::HashedContent;

/// How much is in memory at one time, and what S3 gets in one call: as much as with the AWS CLI.
const PART: u64 = 8 * 1024 * 1024;
/// S3 makes an object of at most so many parts (S3 user guide, "Multipart upload limits").
const PARTS_MAX: u64 = 10_000;

/// A file that is read from its begin to its end in parts of one size.
#[derive(Debug)]
pub(super) struct FileParts {
    file: File,
    pub length: u64,
    part: u64,
}

impl FileParts {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, length, part: PART.max(length.div_ceil(PARTS_MAX)) })
    }

    /// Whether the whole file is one part.
    pub(super) const fn is_one(&self) -> bool {
        self.length <= self.part
    }

    /// The SHA-256 of the whole file, as `sha256sum` writes it.
    pub(super) fn sha256(&mut self) -> io::Result<String> {
        self.file.rewind()?;
        let mut hash = Sha256::new();
        let mut piece = vec![0; 64 * 1024];
        loop {
            match self.file.read(&mut piece)? {
                0 => break,
                read => hash.update(&piece[..read]),
            }
        }
        self.file.rewind()?;
        Ok(in_hex(hash))
    }

    /// The next part. `None` at the end of the file.
    pub(super) fn next(&mut self) -> io::Result<Option<HashedContent>> {
        let mut content = Vec::new();
        (&self.file).take(self.part).read_to_end(&mut content)?;
        Ok((!content.is_empty()).then(|| HashedContent::new(content)))
    }
}

/// A file that is written from its begin, and hashed on the way.
#[derive(Debug)]
pub(super) struct HashedFile {
    file: File,
    hash: Sha256,
}

impl HashedFile {
    /// Opens a file that is there and empty.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: OpenOptions::new().write(true).open(path)?, hash: Sha256::new() })
    }

    pub(super) fn write(&mut self, content: &[u8]) -> io::Result<()> {
        self.hash.update(content);
        self.file.write_all(content)
    }

    /// The SHA-256 of all that was written, as `sha256sum` writes it.
    pub(super) fn sha256(self) -> String {
        in_hex(self.hash)
    }
}

fn in_hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_read_to_its_end_in_few_enough_parts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy");
        fs::write(&path, "abc").unwrap();
        let mut parts = FileParts::open(&path).unwrap();
        let whole = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((parts.length, parts.is_one(), parts.sha256().unwrap().as_str()), (3, true, whole));
        assert!(parts.next().unwrap().is_some() && parts.next().unwrap().is_none());
        let file = File::create(&path).unwrap();
        file.set_len(2 * PART + 1).unwrap();
        let mut parts = FileParts::open(&path).unwrap();
        let count = std::iter::from_fn(|| parts.next().unwrap()).count();
        assert_eq!((count, parts.is_one()), (3, false));
        // A file without content takes no room on the disk.
        file.set_len(PART * PARTS_MAX + 1).unwrap();
        let large = FileParts::open(&path).unwrap();
        assert_eq!(large.part, PART + 1);
        assert!(large.length.div_ceil(large.part) <= PARTS_MAX);
    }

    #[test]
    fn what_is_written_has_the_hash_of_what_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy");
        fs::write(&path, "").unwrap();
        let mut file = HashedFile::open(&path).unwrap();
        file.write(b"a").unwrap();
        file.write(b"bc").unwrap();
        assert_eq!(file.sha256(), FileParts::open(&path).unwrap().sha256().unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"abc");
    }
}
