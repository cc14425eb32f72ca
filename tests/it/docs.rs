//! Holds the documents against what they describe.

use std::{fmt::Write, fs, path::Path};

use unstale::domain::invalidations::{invalidation::BatchState, transition::Transition};

const ARCHITECTURE: &str = "docs/ARCHITECTURE.md";
const DIAGRAM_BEGINS: &str = "```mermaid\nstateDiagram-v2\n";

/// The states that a batch is first written in: by a request, or because it was made outside.
const FIRST_STATES: [(BatchState, &str); 3] = [
    (BatchState::Queued, "requested here"),
    (BatchState::InProgress, "made outside"),
    (BatchState::Completed, "made outside, and already done"),
];

/// `UNSTALE_WRITE_DIAGRAM=1` writes the diagram anew, to be looked at before it is kept.
#[test]
fn the_state_diagram_shows_the_transitions_that_there_are() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(ARCHITECTURE);
    let text = fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(DIAGRAM_BEGINS).unwrap();
    let (diagram, after) = rest.split_once("```\n").unwrap();
    let now = state_diagram();
    if std::env::var_os("UNSTALE_WRITE_DIAGRAM").is_some() {
        fs::write(&file, format!("{before}{DIAGRAM_BEGINS}{now}```\n{after}")).unwrap();
    } else {
        assert_eq!(diagram, now, "{ARCHITECTURE} does not draw the transitions; write it anew");
    }
}

fn state_diagram() -> String {
    let mut drawn = String::new();
    for (state, label) in FIRST_STATES {
        writeln!(drawn, "    [*] --> {}: {label}", state.as_str()).unwrap();
    }
    for transition in Transition::ALL {
        for from in transition.from() {
            let (from, to, label) = (from.as_str(), transition.to().as_str(), label(transition));
            writeln!(drawn, "    {from} --> {to}: {label}").unwrap();
        }
    }
    let is_left = |state: BatchState| Transition::ALL.into_iter().any(|one| one.from().contains(&state));
    for state in BatchState::ALL.into_iter().filter(|state| !is_left(*state)) {
        writeln!(drawn, "    {} --> [*]", state.as_str()).unwrap();
    }
    drawn
}

const fn label(transition: Transition) -> &'static str {
    match transition {
        Transition::Claim => "claimed",
        Transition::Merge => "sent together with others",
        Transition::Separate => "what it went into is not sent",
        Transition::Accept => "accepted",
        Transition::Postpone => "not taken, later again",
        Transition::AskAgain => "not known whether it was taken, asked again",
        Transition::Refuse => "refused for good",
        Transition::CutInTwo => "refused for its items, two halves take its place",
        Transition::Escalate => "it cannot be found out whether it was taken",
        Transition::Cancel => "a person took it back",
        Transition::Skip => "restored, and refreshed since",
        Transition::Retry => "Retry, unless it was cut in two",
        Transition::Complete => "CloudFront says so",
        Transition::Lose => "CloudFront no longer knows it",
        Transition::ResolveFound => "a person found it at CloudFront",
        Transition::ResolveNotThere => "it is not at CloudFront, another batch takes its place",
    }
}

/// The folders whose files the documents name.
const FOLDERS: [&str; 12] = [
    "src",
    "crates",
    "tests",
    "scripts",
    "benches",
    "sandbox",
    "templates",
    "static",
    "migrations",
    "docs",
    "deploy",
    "findings",
];

/// Stands for a name that is still to be chosen.
const PATTERN: &str = "findings/NAME.sh";

#[test]
fn every_path_that_a_document_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    documents.extend(docs.filter(|file| file.extension().is_some_and(|extension| extension == "md")));
    let mut paths = 0;
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        // A path may be followed by arguments.
        for path in text.split('`').skip(1).step_by(2).filter_map(|code| code.split_whitespace().next()) {
            let is_path = path.split_once('/').is_some_and(|(folder, _)| FOLDERS.contains(&folder));
            if is_path && path != PATTERN {
                paths += 1;
                assert!(root.join(path).exists(), "{}: there is no {path}", document.display());
            }
        }
    }
    assert!(paths > 40, "only {paths} paths were found: does this test still look in the right place?");
}
