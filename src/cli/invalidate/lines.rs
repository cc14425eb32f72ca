//! What is read as items, and what answers say to the person who reads the log.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    time::Duration,
};

use serde_json::Value;

/// The largest list of items.
const ITEMS_MAX: u64 = 2 * 1024 * 1024;

/// The items from the arguments and the file, or from standard input where neither is given.
pub fn items(arguments: &[String], file: Option<&str>) -> Result<Vec<String>, String> {
    let mut items = arguments.to_vec();
    let text = match file {
        Some("-") => Some(read("standard input", io::stdin())?),
        Some(name) => {
            let file = File::open(name).map_err(|error| format!("{name} cannot be read: {error}"))?;
            Some(read(name, file)?)
        }
        None if items.is_empty() && !io::stdin().is_terminal() => Some(read("standard input", io::stdin())?),
        None => None,
    };
    let text = text.unwrap_or_default();
    items.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
    if items.is_empty() {
        return Err("name at least one item, such as /index.html or '/images/*'".to_owned());
    }
    Ok(items)
}

fn read(name: &str, source: impl Read) -> Result<String, String> {
    let mut text = String::new();
    let read = source.take(ITEMS_MAX + 1).read_to_string(&mut text);
    read.map_err(|error| format!("{name} cannot be read as text: {error}"))?;
    if text.len() as u64 > ITEMS_MAX {
        return Err(format!("{name} is larger than 2 MiB; split it into several requests"));
    }
    Ok(text)
}

