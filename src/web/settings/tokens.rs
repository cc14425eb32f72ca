//! API tokens: the page and its forms. The secret of a new token is shown once, on the page that answers the form.

use std::cmp::Ordering;

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    commands::{self, CommandError, NewToken},
    domain::{
        access::grant::{Grant, GrantPlace},
        actor::ActorKind,
        id::{DistributionId, TokenId},
        sign_in::person::Person,
        tokens::token::{self, Token, TokenError},
    },
    http::{
        error::HttpError,
        params::{PathParams, QueryParams},
        session::Visitor,
        state::AppState,
    },
    store::{access::grants, distributions, invalidations::waiting, sign_in::people, tokens},
    web::saved::saved,
};

use super::{
    super::{
        form::{Field, FormBody},
        view::{self, Frame, Offer, Picker, SortHead, SortOrder, When},
    },
    frame,
    person::waiting_requests,
};

const PATH: &str = "/settings/tokens";
/// The number of tokens and grants that are shown.
const SHOWN: usize = 2_000;
/// The columns that the list can be ordered by, with their names in addresses.
const COLUMNS: [(&str, TokenColumn); 4] = [
    ("name", TokenColumn::Name),
    ("until", TokenColumn::Until),
    ("used", TokenColumn::Used),
    ("created", TokenColumn::Created),
];

/// A column of the list that it can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TokenColumn {
    Name,
    Until,
    Used,
    Created,
}

impl TokenColumn {
    /// Names are compared without case. A token without an end is after all that end, one that was never used before all others.
    fn compare(self, a: &Token, b: &Token) -> Ordering {
        let by_name = || a.name.to_lowercase().cmp(&b.name.to_lowercase());
        match self {
            Self::Name => by_name(),
            Self::Until => {
                let key = |token: &Token| (token.expires_at.is_none(), token.expires_at);
                key(a).cmp(&key(b)).then_with(by_name)
            }
            Self::Used => a.last_used_at.cmp(&b.last_used_at).then_with(by_name),
            Self::Created => a.created_at.cmp(&b.created_at).then_with(by_name),
        }
    }
}

#[derive(Template)]
#[template(path = "settings/tokens.html")]
struct Page {
    frame: Frame,
    /// The name and the secret of the token that has just been made.
    made: Option<(String, String)>,
    name: Field,
    expires: Field,
    role: String,
    distribution: Field,
    picker: Picker,
    heads: [SortHead; 4],
    tokens: Vec<Row>,
}

struct Row {
    id: String,
    name: String,
    shown: String,
    role: &'static str,
    made_by: String,
    made_at: When,
    expires: Option<When>,
    used: Option<When>,
    /// Why the token is not valid any more. `None` if it is valid.
    ended: Option<&'static str>,
    /// Whether it can be revoked: it is valid, its creator is disabled, or requests of it are waiting.
    can_revoke: bool,
    /// Why the token may do less than its role says.
    less: Option<String>,
    /// What revoking it would cancel.
    takes_back: Option<String>,
    grants: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct TokenForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    distribution: String,
}

