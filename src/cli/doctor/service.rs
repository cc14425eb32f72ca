//! The service itself, if it runs here.

use serde_json::Value;

use crate::{config::ServeArgs, domain::examination::Report};

use super::super::healthcheck;

pub(super) fn examine(report: &mut Report, serve: &ServeArgs) {
    let Ok(answer) = healthcheck::ask(serve.listen, "/readyz") else {
        report.not_checked("service", format!("nothing answers at {}; it does not run here", serve.listen));
        return;
    };
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let Ok(Value::Object(parts)) = serde_json::from_str(body) else {
        report.warning(
            "service",
            format!("what answers at {} is no Unstale", serve.listen),
            "Name the address of the service with --listen or UNSTALE_LISTEN.",
        );
        return;
    };
    let words = parts.iter().filter_map(|(name, value)| Some((name, value.as_str()?)));
    let wrong: Vec<String> =
        words.filter(|(_, word)| *word != "ok").map(|(name, word)| format!("{name}: {word}")).collect();
    if wrong.is_empty() {
        report.ok("service", format!("ready at {}, all its workers at work", serve.listen));
    } else {
        report.error("service", wrong.join("; "), "Look at the log of the service; it says the cause.");
    }
}
