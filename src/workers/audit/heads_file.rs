//! The file of signed heads, one per line. These functions block: they are called on the thread for files.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use crate::domain::audit::head::{PublicKey, SignedHead};

/// The first bytes of each line.
const BEGIN: &[u8] = b"{\"at\":\"";

/// The heads in the file that were signed with one of these keys. Other content proves nothing about the chain and
/// is ignored.
pub(super) fn read(file: &Path, keys: &[PublicKey]) -> io::Result<Vec<SignedHead>> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let lines = String::from_utf8_lossy(&bytes);
    let heads = lines.lines().filter_map(|line| SignedHead::parse(line).ok());
    Ok(heads.filter(|signed| signed.check(keys).is_ok()).collect())
}

/// Appends a line for each head. First removes the fragment of a line that a full disk or a killed process left, so
/// that each line is complete.
pub(super) fn add(file: &Path, heads: &[SignedHead]) -> io::Result<()> {
    if heads.is_empty() {
        return Ok(());
    }
    let lines: String = heads.iter().map(|signed| signed.line() + "\n").collect();
    let mut open = OpenOptions::new().read(true).append(true).create(true).open(file)?;
    cut_fragment(&mut open)?;
    open.write_all(lines.as_bytes())?;
    open.sync_all()
}

/// Makes the file end with a complete line. Removes a fragment that Unstale wrote. If somebody else wrote it, or if
/// the file is append-only, ends the line instead.
fn cut_fragment(file: &mut File) -> io::Result<()> {
    let length = file.metadata()?.len();
    // No line is longer than this.
    let from = length.saturating_sub(4_096);
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.read_to_end(&mut end)?;
    let fragment = end.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    if fragment.is_empty() {
        return Ok(());
    }
    let ours = fragment.iter().zip(BEGIN).all(|(is, begin)| is == begin);
    let cut = ours.then(|| file.set_len(length - fragment.len() as u64));
    if cut.is_some_and(|cut| cut.is_ok()) { Ok(()) } else { file.write_all(b"\n") }
}
