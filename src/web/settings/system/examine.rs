//! Looks at the parts of the service. Nothing is asked of AWS: what the workers found last is in the database.

use std::time::Duration;

use crate::{
    domain::{
        examination::{DISK, Report, bytes_in_words, examine_channels, examine_disk},
        invalidations::problem::Problem,
        notifications::MESSAGES_COUNTED,
        time::{Timestamp, span_in_words},
    },
    http::{ready, state::AppState},
    store::{
        Conn, DiskUse, StoreError, accounts, audit,
        distributions::{
            optional_readings::{self, OptionalReading},
            survey,
        },
        invalidations::cloudtrail,
        notifications::channels,
    },
};

use super::backups;

/// The service reads what is optional at least once an hour. An older problem means that it is not asked any more.
const RECENT: Duration = Duration::from_hours(2);
/// Events are usually checked within seconds.
const LATE: Duration = Duration::from_mins(15);

/// `size` is that of the database, in bytes.
pub(super) async fn examine(app: &AppState, conn: &mut Conn, size: i64) -> Result<Report, StoreError> {
    let now = app.context.clock.now();
    let mut report = Report::default();
    service(&mut report, app).await;
    database(&mut report, app, size);
    disk(&mut report, app).await;
    history(&mut report, conn, now).await?;
    backups::examine(&mut report, app, now).await;
    aws(&mut report, conn, now).await?;
    optional(&mut report, conn, now).await?;
    examine_channels(&mut report, &channels::list_with_counts(conn, MESSAGES_COUNTED).await?);
    sign_in(&mut report, app).await;
    settings(&mut report, app);
    Ok(report)
}

async fn service(report: &mut Report, app: &AppState) {
    let faults = ready::faults(app).await;
    if faults.is_empty() {
        report.ok("service", "ready to work");
    }
    for (part, what) in faults {
        let fix = "The log of the service says the cause.";
        report.error("service", format!("{part}: {what}"), fix);
    }
}

fn database(report: &mut Report, app: &AppState, size: i64) {
    let kind =
        app.context.db.file().map_or_else(|| "PostgreSQL".to_owned(), |file| file.display().to_string());
    report.ok("database", format!("{kind}, {}", bytes_in_words(size.unsigned_abs())));
}

async fn disk(report: &mut Report, app: &AppState) {
    let Some(file) = app.context.db.file().map(ToOwned::to_owned) else { return };
    match app.files.run(move || DiskUse::of(&file)).await {
        Ok(disk) => examine_disk(report, disk.database, disk.log, disk.free),
        Err(error) => report.warning(
            DISK,
            format!("the room on the disk of the database is not known: {error}"),
            "See that the service may read the folder of its database.",
        ),
    }
}

async fn history(report: &mut Report, conn: &mut Conn, now: Timestamp) -> Result<(), StoreError> {
    let (head, checked) = audit::standing(conn).await?;
    let events = head.map_or(checked.sequence, |head| head.sequence);
    match (checked.broken_at, checked.at) {
        (Some(event), _) => report.error(
            "history",
            format!("broken at event {event}: {}", checked.problem),
            "Keep a copy of the database as it is, run unstale audit verify, and compare with your last export or backup.",
        ),
        (None, Some(at)) if events > checked.sequence && now.since(at) > LATE => report.warning(
            "history",
            format!("events after {} were not checked for {}", checked.sequence, span_in_words(now.since(at))),
            "See whether the worker audit is at work.",
        ),
        (None, Some(at)) => {
            let whole = checked.whole_at.map(|at| format!(", the whole of it {} ago", span_in_words(now.since(at))));
            let ago = span_in_words(now.since(at));
            let whole = whole.unwrap_or_default();
            report.ok("history", format!("{events} events, intact; last checked {ago} ago{whole}"));
        }
        (None, None) => report.not_checked("history", "it was not checked yet"),
    }
    let places = [
        ("file", checked.head_told, &checked.file_problem),
        ("webhook", checked.head_posted, &checked.post_problem),
    ];
    for (place, sent, problem) in places {
        if problem.is_empty() && sent > 0 {
            report.ok("heads", format!("sent to the {place} up to event {sent}"));
        } else if !problem.is_empty() {
            let message = format!("they cannot be sent to the {place}: {problem}");
            report.warning("heads", message, "They are kept, and sent again by themselves.");
        }
    }
    Ok(())
}

