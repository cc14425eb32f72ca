//! The frame of every page for a visitor who is signed in.

use crate::{
    domain::time::Timestamp,
    http::{session::Visitor, state::AppState},
    store::{Conn, StoreError, accounts, distributions::survey, invalidations::proposals, page_status},
};

use super::{
    super::{saved::SavedView, settings},
    When,
};

/// The tab of the top bar that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Invalidate,
    Distributions,
    History,
    Insights,
    Approvals,
    Settings,
}

/// A message at the top of every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    pub headline: &'static str,
    pub words: String,
    pub advice: String,
}

/// An entry of the menu beside a settings page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideLink {
    pub path: &'static str,
    pub name: &'static str,
    /// The description of the page.
    pub about: &'static str,
    pub here: bool,
}

/// The frame of a page.
#[derive(Debug, Clone)]
pub struct Frame {
    pub title: String,
    pub tab: &'static str,
    /// The address of the page, for the parts of it that reload themselves.
    pub path: String,
    pub email: String,
    pub initials: String,
    /// One of eight colours, which tells two people with the same initials apart.
    pub hue: u8,
    /// How many requests wait for the decision of this person.
    pub approvals: usize,
    /// The last event that this page includes. Its stream starts after it.
    pub cursor: i64,
    pub now_millis: i64,
    pub banners: Vec<Banner>,
    /// The change that led to this page.
    pub saved: Option<SavedView>,
    /// The menu beside a settings page. Empty on other pages.
    pub side: Vec<SideLink>,
}

/// Reads the frame. Call it before the page reads its own data. Events between the two reads then come again in the
/// stream instead of being missed.
pub async fn frame(
    conn: &mut Conn,
    app: &AppState,
    visitor: &Visitor,
    tab: Tab,
    title: &str,
    path: &str,
) -> Result<Frame, StoreError> {
    let now = app.context.clock.now();
    let status = page_status::read(conn).await?;
    let email = &visitor.person.email;
    Ok(Frame {
        title: title.to_owned(),
        tab: match tab {
            Tab::Invalidate => "invalidate",
            Tab::Distributions => "distributions",
            Tab::History => "history",
            Tab::Insights => "insights",
            Tab::Approvals => "approvals",
            Tab::Settings => "settings",
        },
        path: path.to_owned(),
        email: email.clone(),
        initials: initials(email),
        hue: email.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)) % 8,
        approvals: if visitor.access.role.may_invalidate() {
            proposals::waiting_for(conn, &visitor.person.id, &visitor.access, now).await?
        } else {
            0
        },
        cursor: status.head,
        now_millis: now.as_micros() / 1_000,
        saved: if visitor.is_after_change { SavedView::read(conn, visitor, now).await? } else { None },
        banners: if status.troubled { banners(conn, now).await? } else { Vec::new() },
        side: if matches!(tab, Tab::Settings) {
            settings::side(visitor.person.role, path)
        } else {
            Vec::new()
        },
    })
}

/// `AL` for `ada.lovelace@example.com`, `AD` for `ada@example.com`.
fn initials(email: &str) -> String {
    let name = email.split('@').next().unwrap_or_default();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let (first, second) = (words.next().unwrap_or_default(), words.next());
    let letters = first
        .chars()
        .take(if second.is_some() { 1 } else { 2 })
        .chain(second.and_then(|word| word.chars().next()));
    letters.collect::<String>().to_uppercase()
}

async fn banners(conn: &mut Conn, now: Timestamp) -> Result<Vec<Banner>, StoreError> {
    let mut banners = Vec::new();
    for pause in accounts::paused(conn).await? {
        let account =
            if pause.account.is_empty() { String::new() } else { format!(" of account {}", pause.account) };
        banners.push(Banner {
            headline: pause.problem.kind.headline(),
            words: format!(
                "Requests{account} have waited since {} UTC; nothing is lost.",
                When::new(pause.since, now).time
            ),
            advice: pause.problem.advice_at_large(),
        });
    }
    let survey = survey::read(conn).await?;
    if let Some(problem) = survey.problem {
        let last = survey.finished_at.map_or_else(
            || "The distributions could not be read yet.".to_owned(),
            |at| format!("CloudFront's last answer came {}.", When::new(at, now).ago),
        );
        let known = banners.iter().any(|banner| banner.headline == problem.kind.headline());
        if !known {
            banners.push(Banner {
                headline: problem.kind.headline(),
                words: format!("{last} Requests are kept and sent as soon as AWS accepts them."),
                advice: problem.advice_at_large(),
            });
        }
    }
    Ok(banners)
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_are_of_the_first_and_the_last_name() {
        let of = ["ada.lovelace@example.com", "ada@example.com", "a_b-c@x", "7@x", "@x"].map(initials);
        assert_eq!(of, ["AL", "AD", "AB", "7", ""]);
    }
}
