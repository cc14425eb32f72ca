//! Checks how the requests of a connection state the length of their bodies.
//!
//! hyper (1.12, `proto/h1/role.rs`) reads a request with both `Content-Length` and `Transfer-Encoding` by the
//! latter, as RFC 9112 §6.3 requires, and drops the former before any handler can see it. A proxy that uses the
//! other header sees a different request after the body (request smuggling, §11.2). So this module checks the bytes
//! as they arrive.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The number of bytes that are kept of a line. No header that matters here needs more.
const LINE_MAX: usize = 512;

/// Whether a request of this connection had two lengths. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct TwoLengths(Arc<AtomicBool>);

impl TwoLengths {
    /// Once this is `true`, no later request of the connection can be trusted.
    pub fn seen(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A connection whose incoming bytes are checked.
#[derive(Debug)]
pub struct WatchedConnection<S> {
    stream: S,
    place: FramePosition,
    line: Vec<u8>,
    /// Whether the line was longer than [`LINE_MAX`], so that its end is missing here.
    cut: bool,
    two_lengths: TwoLengths,
}

/// The part of a request that the next byte belongs to.
#[derive(Debug, Clone, Copy)]
enum FramePosition {
    RequestLine,
    Header(Lengths),
    /// The bytes of the body that are still to come.
    Body(u64),
    ChunkSize,
    Chunk(u64),
    /// The line end after a chunk.
    ChunkEnd,
    Trailer,
    /// The bytes are not a valid request. hyper refuses them.
    Lost,
}

/// What the headers of a request have stated about its length so far.
#[derive(Debug, Clone, Copy, Default)]
struct Lengths {
    content_length: Option<u64>,
    transfer_encoding: bool,
}

impl<S> WatchedConnection<S> {
    pub fn new(stream: S, two_lengths: TwoLengths) -> Self {
        Self { stream, place: FramePosition::RequestLine, line: Vec::new(), cut: false, two_lengths }
    }

    fn look_at(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = match self.place {
                FramePosition::Lost => return,
                FramePosition::Body(left) | FramePosition::Chunk(left) => self.skip(left, bytes.len()),
                _ => self.take_line(bytes),
            };
            bytes = &bytes[taken..];
        }
    }

    fn skip(&mut self, left: u64, there: usize) -> usize {
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(there);
        let left = left - taken as u64;
        self.place = match self.place {
            FramePosition::Chunk(_) if left == 0 => FramePosition::ChunkEnd,
            FramePosition::Chunk(_) => FramePosition::Chunk(left),
            _ if left == 0 => FramePosition::RequestLine,
            _ => FramePosition::Body(left),
        };
        taken
    }

    fn take_line(&mut self, bytes: &[u8]) -> usize {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let part = &bytes[..end.unwrap_or(bytes.len())];
        let room = LINE_MAX.saturating_sub(self.line.len()).min(part.len());
        self.line.extend_from_slice(&part[..room]);
        self.cut |= room < part.len();
        let Some(end) = end else { return bytes.len() };
        let line = std::mem::take(&mut self.line);
        let cut = std::mem::take(&mut self.cut);
        self.end_line(line.strip_suffix(b"\r").unwrap_or(&line), cut);
        end + 1
    }

    fn end_line(&mut self, line: &[u8], cut: bool) {
        self.place = match self.place {
            // A server ignores empty lines before a request (RFC 9112 §2.2).
            FramePosition::RequestLine | FramePosition::Trailer if line.is_empty() => {
                FramePosition::RequestLine
            }
            FramePosition::RequestLine => FramePosition::Header(Lengths::default()),
            FramePosition::Header(lengths) if line.is_empty() => self.end_headers(lengths),
            FramePosition::Header(lengths) => match lengths.and(line, cut) {
                Some(lengths) => FramePosition::Header(lengths),
                None => self.lose(),
            },
            // Chunk extensions may be longer than what is kept. If the size itself is that long, hyper reads all of
            // it and this module cannot.
            FramePosition::ChunkSize if cut && !line.contains(&b';') => self.lose(),
            FramePosition::ChunkSize => match chunk_size(line) {
                Some(0) => FramePosition::Trailer,
                Some(size) => FramePosition::Chunk(size),
                None => FramePosition::Lost,
            },
            FramePosition::ChunkEnd => FramePosition::ChunkSize,
            FramePosition::Trailer => FramePosition::Trailer,
            FramePosition::Body(_) | FramePosition::Chunk(_) | FramePosition::Lost => FramePosition::Lost,
        };
    }

    /// Called when the end of the request is uncertain, which is as dangerous as two lengths.
    fn lose(&self) -> FramePosition {
        self.two_lengths.0.store(true, Ordering::Relaxed);
        FramePosition::Lost
    }

    fn end_headers(&self, lengths: Lengths) -> FramePosition {
        match lengths {
            Lengths { content_length: Some(_), transfer_encoding: true } => self.lose(),
            Lengths { transfer_encoding: true, .. } => FramePosition::ChunkSize,
            Lengths { content_length: Some(length), .. } if length > 0 => FramePosition::Body(length),
            Lengths { .. } => FramePosition::RequestLine,
        }
    }
}

impl Lengths {
    /// Adds one header. `None` if it is a `Content-Length` that is too long to be kept whole.
    fn and(mut self, header: &[u8], cut: bool) -> Option<Self> {
        let colon = header.iter().position(|byte| *byte == b':').unwrap_or(header.len());
        let (name, value) = header.split_at(colon);
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.transfer_encoding = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            if cut {
                return None;
            }
            // hyper refuses a request whose length is not a number. Here it only matters that the header is there.
            let value = std::str::from_utf8(value).unwrap_or_default();
            self.content_length = Some(value.trim_matches([':', ' ', '\t']).parse().unwrap_or(0));
        }
        Some(self)
    }
}

