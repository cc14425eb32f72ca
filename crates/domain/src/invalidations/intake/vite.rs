//! Reads what `vite build` prints: `dist/index.html   0.46 kB │ gzip: 0.30 kB`.

use super::{FileChange, FilePlace, SkipReason, Tool, context::Context, found::Found};

const UNITS: [&str; 5] = ["kB", "KiB", "MB", "MiB", "B"];
const MESSAGES: [&str; 9] = [
    "vite v",
    "transforming",
    "rendering chunks",
    "computing gzip size",
    "building for production",
    "building client environment for production",
    "✓ ",
    "(!) Some chunks are larger",
    "- ",
];

pub(super) fn read(body: &str, context: &Context) -> Option<Found> {
    let text = body.trim();
    if let Some((name, sizes)) = name_and_sizes(text)
        && (context.vite || sizes.contains("gzip: "))
    {
        return Some(Found::file(name, FilePlace::Local, FileChange::Written, Tool::Vite));
    }
    let told = context.vite && MESSAGES.iter().any(|begin| text.starts_with(begin));
    told.then(|| Found::skipped(SkipReason::Progress))
}

/// Whether only vite prints this line.
pub(super) fn is_certain(text: &str) -> bool {
    text.starts_with("✓ built in ")
        || (text.starts_with("vite v") && text.contains(" building "))
        || name_and_sizes(text).is_some_and(|(_, sizes)| sizes.contains("gzip: "))
}

/// The name, and the sizes behind at least two blanks.
fn name_and_sizes(text: &str) -> Option<(&str, &str)> {
    let (name, sizes) = text.split_once("  ")?;
    let sizes = sizes.trim_start_matches(' ');
    let (number, rest) = sizes.split_once(' ')?;
    let is_number = number.starts_with(|c: char| c.is_ascii_digit())
        && number.bytes().all(|byte| byte.is_ascii_digit() || b".,".contains(&byte));
    let unit = rest.split_once(' ').map_or(rest, |(unit, _)| unit);
    (is_number && UNITS.contains(&unit) && name.contains(['/', '.'])).then_some((name, sizes))
}