async fn aws(report: &mut Report, conn: &mut Conn, now: Timestamp) -> Result<(), StoreError> {
    for pause in accounts::paused(conn).await? {
        let since = span_in_words(now.since(pause.since));
        let message =
            format!("{}: nothing is sent for {since}. {}", pause.account, described(&pause.problem));
        report.error("account", message, pause.problem.advice_at_large());
    }
    let survey = survey::read(conn).await?;
    if report.parts().iter().all(|part| part.name != "account") && survey.finished_at.is_some() {
        report.ok("account", "AWS takes calls");
    }
    match (survey.problem, survey.finished_at) {
        (Some(problem), _) => {
            let message = format!("they could not be read. {}", described(&problem));
            report.error("distributions", message, problem.advice_at_large());
        }
        (None, Some(at)) => {
            report.ok("distributions", format!("read from CloudFront {} ago", span_in_words(now.since(at))));
        }
        (None, None) => report.not_checked("distributions", "they were not read yet"),
    }
    Ok(())
}

async fn optional(report: &mut Report, conn: &mut Conn, now: Timestamp) -> Result<(), StoreError> {
    for what in [OptionalReading::Traffic, OptionalReading::FlatRatePlans] {
        if let Some(problem) = optional_readings::read(conn, what).await?.problem {
            missing(report, what.permission(), &problem);
        }
    }
    let trail = cloudtrail::read(conn).await?;
    let is_recent = trail.failed_at.is_some_and(|at| now.since(at) < RECENT);
    if let Some(problem) = trail.problem.filter(|_| is_recent) {
        missing(report, "cloudtrail:LookupEvents", &problem);
    }
    Ok(())
}

fn missing(report: &mut Report, permission: &str, problem: &Problem) {
    let message = format!("{permission}: {}", described(problem));
    let fix =
        format!("It is optional: docs/OPERATIONS.md says what it is for. {}", problem.advice_at_large());
    report.warning("optional", message, fix);
}

async fn sign_in(report: &mut Report, app: &AppState) {
    let methods = app.options.authentication_methods.facts();
    let names = methods.iter().map(|method| method.name).collect::<Vec<_>>().join("; ");
    let provider = match &app.options.authentication_methods.oidc {
        Some(oidc) => oidc.seen().await.error,
        None => None,
    };
    match provider {
        None => report.ok("sign_in", names),
        Some(error) => report.warning(
            "sign_in",
            format!("{names}. The OpenID Connect provider did not answer: {error}"),
            "See that this server reaches it. Settings › Sign-in asks it again.",
        ),
    }
}

fn settings(report: &mut Report, app: &AppState) {
    if app.options.are_checks_on {
        report.ok("checks", "on: Unstale looks at what viewers get");
    } else {
        report.not_checked("checks", "off (UNSTALE_CHECKS): nobody looks at what viewers get");
    }
    if app.options.metrics.is_some() {
        report.ok("metrics", "on: Prometheus can read /metrics");
    } else {
        let message = "off; UNSTALE_METRICS_LISTEN or UNSTALE_METRICS_TOKEN serves them for Prometheus";
        report.not_checked("metrics", message);
    }
}

fn described(problem: &Problem) -> String {
    match problem.code.as_str() {
        "" => format!("{}: {}", problem.kind.headline(), problem.message),
        code => format!("{} ({code}): {}", problem.kind.headline(), problem.message),
    }
}
