//! Reads the table of routes that `next build` prints. Routes are paths of the site.

use super::{Reading, SkipReason, context::Context, found::Found};

/// The pages that Next.js uses itself.
const INTERNAL: [&str; 4] = ["/_app", "/_document", "/_error", "/_not-found"];

pub(super) fn read(body: &str, context: &Context) -> Option<Found> {
    if !context.next {
        return None;
    }
    let text = body.trim();
    let Some(rest) = text.strip_prefix(['┌', '├', '└', '│', '─', '+', '○', 'ƒ', 'λ', '●', '◐'])
    else {
        return is_message(text).then(|| Found::skipped(SkipReason::Progress));
    };
    let row = rest.trim_start_matches([' ', '┌', '├', '└', '│', '○', 'ƒ', 'λ', '●', '◐', 'ℇ']);
    // Columns of sizes stand behind at least two blanks.
    let route = row.split_once("  ").map_or(row, |(route, _)| route);
    let route = route
        .strip_suffix(" ms)")
        .and_then(|route| route.rsplit_once(" ("))
        .map_or(route, |(route, _)| route);
    if route.starts_with("[+") && route.ends_with(" more paths]") {
        return Some(Found::skipped(SkipReason::MoreNotNamed));
    }
    if !route.starts_with('/') {
        let part = row.contains(".js") || row.contains(".css");
        return Some(Found::skipped(if part { SkipReason::HashedName } else { SkipReason::Progress }));
    }
    if INTERNAL.contains(&route) {
        return Some(Found::skipped(SkipReason::Progress));
    }
    if route.contains('[') {
        return Some(Found::skipped(SkipReason::RoutePattern));
    }
    Some(Found::One(Reading::Typed(route.to_owned())))
}

/// `Route (app)                Size     First Load JS`
pub(super) fn is_header(text: &str) -> bool {
    text.starts_with("Route (app)") || text.starts_with("Route (pages)")
}

fn is_message(text: &str) -> bool {
    is_header(text)
        || text.starts_with("▲ Next.js ")
        || text.starts_with("✓ ")
        || text.starts_with("Creating an optimized production build")
        || text.starts_with("Collecting page data")
        || text.starts_with("Generating static pages")
        || text.starts_with("Finalizing page optimization")
        || text.starts_with("Linting and checking validity of types")
}