impl TokenForm {
    /// The form before anything is typed.
    fn new() -> Self {
        Self { expires: "90d".to_owned(), role: "operator".to_owned(), ..Self::default() }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TokensQuery {
    sort: String,
}

/// `GET /settings/tokens`
pub async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<TokensQuery>,
) -> Result<Html<String>, HttpError> {
    visitor.require_admin(&app, "see the tokens").await?;
    render(&app, &visitor, &wanted.sort, &TokenForm::new(), None, None).await
}

/// `POST /settings/tokens`
pub async fn make(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<TokenForm>,
) -> Result<Response, HttpError> {
    let what = "make a token";
    visitor.require_admin(&app, what).await?;
    let made = match read(&form) {
        Ok(new) => commands::make_token(&app.context, &visitor.acting, &new).await,
        Err(error) => Err(error.into()),
    };
    match visitor.keep(&app, what, made).await {
        Ok((token, secret)) => {
            let made = (token.name, secret.reveal().to_owned());
            Ok(render(&app, &visitor, "", &TokenForm::new(), None, Some(made)).await?.into_response())
        }
        Err(CommandError::Token(error)) => {
            let page = render(&app, &visitor, "", &form, Some(error), None).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /settings/tokens/{id}/revoke`
pub async fn revoke(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Redirect, HttpError> {
    let what = "revoke a token";
    visitor.require_admin(&app, what).await?;
    let Some(id) = TokenId::parse(&id) else { return Err(visitor.no_such(&app, what).await) };
    let done = commands::revoke_token(&app.context, &visitor.acting, &id).await;
    match visitor.keep(&app, what, done).await {
        // Somebody else has already revoked it, so there is nothing to report.
        Ok(()) | Err(CommandError::TooLate) => Ok(saved(PATH)),
        Err(error) => Err(error.into()),
    }
}

fn read(form: &TokenForm) -> Result<NewToken, TokenError> {
    let life = Some(form.expires.as_str()).filter(|text| !text.trim().is_empty());
    let distribution = Some(form.distribution.as_str()).filter(|id| !id.is_empty());
    let distribution =
        distribution.map(|id| DistributionId::parse(id).ok_or(TokenError::NoDistribution)).transpose()?;
    Ok(NewToken {
        name: token::parse_name(&form.name)?,
        role: token::parse_role(&form.role)?,
        life: life.map(token::parse_life).transpose()?,
        distributions: distribution.into_iter().collect(),
    })
}

async fn render(
    app: &AppState,
    visitor: &Visitor,
    sort: &str,
    form: &TokenForm,
    problem: Option<TokenError>,
    made: Option<(String, String)>,
) -> Result<Html<String>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let frame = frame(&mut conn, app, visitor, PATH).await?;
    let mut all = tokens::list(&mut conn, SHOWN).await?;
    let order = SortOrder::parse(sort, &COLUMNS);
    order.apply(&mut all, TokenColumn::compare);
    let grants = grants::list(&mut conn, SHOWN).await?;
    let everybody = people::list(&mut conn).await?;
    let waiting = waiting::counts(&mut conn, ActorKind::Token, app.context.clock.now()).await?;
    let chosen = match DistributionId::parse(&form.distribution) {
        Some(id) => view::distribution(&mut conn, visitor, &id).await?,
        None => None,
    };
    let offer = Offer { chosen: chosen.as_ref(), find: "", gone: true };
    let picker = view::picker(&mut conn, visitor, offer).await?;
    let named: Vec<&DistributionId> = grants
        .iter()
        .filter_map(|grant| match &grant.place {
            GrantPlace::Distribution(id) => Some(id),
            GrantPlace::Tagged { .. } => None,
        })
        .collect();
    let distributions = distributions::some(&mut conn, &named).await?;
    drop(conn);
    let place = |grant: &Grant| view::name_of_place(&grant.place, &distributions);
    let head = |index: usize, label| {
        order.head(COLUMNS[index], label, |sort| view::address(PATH, &[("sort", sort)]))
    };
    let rows = all.into_iter().map(|token| {
        let own = grants.iter().filter(|grant| grant.subject.id == token.id.as_str());
        let words = own.map(|grant| format!("{}: {}", place(grant), grant.scope.describe())).collect();
        let maker = everybody.iter().find(|person| person.id.as_str() == token.made_by);
        let waits = waiting.get(token.id.as_str()).copied().unwrap_or(0);
        Row::new(app, token, words, maker, waits)
    });
    let (mut name, mut expires, mut distribution) =
        (Field::new(&form.name), Field::new(&form.expires), Field::new(&form.distribution));
    if let Some(problem) = problem {
        let field = match problem {
            TokenError::Expiry => &mut expires,
            TokenError::NoDistribution => &mut distribution,
            TokenError::Name
            | TokenError::Exists
            | TokenError::Role
            | TokenError::ProbeName
            | TokenError::ProbeExists => &mut name,
        };
        field.error = Some(problem.to_string());
    }
    view::page(&Page {
        frame,
        made,
        name,
        expires,
        role: form.role.clone(),
        distribution,
        picker,
        heads: [
            head(0, "Name"),
            head(1, "Until (UTC)"),
            head(2, "Last used (UTC)"),
            head(3, "Created (UTC)"),
        ],
        tokens: rows.collect(),
    })
}

impl Row {
    fn new(app: &AppState, token: Token, grants: Vec<String>, maker: Option<&Person>, waits: usize) -> Self {
        let now = app.context.clock.now();
        let disabled = maker.is_some_and(|maker| maker.disabled_at.is_some());
        let ended = match (token.revoked_at, token.is_good(now)) {
            (Some(_), _) => Some("revoked"),
            (None, false) => Some("over"),
            (None, true) if disabled => Some("its creator is disabled"),
            (None, true) => None,
        };
        let less = maker.filter(|maker| maker.role < token.role && ended.is_none());
        Self {
            can_revoke: token.revoked_at.is_none() && (ended != Some("over") || waits > 0),
            less: less.map(|maker| {
                format!("acts as {}, because its creator has this role now", maker.role.as_str())
            }),
            takes_back: (waits > 0).then(|| format!("{} will be cancelled", waiting_requests(waits))),
            id: token.id.to_string(),
            name: token.name,
            shown: token.shown,
            role: token.role.as_str(),
            made_by: token.made_by_name,
            made_at: When::new(token.created_at, now),
            expires: token.expires_at.map(|at| When::new(at, now)),
            used: token.last_used_at.map(|at| When::new(at, now)),
            ended,
            grants,
        }
    }

    /// What revoking it ends.
    fn revoking(&self) -> String {
        let ends = "Programs with this token are refused from now on.";
        self.takes_back.as_ref().map_or_else(|| ends.to_owned(), |words| format!("{ends} {words}."))
    }
}
