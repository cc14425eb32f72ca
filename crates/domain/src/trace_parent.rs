//! Where a trace goes on: the `traceparent` of W3C Trace Context.

use std::fmt;

/// A trace and the span in it that what follows belongs to, as `00-TRACE-SPAN-FLAGS` in lower-case hexadecimal digits
/// (<https://www.w3.org/TR/trace-context/#traceparent-header>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceParent(String);

impl TraceParent {
    /// `None` for other texts, and where the trace or the span is zero, which means none. A text of a later version is read
    /// as far as this one goes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_known = match version {
            "00" => parts.next().is_none(),
            version => is_hexadecimal(version, 2) && version != "ff",
        };
        let is_sound = is_id(trace, 32) && is_id(span, 16) && is_hexadecimal(flags, 2);
        (is_known && is_sound).then(|| Self(format!("00-{trace}-{span}-{flags}")))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The trace, as 32 digits.
    #[must_use]
    pub fn trace(&self) -> &str {
        &self.0[3..35]
    }

    /// The span, as 16 digits.
    #[must_use]
    pub fn span(&self) -> &str {
        &self.0[36..52]
    }

    /// Whether the caller records the trace. Nobody sees a trace whose beginning is not recorded.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        u8::from_str_radix(&self.0[53..], 16).is_ok_and(|flags| flags & 1 == 1)
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

fn is_id(text: &str, length: usize) -> bool {
    is_hexadecimal(text, length) && text.bytes().any(|digit| digit != b'0')
}

fn is_hexadecimal(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_text_is_read() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent = TraceParent::parse(text).unwrap();
        assert_eq!(parent.as_str(), text);
        assert_eq!((parent.trace(), parent.span()), ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"));
        assert!(parent.is_sampled());
        let later = format!("{}-more", text.replacen("00", "cc", 1));
        assert_eq!(TraceParent::parse(&later), Some(parent));
        assert!(!TraceParent::parse(&format!("{}00", &text[..53])).unwrap().is_sampled());
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceParent::parse(text), None, "{text}");
        }
    }
}
