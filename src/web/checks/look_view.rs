//! One look at a URL, in a few words.

use crate::{
    domain::checks::{Answer, AtOrigin, CorsAnswer, Look},
    web::view::grouped,
};

/// The first and the last characters of an `ETag` that are shown.
const TAG_ENDS: usize = 4;

/// One look as the table shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookView {
    /// `Hit, age 312 s`, or `403, Error`. Empty if no look was made.
    pub words: String,
    /// `same ETag`, where a redirect leads.
    pub notes: Vec<String>,
}

impl LookView {
    /// A look, compared with an earlier one if there is one.
    pub fn new(look: Option<&Look>, earlier: Option<&Look>) -> Self {
        let Some(look) = look else { return Self::default() };
        match &look.outcome {
            Ok(answer) => {
                let notes = [content(answer, earlier.and_then(Look::answer)), target(answer)];
                let notes = notes
                    .into_iter()
                    .flatten()
                    .chain(cors(answer))
                    .chain(compressed(answer))
                    .chain(origin(answer))
                    .collect();
                Self { words: headline(answer), notes }
            }
            Err(failure) => Self { words: failure.label().to_owned(), notes: Vec::new() },
        }
    }
}

/// The status if it tells something, `X-Cache`, and `Age`.
fn headline(answer: &Answer) -> String {
    let cache = answer.x_cache.as_ref().map(|value| value.as_str().to_owned());
    let tells = answer.status != 200 || cache.is_none();
    let status = tells.then(|| answer.status.to_string());
    let age = answer.age.map(|seconds| format!("age {} s", grouped(seconds)));
    [status, cache, age].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What tells one version of the content from another.
fn content(answer: &Answer, earlier: Option<&Answer>) -> Option<String> {
    let tag = answer.opaque_tag();
    let shown = tag.map(|tag| format!("ETag {}", short(tag)));
    let Some(earlier) = earlier else { return shown };
    if let (Some(now), Some(then)) = (tag, earlier.opaque_tag()) {
        return Some(if now == then { "same ETag".to_owned() } else { format!("other ETag {}", short(now)) });
    }
    if let (Some(now), Some(then)) = (answer.body, earlier.body) {
        return Some(if now == then { "same content" } else { "other content" }.to_owned());
    }
    shown
}

fn target(answer: &Answer) -> Option<String> {
    let location = answer.location.as_ref().filter(|_| answer.is_redirect())?;
    Some(format!("to {location}"))
}

/// What another origin got: the GET, and the preflight if that differs.
fn cors(answer: &Answer) -> Vec<String> {
    let Some(look) = &answer.cors else { return Vec::new() };
    let words = |name: &str, answer: &CorsAnswer| {
        if answer.method_refused {
            return format!("{name}: not allowed, so only requests without a preflight work");
        }
        let allowed = answer.allowed_origin.as_deref().unwrap_or("no origin");
        format!("{name}: {}, allows {allowed}", answer.status)
    };
    let get = look.get.as_ref().map(|get| words("CORS", get));
    let preflight = look.preflight.as_ref().map(|preflight| words("OPTIONS", preflight));
    get.into_iter().chain(preflight).collect()
}

/// What viewers get that accept compressed answers, if it was looked at.
fn compressed(answer: &Answer) -> Option<String> {
    let copy = answer.compressed.as_ref()?;
    let status = (copy.status != answer.status).then(|| copy.status.to_string());
    let age = copy.age.map(|seconds| format!("age {} s", grouped(seconds)));
    let words = [status, copy.x_cache.clone(), age].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let encoding = copy.encoding.as_deref().unwrap_or("not compressed for browsers");
    Some(if words.is_empty() { encoding.to_owned() } else { format!("{encoding}: {words}") })
}

/// What the origin itself has, if it was asked.
fn origin(answer: &Answer) -> Option<String> {
    let origin = answer.origin.as_ref()?;
    let at =
        origin.last_modified.map(|at| format!(", last modified {}", at.to_the_minute())).unwrap_or_default();
    Some(match origin.against(answer) {
        AtOrigin::Same => format!("origin: the same{at}"),
        AtOrigin::Other => format!("origin: other content{at}"),
        AtOrigin::Missing => format!("origin: {}, not there", origin.status),
        AtOrigin::There => format!("origin: {}{at}", origin.status),
        AtOrigin::Unknown => format!("origin: {}, so it says nothing", origin.status),
    })
}

/// `5d41…c592` of a long tag, without its quotes.
fn short(tag: &str) -> String {
    let all: Vec<char> = tag.trim_matches('"').chars().collect();
    if all.len() <= 3 * TAG_ENDS {
        return all.into_iter().collect();
    }
    let (first, last) = (all.iter().take(TAG_ENDS), all.iter().skip(all.len() - TAG_ENDS));
    format!("{}…{}", first.collect::<String>(), last.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{
        checks::{BodyDigest, CorsLook, XCache},
        time::Timestamp,
    };

    fn look(answer: Answer) -> Look {
        Look { at: Timestamp::from_micros(1), duration: Duration::ZERO, outcome: Ok(answer) }
    }

    fn tagged(tag: &str) -> Look {
        look(Answer { status: 200, etag: Some(tag.to_owned()), ..Answer::default() })
    }

    #[test]
    fn an_answer_is_its_cache_and_its_age_and_its_status_if_that_tells_something() {
        let hit =
            Answer { status: 200, x_cache: Some(XCache::Hit), age: Some(1_008_120), ..Answer::default() };
        assert_eq!(LookView::new(Some(&look(hit)), None).words, "Hit, age 1,008,120 s");
        let error = Answer { status: 403, x_cache: Some(XCache::Error), ..Answer::default() };
        assert_eq!(LookView::new(Some(&look(error)), None).words, "403, Error");
        let bare = Answer { status: 200, age: Some(7), ..Answer::default() };
        assert_eq!(LookView::new(Some(&look(bare)), None).words, "200, age 7 s");
        assert_eq!(LookView::new(None, None), LookView::default());
    }

    #[test]
    fn a_tag_is_short_and_compared_without_its_weakness() {
        let (old, new) = (tagged("\"5d41402abc4b2a76b9719d911017c592\""), tagged("\"7d793037a076ed3a\""));
        let notes = |look: &Look, earlier: Option<&Look>| LookView::new(Some(look), earlier).notes.join(" ");
        assert_eq!(notes(&old, None), "ETag 5d41…c592");
        assert_eq!(notes(&new, Some(&old)), "other ETag 7d79…ed3a");
        assert_eq!(notes(&tagged("W/\"5d41402abc4b2a76b9719d911017c592\""), Some(&old)), "same ETag");
        assert_eq!(notes(&tagged("\"abc-1\""), None), "ETag abc-1");
        let body = |text: &[u8]| {
            look(Answer { status: 200, body: Some(BodyDigest::of(text, true)), ..Answer::default() })
        };
        assert_eq!(notes(&body(b"a"), Some(&body(b"a"))), "same content");
        assert_eq!(notes(&body(b"b"), Some(&body(b"a"))), "other content");
    }

    #[test]
    fn what_another_origin_got_stands_below() {
        let get = CorsAnswer { status: 200, allowed_origin: Some("*".to_owned()), ..CorsAnswer::default() };
        let preflight = CorsAnswer { status: 403, ..CorsAnswer::default() };
        let cors = CorsLook { get: Some(get), preflight: Some(preflight), ..CorsLook::default() };
        let seen = look(Answer { status: 200, cors: Some(cors), ..Answer::default() });
        assert_eq!(
            LookView::new(Some(&seen), None).notes,
            ["CORS: 200, allows *", "OPTIONS: 403, allows no origin"]
        );
        let not_a_method = CorsAnswer { status: 403, method_refused: true, ..CorsAnswer::default() };
        let cors = CorsLook { preflight: Some(not_a_method), ..CorsLook::default() };
        let seen = look(Answer { status: 200, cors: Some(cors), ..Answer::default() });
        let words = "OPTIONS: not allowed, so only requests without a preflight work";
        assert_eq!(LookView::new(Some(&seen), None).notes, [words]);
    }
}
