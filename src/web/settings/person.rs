//! `/settings/people/{id}`: the page about one person, for administrators.

use askama::Template;
use axum::{
    extract::State,
    response::{Html, IntoResponse, Response},
};

use crate::{
    domain::{
        access::{Role, ScopeKind},
        actor::ActorKind,
        id::PersonId,
        secret::Secret,
        sign_in::{person::Person, session::browser_in_words},
        time::Timestamp,
        tokens::token::Token,
    },
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    store::{
        Conn, StoreError,
        access::{grants, groups},
        invalidations::waiting,
        sign_in::{identities, people, second_steps, sessions},
        tokens,
    },
};

use super::{
    super::view::{self, Frame, Tab, When},
    account::SessionRow,
};

#[derive(Template)]
#[template(path = "settings/person.html")]
#[expect(clippy::struct_excessive_bools, reason = "a template asks many yes-or-no questions")]
struct PersonPage {
    frame: Frame,
    id: String,
    email: String,
    role: &'static str,
    since: When,
    disabled: Option<When>,
    own: bool,
    has_password: bool,
    second_step: bool,
    role_by_provider: bool,
    /// How grants narrow the person. `None` if the person may act everywhere that the role allows.
    narrowed: Option<Narrowed>,
    groups: String,
    identities: Vec<(String, String)>,
    sessions: Vec<SessionRow>,
    /// What changing or disabling the person also changes.
    depends: Depends,
}

/// How grants narrow a person.
struct Narrowed {
    /// The number of grants of the person and of their groups.
    grants: usize,
}

/// What depends on a person's role: their valid tokens, and the waiting requests of the person and of their tokens.
struct Depends {
    /// The names of the valid tokens that may invalidate.
    operators: Vec<String>,
    /// The names of all valid tokens.
    tokens: Vec<String>,
    waiting: usize,
}

impl Depends {
    async fn load(conn: &mut Conn, person: &PersonId, now: Timestamp) -> Result<Self, StoreError> {
        let mut tokens = tokens::made_by(conn, person).await?;
        let own = waiting::counts(conn, ActorKind::Person, now).await?;
        let theirs = waiting::counts(conn, ActorKind::Token, now).await?;
        let of_tokens = tokens.iter().filter_map(|token| theirs.get(token.id.as_str()));
        let waiting = own.get(person.as_str()).copied().unwrap_or(0) + of_tokens.sum::<usize>();
        tokens.retain(|token| token.is_good(now));
        let named = |token: &Token| token.name.clone();
        let operators = tokens.iter().filter(|token| token.role.may_invalidate()).map(named).collect();
        Ok(Self { operators, tokens: tokens.iter().map(named).collect(), waiting })
    }

    /// What else changes when the person becomes a viewer. `None` if nothing does.
    fn as_viewer(&self) -> Option<String> {
        let mut words = Vec::new();
        if !self.operators.is_empty() {
            words.push(format!("{} only look", tokens_in_words(&self.operators)));
        }
        words.extend(self.cancelled());
        (!words.is_empty()).then(|| format!("As a viewer: {}.", words.join("; ")))
    }

    fn disabled(&self) -> Option<String> {
        let mut words = Vec::new();
        if !self.tokens.is_empty() {
            words.push(format!("{} let nobody in", tokens_in_words(&self.tokens)));
        }
        words.extend(self.cancelled());
        (!words.is_empty()).then(|| format!("Disabled: {}.", words.join("; ")))
    }

    /// What disabling the person ends.
    fn disabling(&self) -> String {
        let ends = "They are signed out everywhere at once and cannot sign in.";
        self.disabled().map_or_else(|| ends.to_owned(), |words| format!("{ends} {words}"))
    }

    fn cancelled(&self) -> Option<String> {
        (self.waiting > 0).then(|| {
            format!("{} of theirs and of their tokens will be cancelled", waiting_requests(self.waiting))
        })
    }
}

/// The number of names that are listed. The other tokens are only counted.
const NAMED: usize = 10;

fn tokens_in_words(names: &[String]) -> String {
    let named = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => format!("the tokens made by them ({named})"),
        more => format!("the tokens made by them ({named} and {more} more)"),
    }
}

/// `1 waiting request`, `2 waiting requests`
pub(super) fn waiting_requests(number: usize) -> String {
    if number == 1 { "1 waiting request".to_owned() } else { format!("{number} waiting requests") }
}

/// `GET /settings/people/{id}`
pub async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Html<String>, HttpError> {
    visitor.require_admin(&app, "look at a person").await?;
    let id = PersonId::parse(&id).ok_or(HttpError::NotFound)?;
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let (person, hash) = people::find_by_id(&mut conn, &id).await?.ok_or(HttpError::NotFound)?;
    let path = format!("/settings/people/{id}");
    let frame = view::frame(&mut conn, &app, &visitor, Tab::Settings, &person.email, &path).await?;
    let step = second_steps::find(&mut conn, &id).await?;
    let identities = identities::of_person(&mut conn, &id).await?;
    let groups = groups::of_person(&mut conn, &id).await?.join(", ");
    let listed = sessions::of_person(&mut conn, &id, now, app.options.authentication_methods.session).await?;
    let held = grants::of_person(&mut conn, &id).await?.len();
    let depends = Depends::load(&mut conn, &id, now).await?;
    drop(conn);
    let row = |session: sessions::SessionSummary| SessionRow {
        id: session.hash.handle(),
        browser: browser_in_words(&session.user_agent),
        way: session.sign_in,
        address: session.client_address,
        since: When::new(session.created_at, now),
        used: When::new(session.last_seen_at, now),
        own: visitor.session.as_ref() == Some(&session.hash),
    };
    view::page(&PersonPage {
        frame,
        id: id.to_string(),
        role: person.role.as_str(),
        since: When::new(person.created_at, now),
        disabled: person.disabled_at.map(|at| When::new(at, now)),
        own: visitor.is(&person),
        has_password: !hash.is_empty(),
        second_step: step.is_some_and(|step| step.confirmed_at.is_some()),
        role_by_provider: !identities.is_empty()
            && app.options.authentication_methods.external.roles.is_by_provider(),
        narrowed: (person.role != Role::Admin && (person.scope == ScopeKind::Granted || held > 0))
            .then_some(Narrowed { grants: held }),
        groups,
        identities,
        sessions: listed.into_iter().map(row).collect(),
        depends,
        email: person.email,
    })
}

/// The page with a one-time link. The link is shown only here.
#[derive(Template)]
#[template(path = "settings/link.html")]
pub struct LinkMade {
    frame: Frame,
    email: String,
    id: String,
    link: String,
    new: bool,
}

impl LinkMade {
    pub async fn page(
        app: &AppState,
        visitor: &Visitor,
        person: &Person,
        link: &Secret,
        new: bool,
    ) -> Result<Response, HttpError> {
        let mut conn = app.context.db.read().await?;
        let frame = view::frame(&mut conn, app, visitor, Tab::Settings, "A link", "/settings/people").await?;
        drop(conn);
        let base = &visitor.acting.origin.base_url;
        let page = view::page(&Self {
            frame,
            email: person.email.clone(),
            id: person.id.to_string(),
            link: format!("{base}/password?key={}", link.reveal()),
            new,
        })?;
        Ok(page.into_response())
    }
}
