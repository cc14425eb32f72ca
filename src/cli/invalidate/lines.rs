//! Turns answers of the server into text for the log of a pipeline.

use std::time::Duration;

use serde_json::Value;

use crate::{
    clock::Clock,
    domain::{
        distributions::flat_rate_plan::FlatRatePlan,
        time::{Timestamp, span_in_words},
    },
};

use super::{budgets, client::ApiAnswer, given::Given, staging};

/// The plan: one line for each item and warning, then the totals. A plan of several distributions has these for each.
pub fn plan(plan: &Value, given: &Given) -> String {
    let Some(parts) = plan["parts"].as_array() else {
        let lines = std::iter::once(one_plan(plan, given, &[])).chain(budgets::lines(plan));
        return lines.collect::<Vec<_>>().join("\n");
    };
    let staged = staging::staging_of(plan);
    let mut parts: Vec<String> = parts.iter().map(|part| one_plan(part, given, &staged)).collect();
    parts.extend(plan["lines"].as_array().into_iter().flatten().map(|line| plan_line(line, given)));
    // Distributions of one account share its budget, so the sums are told and not the parts.
    parts.extend(budgets::lines(plan));
    parts.join("\n")
}

/// `staged` are the staging distributions of other parts.
fn one_plan(plan: &Value, given: &Given, staged: &[String]) -> String {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(plan["lines"].as_array().into_iter().flatten().map(|line| plan_line(line, given)));
    lines.extend(plan["radius"]["words"].as_str().map(|words| format!("! {words}")));
    for warning in plan["warnings"].as_array().into_iter().flatten() {
        lines.push(format!("! {}", warning.as_str().unwrap_or_default()));
    }
    for change in plan["changes"].as_array().into_iter().flatten() {
        lines.push(format!("! {}", change["text"].as_str().unwrap_or_default()));
    }
    lines.extend(staging::unreached(plan, staged));
    lines.extend(plan["freeze"]["text"].as_str().map(|text| format!("! {text}")));
    lines.extend(plan["refusal"].as_str().map(|why| format!("! {why}")));
    let billable = plan["billable_paths"].as_u64().unwrap_or_default();
    let batches = plan["batches"].as_array().map_or(0, Vec::len);
    let (paths, price) = match plan["flat_rate_plan"].as_str() {
        None => ("billable path", format!("${}", plan["dollars"].as_str().unwrap_or_default())),
        Some(tier) => ("path", format!("no known price ({})", FlatRatePlan::parse(tier).describe())),
    };
    lines.push(format!(
        "{} on {}, {price}, in {}",
        counted(billable, paths),
        plan["distribution"].as_str().unwrap_or_default(),
        counted(batches as u64, "batch"),
    ));
    lines.extend(waits(plan, Clock::system().now()));
    lines.join("\n")
}

/// When the first batch would be sent, if that is not at once.
fn waits(plan: &Value, now: Timestamp) -> Option<String> {
    let starts = plan["starts_at"].as_str().and_then(Timestamp::parse)?;
    let wait = starts.since(now);
    (wait > Duration::from_secs(2)).then(|| format!("It would start in about {}.", span_in_words(wait)))
}

