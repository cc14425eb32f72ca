//! Reads a body up to a bound: hashes it, looks for texts in it, and keeps its beginning.

use hyper::body::Bytes;
use sha2::{Digest, Sha256};

use crate::needles::Needles;

/// What is known of a body so far.
#[derive(Debug)]
pub(crate) struct BodyReader {
    hash: Sha256,
    length: u64,
    cut: bool,
    beginning: Vec<u8>,
    needles: Needles,
    body_max: u64,
    beginning_max: usize,
}

/// What a body was.
#[derive(Debug)]
pub(crate) struct BodyRead {
    pub(crate) sha256: [u8; 32],
    pub(crate) length: u64,
    pub(crate) cut: bool,
    pub(crate) beginning: Bytes,
    pub(crate) found: Vec<bool>,
}

impl BodyReader {
    /// Reads up to `body_max` bytes and keeps the first `beginning_max` of them.
    pub(crate) fn new(body_max: u64, beginning_max: usize, needles: &[String]) -> Self {
        Self {
            hash: Sha256::new(),
            length: 0,
            cut: false,
            beginning: Vec::new(),
            needles: Needles::new(needles),
            body_max,
            beginning_max,
        }
    }

    /// Takes the next bytes. `false` once there are more than may be read.
    pub(crate) fn feed(&mut self, chunk: &[u8]) -> bool {
        let left = usize::try_from(self.body_max - self.length).unwrap_or(usize::MAX);
        self.cut = chunk.len() > left;
        let chunk = &chunk[..chunk.len().min(left)];
        self.hash.update(chunk);
        self.needles.feed(chunk);
        let kept = chunk.len().min(self.beginning_max - self.beginning.len());
        self.beginning.extend_from_slice(&chunk[..kept]);
        self.length += chunk.len() as u64;
        !self.cut
    }

    pub(crate) fn finish(self) -> BodyRead {
        BodyRead {
            sha256: self.hash.finalize().into(),
            length: self.length,
            cut: self.cut,
            beginning: self.beginning.into(),
            found: self.needles.found(),
        }
    }
}
