//! Finds out what a JSON document is: a batch of CloudFront, a list of keys, or messages about objects.

use crate::id::DistributionId;

use super::{
    Entry, FileChange, FilePlace, IntakeError, Reading, Tool, found::file, json::Json, rclone, s3_json,
    s5cmd, wrapped_events,
};

/// The entries of a document that begins on the line of this number. `typed` is the text of that line.
pub(super) fn entries(json: &Json, number: usize, typed: &str) -> Vec<Entry> {
    let mut found = Vec::new();
    if read(json, number, &mut found).is_none() || found.is_empty() {
        let reading = Reading::Refused(IntakeError::UnknownJson);
        return vec![Entry { number, typed: typed.to_owned(), reading }];
    }
    found
}

/// `None` if some part of it is not known.
fn read(json: &Json, number: usize, found: &mut Vec<Entry>) -> Option<()> {
    if let Some(items) = batch_items(json) {
        let distribution = json.get("DistributionId").and_then(Json::text).and_then(DistributionId::parse);
        for item in items.list()? {
            let mut entry = of_text(item, number, batch_item)?;
            if let Some(distribution) = &distribution {
                entry.reading.name_distribution(distribution);
            }
            found.push(entry);
        }
        return Some(());
    }
    if let Some(readings) = s5cmd::of_json(json) {
        let source = json.get("source")?;
        let number = number + source.line();
        let entry = |reading| Entry { number, typed: source.text().unwrap_or_default().to_owned(), reading };
        found.extend(readings.into_iter().map(entry));
        return Some(());
    }
    if let Some(readings) = rclone::of_json(json) {
        let object = json.get("object").or_else(|| json.get("msg"))?;
        let entry = |reading| Entry {
            number: number + object.line(),
            typed: object.text().unwrap_or_default().to_owned(),
            reading,
        };
        found.extend(readings.into_iter().map(entry));
        return Some(());
    }
    if let Some(messages) = wrapped_events::messages(json) {
        return messages.into_iter().try_for_each(|message| of_message(message, number, found));
    }
    if let Some(objects) = s3_json::objects(json) {
        for (key, reading) in objects {
            found.push(Entry { number: number + key.line(), typed: key.text()?.to_owned(), reading });
        }
        return Some(());
    }
    let list = json.list()?;
    if list.iter().all(|value| value.text().is_some_and(is_plain)) {
        for item in list {
            found.push(of_text(item, number, |text| Reading::Typed(text.to_owned()))?);
        }
        return Some(());
    }
    if are_keys(list) {
        for key in list {
            found.push(of_text(key, number, key_of_list)?);
        }
        return Some(());
    }
    list.iter().try_for_each(|value| match value {
        // Lists within lists are no documents that are known.
        Json::Object(_) => read(value, number, found),
        Json::List(_) | Json::Text { .. } | Json::False | Json::Other => None,
    })
}

/// The entries of a document that stands as text in another one. They have the number of the line of that text.
fn of_message(message: &Json, number: usize, found: &mut Vec<Entry>) -> Option<()> {
    let (before, line) = (found.len(), number + message.line());
    read(&Json::parse(message.text()?)?, line, found)?;
    for entry in &mut found[before..] {
        entry.number = line;
    }
    Some(())
}

fn of_text(json: &Json, number: usize, reading: impl Fn(&str) -> Reading) -> Option<Entry> {
    let text = json.text()?;
    Some(Entry { number: number + json.line(), typed: text.to_owned(), reading: reading(text) })
}

/// The items of CloudFront's batch, also within the answer of `create-invalidation`.
fn batch_items(json: &Json) -> Option<&Json> {
    let json = json.get("Invalidation").unwrap_or(json);
    let batch = json.get("InvalidationBatch").unwrap_or(json);
    let paths = batch.get("Paths").unwrap_or(batch);
    paths.get("Quantity")?;
    paths.get("Items")
}

fn batch_item(text: &str) -> Reading {
    if text.starts_with(['/', '#']) {
        Reading::Typed(text.to_owned())
    } else {
        Reading::Refused(IntakeError::BadBatchItem)
    }
}

fn is_plain(text: &str) -> bool {
    text.starts_with(['/', '#']) || super::lines::starts_with_http(text)
}

fn key_of_list(text: &str) -> Reading {
    file(text, FilePlace::UnnamedBucket, FileChange::Listed, Tool::S3Api, None)
}

/// Whether the texts look like keys of objects. A list of words does not.
fn are_keys(list: &[Json]) -> bool {
    let looks_like_a_key = |text: &str| {
        !text.is_empty()
            && !text.starts_with(['.', '@', '/', '#', '-', ' '])
            && !text.contains("://")
            && !["**", "/*", "*.", ": ", "\\", "${", "{{"].iter().any(|sign| text.contains(sign))
            && !text.chars().any(char::is_control)
    };
    let texts = || list.iter().filter_map(Json::text);
    let named = texts().filter(|text| text.ends_with('/') || super::find_list::has_ending(text)).count();
    !list.is_empty()
        && texts().count() == list.len()
        && texts().all(looks_like_a_key)
        && named * 2 >= list.len()
}
