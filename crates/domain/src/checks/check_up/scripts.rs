//! The finding about keys that are written into the page or a script.

use super::{
    Finding,
    FindingName::KeyInScript,
    FindingState::{Good, Problem, Unknown},
    KeyKind, ScriptsSeen,
    facts::{Facts, listed, shown},
};

/// The places that are named.
const PLACES_MAX: usize = 5;

/// CloudFront Functions, "Add a header to the request". The value is a placeholder.
const ADD_HEADER: &str = "function handler(event) {
    var request = event.request;
    request.headers['x-api-key'] = { value: 'YOUR-NEW-API-KEY' };
    return request;
}";
const DISABLE_ACCESS_KEY: &str =
    "aws iam update-access-key --status Inactive --access-key-id YOUR-ACCESS-KEY-ID --user-name YOUR-USER";

pub(super) fn key_in_script(facts: &Facts<'_>) -> Finding {
    let finding = |state, found: String| Finding::new(KeyInScript, state, found);
    let Some(looks) = facts.looks else {
        return finding(Unknown, "It was not looked at yet whether a script contains a key.".to_owned())
            .step("Look now.");
    };
    let Some(scripts) = &looks.scripts else {
        return finding(
            Unknown,
            "The root of the site is no page that could be read, so its scripts are not known.".to_owned(),
        )
        .step("Look again once the root of the site answers with a page.");
    };
    if !scripts.places.is_empty() {
        return found(scripts);
    }
    let read = counted(scripts.read);
    if scripts.not_read > 0 {
        return finding(
            Unknown,
            format!("No key is written into the page and the {read} that were read. Of its scripts {} could not be read.", scripts.not_read),
        )
        .step("Look again. If it stays so, see why these scripts do not load: Check now on the page of the distribution names them.");
    }
    if scripts.cut > 0 {
        return finding(
            Unknown,
            format!(
                "No key is written into what was read. Of {} only the first {} KiB were.",
                counted(scripts.cut),
                ScriptsSeen::BYTES_MAX / 1024
            ),
        )
        .step("Search the longer files where they are built, for x-api-key, apiKey and AKIA.");
    }
    let found = if scripts.read == 0 {
        "No key is written into the page, and it loads no script of its own site.".to_owned()
    } else {
        format!(
            "No key is written into the page and the {read} of its own site. What scripts load further was not read."
        )
    };
    finding(Good, found)
}

fn found(scripts: &ScriptsSeen) -> Finding {
    let words = scripts.places.iter().map(|place| {
        let file = shown(&place.url);
        match place.kind {
            KeyKind::ApiKey => format!("an API key in {file}, line {}", place.line),
            KeyKind::AccessKey => format!("an access key of AWS in {file}, line {}", place.line),
        }
    });
    let words: Vec<String> = words.collect();
    let finding = Finding::new(
        KeyInScript,
        Problem,
        format!("Everyone can read what looks like {}.", listed(&words, PLACES_MAX)),
    );
    if scripts.places.iter().any(|place| place.kind == KeyKind::AccessKey) {
        return finding
            .step("Make the access key inactive at once, and look in CloudTrail for what was done with it. Then take it out of the file, deploy, and invalidate the file. A browser never needs an access key: let the API behind the site use a role.")
            .snippet(DISABLE_ACCESS_KEY);
    }
    finding
        .step("Make a new API key and delete this one. Serve the API through this distribution, and let this CloudFront Function (viewer request, at the behavior of the API alone) add the header. The origin request policy of that behavior has to pass it on: AllViewerExceptHostHeader does. Then take the key out of the file, deploy, and invalidate the file.")
        .snippet(ADD_HEADER)
}

fn counted(files: usize) -> String {
    if files == 1 { "1 file".to_owned() } else { format!("{files} files") }
}