/// `+` is sent, `-` is not, `?` would be sent if it were asked for, `x` stops the request.
fn plan_line(line: &Value, given: &Given) -> String {
    let text = |name: &str| line[name].as_str().unwrap_or_default();
    let (sign, shown) = match text("verdict") {
        "send" | "added" => ('+', text("item").to_owned()),
        "offered" => ('?', text("item").to_owned()),
        "refused" => ('x', place_of(line, given)),
        _ => ('-', text("typed").to_owned()),
    };
    let notes = line["notes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let notes: Vec<String> = notes.map(|note| with_place(note, given)).collect();
    let notes = if notes.is_empty() { String::new() } else { format!("  ({})", notes.join("; ")) };
    format!("{sign} {shown}{notes}")
}

/// The place of a line of a plan and the line, as far as it may be shown.
fn place_of(line: &Value, given: &Given) -> String {
    let index = line["index"].as_u64().unwrap_or_default();
    named(&format!("/items/{index}"), given).unwrap_or_default()
}

/// Why the plan cannot be sent. `None` if it can be.
pub fn hindrance(plan: &Value, given: &Given) -> Option<String> {
    // A server that does not know this word refuses such a plan itself.
    if plan["sendable"] != false {
        return None;
    }
    let parts: Vec<&Value> = plan["parts"].as_array().into_iter().flatten().chain([plan]).collect();
    let all = parts.iter().flat_map(|part| part["lines"].as_array().into_iter().flatten());
    let refused: Vec<String> = all
        .filter(|line| line["verdict"] == "refused")
        .map(|line| format!("{} {}.", place_of(line, given), line["notes"][0].as_str().unwrap_or_default()))
        .collect();
    let refusal = parts.iter().find_map(|part| part["refusal"].as_str());
    let refusal = refusal.or_else(|| budgets::refusal(plan).filter(|_| refused.is_empty()));
    Some(match (refusal, refused.as_slice()) {
        (Some(why), _) => format!("{why} Nothing was sent."),
        (None, []) => {
            "nothing of it would be sent; --dry-run shows why, and --exact sends it anyway".to_owned()
        }
        (None, [only]) => format!("Not sent. {only}"),
        (None, many) => {
            format!("Not sent. {} lines need correction:\n  {}", many.len(), many.join("\n  "))
        }
    })
}

/// Replaces the place in a note: `the same as /items/0` becomes `the same as argument 1`.
fn with_place(note: &str, given: &Given) -> String {
    let place = note.strip_prefix("the same as ").and_then(|pointer| given.place(pointer));
    place.map_or_else(|| note.to_owned(), |place| format!("the same as {place}"))
}

pub fn counted(count: u64, noun: &str) -> String {
    match (count, noun.ends_with("ch")) {
        (1, _) => format!("1 {noun}"),
        (_, true) => format!("{count} {noun}es"),
        (_, false) => format!("{count} {noun}s"),
    }
}

/// Whether the invalidation has not ended yet.
pub fn is_open(answer: &Value) -> bool {
    matches!(answer["state"].as_str(), Some("queued" | "in_progress"))
}

/// The current state, such as `queued, 2 ahead`.
pub fn standing(answer: &Value) -> String {
    let state = answer["state"].as_str().unwrap_or_default().replace('_', " ");
    if state == "completed" {
        return "completed, looking at what viewers get".to_owned();
    }
    match answer["ahead"].as_u64() {
        Some(0) => format!("{state}, next in the queue"),
        Some(ahead) => format!("{state}, {ahead} ahead"),
        None => state,
    }
}

/// The current state with what delays it, such as `queued, 2 ahead (The AWS sign-in has expired)`.
fn standing_with_delay(answer: &Value) -> String {
    let standing = standing(answer);
    delay(answer).map_or_else(|| standing.clone(), |delay| format!("{standing} ({delay})"))
}

/// The problem that delays a batch that is not sent yet.
pub fn delay(answer: &Value) -> Option<&str> {
    let waits = |batch: &&Value| matches!(batch["state"].as_str(), Some("queued" | "submitting"));
    let mut batches = answer["batches"].as_array()?.iter().filter(waits);
    batches.find_map(|batch| batch["problem"]["headline"].as_str())
}

/// Says that the answer comes from an earlier request: one with the same key, if the user chose the key, or one for
/// the same items within the cool-down. `None` for a new request.
pub fn earlier(answer: &ApiAnswer, has_key: bool) -> Option<String> {
    if !(200..300).contains(&answer.status) {
        return None;
    }
    let at = |text: Option<&str>| {
        let at = text.and_then(Timestamp::parse);
        at.map_or("an earlier time".to_owned(), |at| format!("{} UTC", at.to_the_minute()))
    };
    let first = answer.first_request.as_deref();
    // A generated key is used in this run only. Its answer is replayed only if the first answer was lost in the
    // network, which needs no message.
    if has_key && answer.replayed {
        let first = at(first);
        return Some(format!(
            "This is the answer to the request of {first} with the same key; nothing was sent again."
        ));
    }
    if has_key && first.is_some() {
        return Some(format!(
            "CloudFront refused the request of {} with the same key; it is tried again.",
            at(first)
        ));
    }
    (answer.status == 200).then(|| {
        let requested = at(answer.body["requested_at"].as_str());
        format!("The same items were requested at {requested}, within the cool-down; nothing was sent again.")
    })
}

/// The result or the current state. `took` is how long the invalidation took, if this run sent it.
pub fn outcome(answer: &Value, took: Option<Duration>) -> String {
    let url = answer["url"].as_str().unwrap_or_default();
    let mut words = match (answer["state"].as_str().unwrap_or_default(), took) {
        ("completed", Some(took)) => format!("Completed after {} s: {url}", took.as_secs()),
        (state, _) => standing_in_words(state, answer, url),
    };
    if let Some(refusal) = answer["refusal"].as_str() {
        words = format!("{words}\n{refusal}");
    }
    if let Some(reason) = answer["not_sent"].as_str() {
        words = format!("{words}\nIt was {reason}.");
    }
    for batch in answer["batches"].as_array().into_iter().flatten() {
        // All refused items are named together. Of a batch that was cut in two its halves tell the rest.
        let is_told = !batch["refused_item"].is_null() || !batch["cut_into"].is_null();
        let told = if is_told { said(&batch["problem"]) } else { trouble(&batch["problem"]) };
        // The batches of one request usually have the same problem, so it is shown once.
        if !words.contains(&told) {
            words.push_str(&told);
        }
    }
    words
}

/// What happened to a batch, what to do, and AWS's own message. Empty if there is no problem.
fn trouble(problem: &Value) -> String {
    let text = |name: &str| problem[name].as_str().unwrap_or_default();
    if text("headline").is_empty() {
        return String::new();
    }
    let mut words = format!("\n{}. {}", text("headline"), text("advice"));
    if !text("statement").is_empty() {
        words = format!("{words}\n{}", text("statement"));
    }
    words.push_str(&said(problem));
    words
}

/// The message of AWS or of the client, on a line of its own.
fn said(problem: &Value) -> String {
    let text = |name: &str| problem[name].as_str().unwrap_or_default();
    match (text("code"), text("message")) {
        (_, "") => String::new(),
        ("", said) => format!("\nMessage: {said}"),
        (code, said) => format!("\nAWS says: {code}: {said}"),
    }
}

fn standing_in_words(state: &str, answer: &Value, url: &str) -> String {
    match state {
        "completed" => format!("Completed: {url}"),
        "queued" | "in_progress" => format!("Accepted ({}): {url}", standing_with_delay(answer)),
        "waiting_for_approval" => format!("Waits for approval: {url}"),
        state => format!("Ended as {}: {url}", state.replace('_', " ")),
    }
}

/// The text of a problem, with each error in it.
pub fn problem(body: &Value, status: u16, given: &Given) -> String {
    let Some(detail) = body["detail"].as_str() else {
        return format!("the server answers with {status}, and it does not look like Unstale");
    };
    let title = body["title"].as_str().unwrap_or_default();
    let mut words = format!("{title}. {detail}");
    let faults = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    if let [only] = faults {
        // The detail already contains a single error.
        let pointer = only["pointer"].as_str().unwrap_or_default();
        if let (Some(place), Some(rest)) = (named(pointer, given), detail.strip_prefix(pointer)) {
            words = format!("{title}. {place}{rest}");
        }
    } else {
        for fault in faults {
            let (pointer, detail) = (fault["pointer"].as_str(), fault["detail"].as_str());
            let pointer = pointer.unwrap_or_default();
            let place = named(pointer, given).unwrap_or_else(|| pointer.to_owned());
            words = format!("{words}\n  {place} {}", detail.unwrap_or_default());
        }
    }
    format!("{words}\n  request {}", body["request_id"].as_str().unwrap_or_default())
}

/// The place and the item, such as `changed.txt line 4: /a%zz` for what the server calls `/items/3`.
fn named(pointer: &str, given: &Given) -> Option<String> {
    let place = given.place(pointer)?;
    Some(given.told(pointer).map_or_else(|| place.clone(), |item| format!("{place}: {item}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_plan_reads_as_a_list() {
        let given = Given::read(&["a".to_owned(), "/a".to_owned()], None, false).unwrap();
        let answer = json!({
            "distribution": "E1", "dollars": "0.00", "billable_paths": 1, "batches": [{}], "warnings": ["Careful."],
            "lines": [
                {"verdict": "send", "item": "/a", "typed": "a", "notes": ["leading slash added"]},
                {"verdict": "dropped", "item": "/a", "typed": "/a", "notes": ["the same as /items/0"]},
            ],
        });
        let told = plan(&answer, &given);
        let wanted = "+ /a  (leading slash added)\n- /a  (the same as argument 1)\n! Careful.\n1 billable path on E1, $0.00, in 1 batch";
        assert_eq!(told, wanted);
    }

    #[test]
    fn a_refusal_is_told_with_its_statement_and_awss_own_words() {
        let problem = json!({"headline": "AWS does not let Unstale do this", "advice": "Add this statement.",
            "statement": "{}", "code": "AccessDenied", "message": "not authorized"});
        let answer =
            json!({"state": "failed", "url": "U", "batches": [{"problem": problem}, {"problem": problem}]});
        let wanted = "Ended as failed: U\nAWS does not let Unstale do this. Add this statement.\n{}\nAWS says: AccessDenied: not authorized";
        assert_eq!(outcome(&answer, Some(Duration::ZERO)), wanted);
        assert_eq!(trouble(&Value::Null), "");
    }

    #[test]
    fn refused_items_are_named_once_and_batches_that_were_cut_are_not_told() {
        let problem = json!({"headline": "CloudFront refused the items", "advice": "Mend it.", "statement": null,
            "code": "InvalidArgument", "message": "invalid invalidation paths"});
        let refusal = "CloudFront refused 2 of 300 items: /a~b, /c~d. The others were sent.";
        let answer = json!({"state": "failed", "url": "U", "refusal": refusal, "batches": [
            {"problem": problem, "refused_item": null, "cut_into": [2, 3]},
            {"problem": problem, "refused_item": "/a~b", "cut_into": null},
            {"problem": problem, "refused_item": "/c~d", "cut_into": null},
            {"problem": null, "refused_item": null, "cut_into": null},
        ]});
        let wanted = "Ended as failed: U\nCloudFront refused 2 of 300 items: /a~b, /c~d. The others were sent.\nAWS says: InvalidArgument: invalid invalidation paths";
        assert_eq!(outcome(&answer, None), wanted);
    }

    #[test]
    fn where_it_stands_is_told_with_its_place() {
        let restored = json!({"state": "cancelled", "url": "U", "not_sent": "not sent again: why"});
        assert_eq!(outcome(&restored, None), "Ended as cancelled: U\nIt was not sent again: why.");
        assert_eq!(standing(&json!({"state": "queued", "ahead": 2})), "queued, 2 ahead");
        assert_eq!(standing(&json!({"state": "in_progress", "ahead": null})), "in progress");
        let batch = json!({"state": "queued", "problem": {"headline": "The AWS sign-in has expired"}});
        let held_up = json!({"state": "queued", "ahead": 0, "batches": [batch]});
        assert_eq!(standing(&held_up), "queued, next in the queue");
        assert_eq!(delay(&held_up), Some("The AWS sign-in has expired"));
        let words = "Accepted (queued, next in the queue (The AWS sign-in has expired)): ";
        assert!(outcome(&held_up, None).starts_with(words));
        assert!(is_open(&json!({"state": "queued"})) && !is_open(&json!({"state": "completed"})));
    }

    #[test]
    fn an_answer_from_before_is_said_to_be_one_with_its_time() {
        let answer = |status, first: Option<&str>, replayed| ApiAnswer {
            status,
            body: json!({"requested_at": "2026-11-28T07:40:59.000001Z"}),
            first_request: first.map(str::to_owned),
            replayed,
        };
        let first = Some("2026-11-28T07:52:03.114000Z");
        assert_eq!(
            earlier(&answer(202, first, true), true).as_deref(),
            Some(
                "This is the answer to the request of 2026-11-28 07:52 UTC with the same key; nothing was sent again."
            )
        );
        assert_eq!(earlier(&answer(202, first, true), false), None, "its own first try");
        let again = earlier(&answer(202, first, false), true).unwrap();
        assert!(again.starts_with("CloudFront refused the request of 2026-11-28 07:52 UTC"), "{again}");
        let held = earlier(&answer(200, None, false), false).unwrap();
        assert!(held.starts_with("The same items were requested at 2026-11-28 07:40 UTC"), "{held}");
        assert_eq!(earlier(&answer(202, None, false), true), None);
        assert_eq!(earlier(&answer(422, None, false), true), None);
        let done = json!({"state": "completed", "url": "u"});
        assert_eq!(outcome(&done, None), "Completed: u");
        assert_eq!(outcome(&done, Some(Duration::from_secs(3))), "Completed after 3 s: u");
    }

    #[test]
    fn a_server_that_is_another_is_said_to_be() {
        assert!(problem(&Value::Null, 404, &Given::default()).contains("does not look like Unstale"));
    }

    #[test]
    fn what_is_wrong_is_named_by_where_it_was_given() {
        let given = Given::read(&["/a".to_owned(), "/a%zz".to_owned()], None, false).unwrap();
        let fault = json!({"pointer": "/items/1", "detail": "has a %."});
        let other = json!({"pointer": "/reason", "detail": "is needed."});
        let told = |detail: &str, errors: &[&Value]| {
            let body = json!({"title": "T", "detail": detail, "errors": errors, "request_id": "r"});
            problem(&body, 422, &given)
        };
        assert_eq!(
            told("/items/1 has a %. Nothing was sent.", &[&fault]),
            "T. argument 2: /a%zz has a %. Nothing was sent.\n  request r"
        );
        assert_eq!(told("/reason is needed.", &[&other]), "T. /reason is needed.\n  request r");
        assert_eq!(
            told("2 things.", &[&fault, &other]),
            "T. 2 things.\n  argument 2: /a%zz has a %.\n  /reason is needed.\n  request r"
        );
    }
}
