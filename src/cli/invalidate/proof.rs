//! Whether viewers get the new version, as the server found out.

use serde_json::Value;

use crate::domain::{
    checks::{CheckCause, CheckKind, Freshness},
    tokens::probe::SERVER_VANTAGE,
};

use super::lines;

/// Said of a server that does not know checks.
pub const OLD_SERVER: &str =
    "this server is older than --prove: it does not say what viewers get, so nothing is proved";

/// What a run of the command proved.
#[derive(Debug, PartialEq, Eq)]
pub enum Proof {
    /// Viewers get the new version, or the origin has no other one.
    Good,
    /// Viewers get an old version or an error. In words.
    Bad(&'static str),
    /// Nothing is proved. In words.
    Missing(&'static str),
}

/// Whether the server that answered checks what viewers get.
pub fn is_known(answer: &Value) -> bool {
    answer["freshness"].is_string()
}

/// Whether this is the refusal of a server that does not know what to wait for.
pub fn is_refused(status: u16, body: &Value) -> bool {
    let faults = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    status == 422 && faults.iter().any(|fault| fault["pointer"] == "until")
}

/// Whether the invalidation has not ended, or has no verdict yet.
pub fn is_open(answer: &Value) -> bool {
    lines::is_open(answer) || answer["state"] == "completed" && answer["freshness"] == "pending"
}

/// What a completed invalidation proves.
pub fn of(answer: &Value) -> Proof {
    match answer["freshness"].as_str().map(Freshness::parse) {
        Some(Some(Freshness::Fresh | Freshness::Unchanged)) => Proof::Good,
        Some(Some(Freshness::Stale)) => Proof::Bad("viewers still get an old version"),
        Some(Some(Freshness::Broken)) => Proof::Bad("viewers get an error, or not what they should"),
        Some(Some(Freshness::Off)) => Proof::Missing("nothing was looked at, so nothing is proved"),
        Some(_) => Proof::Missing("nothing proves that viewers get the new version"),
        None => Proof::Missing(OLD_SERVER),
    }
}

/// One line for each URL with its verdict, and below it why, and what to do; then the edge locations that do not count.
/// Empty if nothing was looked at.
pub fn lines(answer: &Value) -> String {
    let list = |name: &str| answer[name].as_array().into_iter().flatten();
    let is_gone_expected = answer["expected"] == "gone";
    let checks = list("checks").map(|check| told(check, is_gone_expected));
    checks.chain(list("silent_locations").map(not_counted)).collect()
}

fn not_counted(silent: &Value) -> String {
    let word = |name: &str| silent[name].as_str().unwrap_or_default();
    format!("\nnot seen  {} from {}\n  {}", word("url"), word("vantage"), word("why"))
}

fn told(check: &Value, is_gone_expected: bool) -> String {
    let word = |name: &str| check[name].as_str().unwrap_or_default();
    let verdict = if word("verdict").is_empty() { "pending" } else { word("verdict") };
    let verdict = if is_gone_expected && verdict == "fresh" { "gone" } else { verdict };
    let is_api = word("kind") == CheckKind::Api.as_str();
    let cause = CheckCause::parse(word("cause"));
    let answers = is_api && cause == Some(CheckCause::Answers);
    let verdict = if answers { CheckCause::Answers.as_str() } else { verdict };
    let place = Some(word("vantage")).filter(|place| !["", SERVER_VANTAGE].contains(place));
    let place = place.map_or_else(String::new, |place| format!(" from {place}"));
    // A newer server may know causes that this program does not.
    let cause = match cause {
        Some(_) if answers => "",
        Some(cause) if is_api => cause.label_of_api(),
        Some(cause) => cause.label(),
        None => word("cause"),
    };
    let reasons = [cause, word("step")].into_iter().filter(|words| !words.is_empty());
    let reasons = reasons.map(|words| format!("\n  {}", words.replace('\n', "\n  ")));
    format!("\n{verdict:<9} {}{place}{}", word("url"), reasons.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_freshness_is_one_proof() {
        let proof = |freshness: &str| of(&json!({"state": "completed", "freshness": freshness}));
        for (freshness, good, bad) in [
            ("fresh", true, false),
            ("unchanged", true, false),
            ("stale", false, true),
            ("broken", false, true),
            ("unclear", false, false),
            ("off", false, false),
            ("a word of a newer server", false, false),
        ] {
            let proof = proof(freshness);
            assert_eq!((proof == Proof::Good, matches!(proof, Proof::Bad(_))), (good, bad), "{freshness}");
        }
        assert_eq!(of(&json!({"state": "completed"})), Proof::Missing(OLD_SERVER));
        assert!(!is_known(&json!({"state": "queued"})) && is_known(&json!({"freshness": "off"})));
        assert!(is_open(&json!({"state": "completed", "freshness": "pending"})));
        assert!(!is_open(&json!({"state": "failed", "freshness": "pending"})));
        let refused =
            json!({"errors": [{"pointer": "until", "detail": "is not a parameter of this address."}]});
        assert!(is_refused(422, &refused) && !is_refused(422, &json!({})) && !is_refused(200, &refused));
    }

    #[test]
    fn each_url_has_its_verdict_its_cause_and_its_step() {
        let answer = json!({"checks": [
            {"url": "https://a/x", "vantage": "server", "verdict": "fresh", "cause": null, "step": null},
            {"url": "https://a/x", "vantage": "oslo", "verdict": "fresh", "cause": null, "step": null},
            {"url": "https://a/y", "verdict": "broken", "cause": "object_missing", "step": "Upload it."},
            {"url": "https://a/z", "verdict": "unclear", "cause": "newer_word", "step": null},
            {"url": "https://a/w", "verdict": null, "cause": null, "step": null},
            {"kind": "api", "url": "https://b/", "verdict": "unclear", "cause": "answers", "step": null},
            {"kind": "api", "url": "https://c/", "verdict": "broken", "cause": "not_found", "step": "Deploy it."},
        ]});
        let wanted = "\nfresh     https://a/x\nfresh     https://a/x from oslo\nbroken    https://a/y\n  The file is not in the S3 bucket.\n  Upload it.\nunclear   https://a/z\n  newer_word\npending   https://a/w\nanswers   https://b/\nbroken    https://c/\n  The API has nothing at this address.\n  Deploy it.";
        assert_eq!(lines(&answer), wanted);
        assert_eq!(lines(&json!({"checks": null})), "");
        let silent = json!([{"url": "https://a/x", "vantage": "FRA50-C1", "why": "its name has no address"}]);
        let silent = json!({"checks": [], "silent_locations": silent});
        assert_eq!(lines(&silent), "\nnot seen  https://a/x from FRA50-C1\n  its name has no address");
        let gone = json!({"expected": "gone", "checks": [{"url": "https://a/x", "verdict": "fresh"}]});
        assert_eq!(lines(&gone), "\ngone      https://a/x");
    }
}