/// The size of a chunk (RFC 9112 §7.1). Extensions after a `;` do not change it.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?;
    u64::from_str_radix(std::str::from_utf8(digits).ok()?.trim(), 16).ok()
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedConnection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if matches!(read, Poll::Ready(Ok(()))) {
            self.look_at(&buffer.filled()[before..]);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedConnection<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\ntransfer-ENCODING:chunked\r\n\r\n";
    const OTHER_WAY: &str = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\ncontent-length: x\r\n\r\n";
    const SIZED: &str =
        "POST / HTTP/1.1\r\nContent-Length: 48\r\n\r\nA\nContent-Length: 1\nTransfer-Encoding: chunked\n\n";
    const CHUNKED: &str = "\r\nPOST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n30;a=b\r\nA\nContent-Length: 1\nTransfer-Encoding: chunked\n\n\r\n0\r\nContent-Length: 3\r\n\r\n";

    fn sees_two(requests: &str, at_once: usize) -> bool {
        let two_lengths = TwoLengths::default();
        let mut watched = WatchedConnection::new((), two_lengths.clone());
        requests.as_bytes().chunks(at_once).for_each(|bytes| watched.look_at(bytes));
        two_lengths.seen()
    }

    #[test]
    fn two_lengths_are_seen_wherever_the_request_stands() {
        for at_once in [1, 2, 7, 1_000] {
            for both in [BOTH, OTHER_WAY] {
                assert!(sees_two(both, at_once), "{both}");
                assert!(
                    sees_two(&format!("{SIZED}{CHUNKED}GET / HTTP/1.1\r\n\r\n{both}"), at_once),
                    "{both}"
                );
            }
        }
    }

    #[test]
    fn a_length_that_is_too_long_to_read_is_not_taken_for_another() {
        let (blanks, zeros) = (" ".repeat(600), "0".repeat(600));
        for length in [format!("Content-Length:{blanks}5"), format!("Content-Length: {zeros}5")] {
            assert!(sees_two(&format!("POST / HTTP/1.1\r\n{length}\r\n\r\nhello"), 7), "{length}");
        }
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert!(sees_two(&format!("{chunked}{zeros}5\r\nhello\r\n0\r\n\r\n"), 7));
        let extended = format!("{chunked}5;name={blanks}\r\nhello\r\n0\r\n\r\n");
        assert!(!sees_two(&extended, 7));
        let cookie = format!("GET / HTTP/1.1\r\nCookie: {zeros}\r\n\r\n");
        assert!(!sees_two(&cookie, 7));
    }

    #[test]
    fn what_stands_in_a_body_is_no_header() {
        for at_once in [1, 3, 1_000] {
            assert!(!sees_two(&format!("{SIZED}{CHUNKED}{CHUNKED}{SIZED}"), at_once));
        }
    }

    #[test]
    fn what_is_no_request_is_left_to_hyper() {
        let nonsense = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n";
        assert!(!sees_two(&format!("{nonsense}{BOTH}"), 1_000));
    }
}
