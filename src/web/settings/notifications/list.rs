//! `/settings/notifications`: all channels, and the form for a new one.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use crate::{
    commands::{self, CommandError},
    domain::{
        distributions::distribution::Distribution,
        notifications::{Channel, MESSAGES_COUNTED, MessageCounts},
        time::Timestamp,
    },
    http::{error::HttpError, session::Visitor, state::AppState},
    store::notifications::channels,
};

use super::{
    super::{
        super::{
            form::FormBody,
            view::{self, Frame, When},
        },
        frame,
    },
    KeyOnce, PATH,
    fields::{ChannelFields, ChannelForm},
    scope_in_words, standing, topics_in_words,
};

/// The number of distributions that the form offers by name.
const OFFERED: usize = 200;

#[derive(Template)]
#[template(path = "settings/notifications.html")]
struct Page {
    frame: Frame,
    key: Option<KeyOnce>,
    /// Whether this server can store URLs.
    keeps_secrets: bool,
    sends_email: bool,
    channels: Vec<Row>,
    form: ChannelFields,
    /// The ID and the name of each distribution.
    offered: Vec<(String, String)>,
}

struct Row {
    id: String,
    name: String,
    kind: &'static str,
    destination: String,
    standing: (&'static str, &'static str),
    problem: String,
    rules: Vec<(String, String)>,
    delivered: Option<When>,
    waiting: usize,
    given_up: usize,
}

impl Row {
    fn new(channel: &Channel, counts: MessageCounts, now: Timestamp) -> Self {
        let trouble = channel.trouble.as_ref().map(|trouble| trouble.problem.clone());
        Self {
            id: channel.id.to_string(),
            name: channel.name.clone(),
            kind: channel.kind.label(),
            destination: channel.destination.clone(),
            standing: standing(channel),
            problem: trouble.unwrap_or_else(|| channel.off_because.clone()),
            rules: channel.rules.iter().map(|rule| (topics_in_words(rule), scope_in_words(rule))).collect(),
            delivered: channel.delivered_at.map(|at| When::new(at, now)),
            waiting: counts.waiting,
            given_up: counts.given_up,
        }
    }
}

/// `GET /settings/notifications`
pub async fn show(State(app): State<AppState>, visitor: Visitor) -> Result<Html<String>, HttpError> {
    visitor.require_admin(&app, "see the notification channels").await?;
    render(&app, &visitor, ChannelFields::usual(), None).await
}

/// `POST /settings/notifications`
pub async fn add(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<ChannelForm>,
) -> Result<Response, HttpError> {
    let what = "add a notification channel";
    visitor.require_admin(&app, what).await?;
    let known = view::distributions(&mut *app.context.db.read().await?, &visitor).await?;
    let rule = form.rule().typed(&known);
    let added = commands::add_channel(&app.context, &visitor.acting, &form.typed(), &[rule]).await;
    match visitor.keep(&app, what, added).await {
        Ok((channel, key)) => {
            let key = key.map(|key| KeyOnce::new(&channel, &key));
            Ok(render(&app, &visitor, ChannelFields::usual(), key).await?.into_response())
        }
        Err(CommandError::Channel(errors)) => {
            let mut fields = ChannelFields::new(&form);
            fields.note(&errors);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &visitor, fields, None).await?)
                .into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn render(
    app: &AppState,
    visitor: &Visitor,
    form: ChannelFields,
    key: Option<KeyOnce>,
) -> Result<Html<String>, HttpError> {
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let frame = frame(&mut conn, app, visitor, PATH).await?;
    let all = channels::list_with_counts(&mut conn, MESSAGES_COUNTED).await?;
    let rows = all.iter().map(|(channel, counts)| Row::new(channel, *counts, now)).collect();
    let distributions = view::distributions(&mut conn, visitor).await?;
    drop(conn);
    view::page(&Page {
        frame,
        key,
        keeps_secrets: app.context.keeps_secrets(),
        sends_email: app.context.sends_email,
        channels: rows,
        form,
        offered: offered(&distributions),
    })
}

/// The distributions, as forms offer them.
pub(super) fn offered(distributions: &[Distribution]) -> Vec<(String, String)> {
    distributions.iter().take(OFFERED).map(|one| (one.id.to_string(), one.shown_name())).collect()
}
