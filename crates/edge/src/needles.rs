//! Searches for texts in a body that comes in chunks and is not kept.

use memchr::memmem;

/// The search for several texts. A text that lies across the edge of two chunks is found too.
#[derive(Debug)]
pub(crate) struct Needles {
    wanted: Vec<memmem::Finder<'static>>,
    found: Vec<bool>,
    /// The end of what came before: one byte less than the longest text.
    tail: Vec<u8>,
    tail_max: usize,
}

impl Needles {
    pub(crate) fn new(texts: &[String]) -> Self {
        let wanted = texts.iter().map(|text| memmem::Finder::new(text).into_owned()).collect();
        let tail_max = texts.iter().map(String::len).max().unwrap_or_default().saturating_sub(1);
        // An empty text is in every body.
        let found = texts.iter().map(String::is_empty).collect();
        Self { wanted, found, tail: Vec::new(), tail_max }
    }

    pub(crate) fn feed(&mut self, chunk: &[u8]) {
        if self.found.iter().all(|found| *found) {
            return;
        }
        // Only what begins in the tail has to be sought in tail and chunk together.
        let edge = chunk.len().min(self.tail_max);
        let mut across = std::mem::take(&mut self.tail);
        across.extend_from_slice(&chunk[..edge]);
        for (finder, found) in self.wanted.iter().zip(&mut self.found) {
            *found = *found || finder.find(&across).is_some() || finder.find(chunk).is_some();
        }
        if chunk.len() >= self.tail_max {
            across.clear();
            across.extend_from_slice(&chunk[chunk.len() - self.tail_max..]);
        } else {
            across.drain(..across.len().saturating_sub(self.tail_max));
        }
        self.tail = across;
    }

    pub(crate) fn found(self) -> Vec<bool> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_wherever_the_chunks_end() {
        let body = b"<p>build 5121</p> aaab";
        let texts = ["build 5121", "5122", "", "aab", "<", "b", "build 5121</p> aaab!"].map(str::to_owned);
        for first in 0..=body.len() {
            for second in first..=body.len() {
                let mut needles = Needles::new(&texts);
                for chunk in [&body[..first], &body[first..second], &body[second..]] {
                    needles.feed(chunk);
                }
                let found = needles.found();
                assert_eq!(found, [true, false, true, true, true, true, false], "{first} {second}");
            }
        }
        let mut bytewise = Needles::new(&texts);
        for byte in body {
            bytewise.feed(&[*byte]);
        }
        assert_eq!(bytewise.found(), [true, false, true, true, true, true, false]);
    }
}