/// The plan, a line for each thing that a person would look at.
pub fn plan(plan: &Value) -> String {
    let mut lines = Vec::new();
    for line in plan["lines"].as_array().into_iter().flatten() {
        let sign = if line["verdict"] == "send" { '+' } else { '-' };
        let shown = if sign == '+' { &line["item"] } else { &line["typed"] };
        let notes: Vec<&str> =
            line["notes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let notes = if notes.is_empty() { String::new() } else { format!("  ({})", notes.join("; ")) };
        lines.push(format!("{sign} {}{notes}", shown.as_str().unwrap_or_default()));
    }
    for warning in plan["warnings"].as_array().into_iter().flatten() {
        lines.push(format!("! {}", warning.as_str().unwrap_or_default()));
    }
    let billable = plan["billable_paths"].as_u64().unwrap_or_default();
    let batches = plan["batches"].as_array().map_or(0, Vec::len);
    lines.push(format!(
        "{} on {}, ${}, in {}",
        counted(billable, "billable path"),
        plan["distribution"].as_str().unwrap_or_default(),
        plan["dollars"].as_str().unwrap_or_default(),
        counted(batches as u64, "batch"),
    ));
    lines.join("\n")
}

fn counted(count: u64, noun: &str) -> String {
    match (count, noun.ends_with("ch")) {
        (1, _) => format!("1 {noun}"),
        (_, true) => format!("{count} {noun}es"),
        (_, false) => format!("{count} {noun}s"),
    }
}

/// Will it go on by itself?
pub fn is_open(answer: &Value) -> bool {
    matches!(answer["state"].as_str(), Some("queued" | "in_progress"))
}

/// Where it stands: `queued, 2 ahead (The AWS sign-in is over)`
pub fn standing(answer: &Value) -> String {
    let state = answer["state"].as_str().unwrap_or_default().replace('_', " ");
    let standing = match answer["ahead"].as_u64() {
        Some(0) => format!("{state}, next in the queue"),
        Some(ahead) => format!("{state}, {ahead} ahead"),
        None => state,
    };
    match held_up(answer) {
        Some(headline) => format!("{standing} ({headline})"),
        None => standing,
    }
}

/// What holds a batch up that is still to be sent.
fn held_up(answer: &Value) -> Option<&str> {
    let waits = |batch: &&Value| matches!(batch["state"].as_str(), Some("queued" | "submitting"));
    let mut batches = answer["batches"].as_array()?.iter().filter(waits);
    batches.find_map(|batch| batch["problem"]["headline"].as_str())
}

/// How it ended, or how it stands.
pub fn outcome(answer: &Value, took: Duration) -> String {
    let url = answer["url"].as_str().unwrap_or_default();
    let mut words = match answer["state"].as_str().unwrap_or_default() {
        "completed" => format!("Completed after {} s: {url}", took.as_secs()),
        "queued" | "in_progress" => format!("Accepted ({}): {url}", standing(answer)),
        "waiting_for_approval" => format!("Waits for approval: {url}"),
        state => format!("Ended as {}: {url}", state.replace('_', " ")),
    };
    for batch in answer["batches"].as_array().into_iter().flatten() {
        let told = trouble(&batch["problem"]);
        // Batches of one request most often meet the same.
        if !words.contains(&told) {
            words.push_str(&told);
        }
    }
    words
}

/// What happened to a batch, what to do, and what AWS said; empty where nothing did.
fn trouble(problem: &Value) -> String {
    let text = |name: &str| problem[name].as_str().unwrap_or_default();
    if text("headline").is_empty() {
        return String::new();
    }
    let mut words = format!("\n{}. {}", text("headline"), text("advice"));
    if !text("statement").is_empty() {
        words = format!("{words}\n{}", text("statement"));
    }
    match (text("code"), text("message")) {
        (_, "") => words,
        ("", said) => format!("{words}\nWhat was said: {said}"),
        (code, said) => format!("{words}\nAWS says: {code}: {said}"),
    }
}

/// What a problem says, with each thing that is wrong.
pub fn problem(body: &Value, status: u16) -> String {
    let Some(detail) = body["detail"].as_str() else {
        return format!("the server answers with {status}, and it does not look like Unstale");
    };
    let title = body["title"].as_str().unwrap_or_default();
    let mut words = format!("{title}. {detail}");
    // A single fault stands in the detail already.
    let faults = body["errors"].as_array().filter(|faults| faults.len() > 1);
    for fault in faults.into_iter().flatten() {
        let (pointer, detail) = (fault["pointer"].as_str(), fault["detail"].as_str());
        words = format!("{words}\n  {} {}", pointer.unwrap_or_default(), detail.unwrap_or_default());
    }
    format!("{words}\n  request {}", body["request_id"].as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_plan_reads_as_a_list() {
        let told = plan(&json!({
            "distribution": "E1", "dollars": "0.00", "billable_paths": 1, "batches": [{}], "warnings": ["Careful."],
            "lines": [
                {"verdict": "send", "item": "/a", "typed": "a", "notes": ["leading slash added"]},
                {"verdict": "dropped", "item": "/a", "typed": "/a", "notes": ["the same as /items/0"]},
            ],
        }));
        let wanted = "+ /a  (leading slash added)\n- /a  (the same as /items/0)\n! Careful.\n1 billable path on E1, $0.00, in 1 batch";
        assert_eq!(told, wanted);
    }

    #[test]
    fn a_refusal_is_told_with_its_statement_and_awss_own_words() {
        let problem = json!({"headline": "AWS does not let Unstale do this", "advice": "Add this statement.",
            "statement": "{}", "code": "AccessDenied", "message": "not authorized"});
        let answer =
            json!({"state": "failed", "url": "U", "batches": [{"problem": problem}, {"problem": problem}]});
        let wanted = "Ended as failed: U\nAWS does not let Unstale do this. Add this statement.\n{}\nAWS says: AccessDenied: not authorized";
        assert_eq!(outcome(&answer, Duration::ZERO), wanted);
        assert_eq!(trouble(&Value::Null), "");
    }

    #[test]
    fn where_it_stands_is_told_with_its_place() {
        assert_eq!(standing(&json!({"state": "queued", "ahead": 2})), "queued, 2 ahead");
        assert_eq!(standing(&json!({"state": "in_progress", "ahead": null})), "in progress");
        let batch = json!({"state": "queued", "problem": {"headline": "The AWS sign-in is over"}});
        let held_up = json!({"state": "queued", "ahead": 0, "batches": [batch]});
        assert_eq!(standing(&held_up), "queued, next in the queue (The AWS sign-in is over)");
        assert!(is_open(&json!({"state": "queued"})) && !is_open(&json!({"state": "completed"})));
    }

    #[test]
    fn a_server_that_is_another_is_said_to_be() {
        assert!(problem(&Value::Null, 404).contains("does not look like Unstale"));
    }
}
