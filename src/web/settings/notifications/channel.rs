//! `/settings/notifications/{id}`: one channel with its rules and its last messages.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;

use crate::{
    commands::{self, ChannelChange, CommandError, RulesChange},
    domain::{
        id::ChannelId,
        notifications::{
            Channel, ChannelErrors, ChannelField, ChannelKind, MESSAGES_COUNTED, NotificationRule,
            SigningMethod,
        },
        time::Timestamp,
    },
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    store::notifications::{
        channels,
        messages::{self, ListedMessage, MessageState},
    },
    web::saved::saved,
};

use super::{
    super::{
        super::{
            form::{Field, FormBody},
            view::{self, Frame, When},
        },
        frame,
    },
    KeyOnce, PATH,
    fields::{RuleFields, RuleForm},
    list::offered,
    parse_id, path_of, scope_in_words, standing, topics_in_words,
};

/// The number of messages that are shown.
const SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "settings/notification_channel.html")]
struct Page {
    frame: Frame,
    key: Option<KeyOnce>,
    id: String,
    title: String,
    is_on: bool,
    standing: (&'static str, &'static str),
    /// Why it does not work, and when it is tried again. Empty if it works.
    problem: String,
    retry: Option<When>,
    kind: &'static str,
    destination: String,
    address_label: &'static str,
    address_mode: &'static str,
    signing: Option<&'static str>,
    since: When,
    delivered: Option<When>,
    waiting: usize,
    given_up: usize,
    rules: Vec<RuleRow>,
    messages: Vec<MessageRow>,
    name: Field,
    address: Field,
    rule: RuleFields,
    /// The ID and the name of each distribution.
    offered: Vec<(String, String)>,
}

struct RuleRow {
    topics: String,
    scope: String,
    /// What the form sends to remove it.
    text: String,
    number: usize,
}

struct MessageRow {
    what: String,
    state: (&'static str, &'static str),
    problem: String,
    tries: usize,
    at: When,
}

