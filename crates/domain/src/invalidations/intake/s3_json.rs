//! Reads JSON about objects of S3: lists of `aws s3api`, and messages about objects that changed.

use super::{FileChange, FilePlace, IntakeError, Reading, SkipReason, Tool, found::file, json::Json};

/// The keys of the document, each with what it says. `None` if it is another document.
pub(super) fn objects(json: &Json) -> Option<Vec<(&Json, Reading)>> {
    if let Some(records) = json.get("Records").and_then(Json::list) {
        return records.iter().map(of_record).collect();
    }
    if json.get("source").and_then(Json::text) == Some("aws.s3") {
        return Some(vec![of_event_bridge(json)?]);
    }
    let name = json.get("Name").and_then(Json::text);
    let mut found = Vec::new();
    for (member, change) in [
        ("Contents", FileChange::Listed),
        ("Versions", FileChange::Listed),
        ("Deleted", FileChange::Deleted),
        ("DeleteMarkers", FileChange::Deleted),
    ] {
        for object in json.get(member).and_then(Json::list).unwrap_or_default() {
            found.push(of_object(object, name, change)?);
        }
    }
    if let Some(list) = json.list() {
        for object in list {
            found.push(of_object(object, name, FileChange::Listed)?);
        }
    }
    (!found.is_empty()).then_some(found)
}

/// `{"Key": "a.html", "Size": 2}`. With a `Value` it is a tag of AWS and no object.
fn of_object<'a>(object: &'a Json, bucket: Option<&str>, change: FileChange) -> Option<(&'a Json, Reading)> {
    let key = object.get("Key")?;
    if object.get("Value").is_some() {
        return None;
    }
    let place = bucket.map_or(FilePlace::UnnamedBucket, |name| FilePlace::Bucket(name.to_owned()));
    Some((key, file(key.text()?, place, change, Tool::S3Api, None)))
}

/// A record of an event notification, whose keys are encoded as a form is: `+` for a blank.
fn of_record(record: &Json) -> Option<(&Json, Reading)> {
    let s3 = record.get("s3")?;
    let key = s3.get("object")?.get("key")?;
    let Some(name) = form_decoded(key.text()?) else {
        return Some((key, Reading::Refused(IntakeError::UndecodableName)));
    };
    let place = place_of(s3);
    let event = record.get("eventName").and_then(Json::text).unwrap_or_default();
    Some((key, changed(&name, place, event)))
}

/// An event of Amazon's event bus. Whether its keys are encoded is not certain, so one with `%` or `+` is refused.
fn of_event_bridge(json: &Json) -> Option<(&Json, Reading)> {
    let detail = json.get("detail")?;
    let key = detail.get("object")?.get("key")?;
    let name = key.text()?;
    if name.contains(['%', '+']) {
        return Some((key, Reading::Refused(IntakeError::AmbiguousKey)));
    }
    let event = json.get("detail-type").and_then(Json::text).unwrap_or_default();
    Some((key, changed(name, place_of(detail), &event.replace("Object ", "Object"))))
}

fn changed(name: &str, place: FilePlace, event: &str) -> Reading {
    let event = event.strip_prefix("s3:").unwrap_or(event);
    let change = if event.starts_with("ObjectCreated") || event.starts_with("ObjectRestore") {
        FileChange::Written
    } else if event.starts_with("ObjectRemoved")
        || event.starts_with("ObjectDeleted")
        || event.starts_with("LifecycleExpiration")
    {
        FileChange::Deleted
    } else if event.is_empty() {
        FileChange::Listed
    } else {
        // Tags, access control lists and storage classes change nothing that viewers get.
        return Reading::Skipped(SkipReason::Unchanged);
    };
    file(name, place, change, Tool::S3Event, None)
}

fn place_of(json: &Json) -> FilePlace {
    let name = json.get("bucket").and_then(|bucket| bucket.get("name")).and_then(Json::text);
    name.map_or(FilePlace::UnnamedBucket, |name| FilePlace::Bucket(name.to_owned()))
}

/// `None` if an escape is broken or the bytes are no UTF-8.
fn form_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = std::str::from_utf8(after.get(..2)?).ok()?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest = &after[2..];
            }
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}