impl MessageRow {
    fn new(message: ListedMessage, now: Timestamp) -> Self {
        let what = match message.notices {
            0 | 1 => message.topic.label().to_owned(),
            many => format!("{}, {many} times", message.topic.label()),
        };
        let state = match message.state {
            MessageState::Waiting if message.tries > 0 => ("Tried again", "needs_a_look"),
            MessageState::Waiting => ("Waiting", "queued"),
            MessageState::Delivered => ("Delivered", "completed"),
            MessageState::GivenUp => ("Given up", "failed"),
        };
        let at = When::new(message.ended_at.unwrap_or(message.created_at), now);
        Self { what, state, problem: message.problem, tries: message.tries, at }
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct ChangeForm {
    #[serde(default)]
    name: String,
    /// Empty: the address stays.
    #[serde(default)]
    address: String,
}

/// What the forms of the page show.
struct Forms {
    name: Option<Field>,
    address: Field,
    rule: RuleFields,
}

impl Default for Forms {
    fn default() -> Self {
        Self { name: None, address: Field::default(), rule: RuleFields::usual() }
    }
}

/// `GET /settings/notifications/{id}`
pub async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Html<String>, HttpError> {
    let what = "see a notification channel";
    visitor.require_admin(&app, what).await?;
    let id = parse_id(&app, &visitor, what, &id).await?;
    render(&app, &visitor, &id, Forms::default(), None).await
}

/// `POST /settings/notifications/{id}`: the name and the address.
pub async fn change(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
    FormBody(form): FormBody<ChangeForm>,
) -> Result<Response, HttpError> {
    let what = "change a notification channel";
    visitor.require_admin(&app, what).await?;
    let id = parse_id(&app, &visitor, what, &id).await?;
    let address = Some(form.address.clone()).filter(|address| !address.trim().is_empty());
    let change = ChannelChange { name: Some(form.name.clone()), address, ..ChannelChange::default() };
    let changed = commands::change_channel(&app.context, &visitor.acting, &id, &change).await;
    match visitor.keep(&app, what, changed).await {
        Ok(_) => Ok(saved(&path_of(&id)).into_response()),
        Err(CommandError::Channel(errors)) => {
            let mut forms = Forms {
                name: Some(Field::new(form.name)),
                address: Field::new(form.address),
                ..Forms::default()
            };
            note(&mut forms, &errors);
            let page = render(&app, &visitor, &id, forms, None).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /settings/notifications/{id}/rules`
pub async fn add_rule(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
    FormBody(form): FormBody<RuleForm>,
) -> Result<Response, HttpError> {
    let what = "change a notification channel";
    visitor.require_admin(&app, what).await?;
    let id = parse_id(&app, &visitor, what, &id).await?;
    let known = view::distributions(&mut *app.context.db.read().await?, &visitor).await?;
    let change = ChannelChange { rules: RulesChange::Add(form.typed(&known)), ..ChannelChange::default() };
    let changed = commands::change_channel(&app.context, &visitor.acting, &id, &change).await;
    match visitor.keep(&app, what, changed).await {
        Ok(_) => Ok(saved(&path_of(&id)).into_response()),
        Err(CommandError::Channel(errors)) => {
            let mut forms = Forms { rule: RuleFields::new(&form), ..Forms::default() };
            forms.rule.note(&errors);
            let page = render(&app, &visitor, &id, forms, None).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// Puts the message at the name or the address.
fn note(forms: &mut Forms, errors: &ChannelErrors) {
    for error in &errors.0 {
        let field = match error.field() {
            ChannelField::Name => forms.name.get_or_insert_default(),
            _ => &mut forms.address,
        };
        field.error = Some(error.to_string());
    }
}

/// The page, with a key that is shown once.
pub(super) async fn render_with_key(
    app: &AppState,
    visitor: &Visitor,
    id: &ChannelId,
    key: KeyOnce,
) -> Result<Html<String>, HttpError> {
    render(app, visitor, id, Forms::default(), Some(key)).await
}

async fn render(
    app: &AppState,
    visitor: &Visitor,
    id: &ChannelId,
    forms: Forms,
    key: Option<KeyOnce>,
) -> Result<Html<String>, HttpError> {
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let Some(channel) = channels::find(&mut conn, id).await? else {
        drop(conn);
        return Err(visitor.no_such(app, "see a notification channel").await);
    };
    let mut frame = frame(&mut conn, app, visitor, PATH).await?;
    frame.title.clone_from(&channel.name);
    let counts = messages::counts(&mut conn, id, MESSAGES_COUNTED).await?;
    let listed = messages::newest(&mut conn, id, SHOWN).await?;
    let distributions = view::distributions(&mut conn, visitor).await?;
    drop(conn);
    view::page(&Page {
        frame,
        key,
        id: id.to_string(),
        is_on: channel.is_on,
        standing: standing(&channel),
        problem: problem(&channel),
        retry: channel.trouble.as_ref().map(|trouble| When::new(trouble.retry_at, now)),
        kind: channel.kind.label(),
        destination: channel.destination.clone(),
        address_label: channel.kind.address_label(),
        address_mode: input_mode(channel.kind),
        signing: channel.signing.map(SigningMethod::label),
        since: When::new(channel.created_at, now),
        delivered: channel.delivered_at.map(|at| When::new(at, now)),
        waiting: counts.waiting,
        given_up: counts.given_up,
        rules: rules(&channel),
        messages: listed.into_iter().map(|message| MessageRow::new(message, now)).collect(),
        name: forms.name.unwrap_or_else(|| Field::new(&channel.name)),
        title: channel.name,
        address: forms.address,
        rule: forms.rule,
        offered: offered(&distributions),
    })
}

/// The keyboard that fits the address of a channel of this kind.
const fn input_mode(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Webhook | ChannelKind::Slack | ChannelKind::Teams | ChannelKind::TeamsCard => "url",
        ChannelKind::Email => "email",
        ChannelKind::Sns | ChannelKind::EventBridge => "text",
    }
}

/// Why it does not work, as a sentence. Empty if it works.
fn problem(channel: &Channel) -> String {
    match &channel.trouble {
        Some(trouble) => format!("The last message was not taken: {}.", trouble.problem),
        None => channel.off_because.clone(),
    }
}

fn rules(channel: &Channel) -> Vec<RuleRow> {
    let row = |(number, rule): (usize, &NotificationRule)| RuleRow {
        topics: topics_in_words(rule),
        scope: scope_in_words(rule),
        text: rule.describe(),
        number,
    };
    channel.rules.iter().enumerate().map(row).collect()
}
