//! The looks of a check-up: the root of the site, its buckets past CloudFront, and the scripts of its page.

use std::time::Instant;

use hyper::header::{HeaderName, HeaderValue};
use url::{Position, Url};

use crate::{
    domain::checks::{
        Answer, CheckSettings, CheckUpLooks, Look, LookFailure, Reference,
        check_up::{BucketSeen, KeyPlace, ScriptsSeen, bucket_address, find_keys},
        page_scripts,
    },
    edge::{EdgeRequest, Fetched, Place},
};

use super::{
    Shared,
    look::{Looker, answer, failure, get},
    pairs::in_pairs,
};

/// What is asked beside the page.
enum Beside {
    /// The root by HTTP.
    PlainHttp(Url),
    /// A bucket at its own address, with the domain name of its origin.
    Bucket(String, Url),
}

/// What came of one script.
enum ScriptRead {
    Read { places: Vec<KeyPlace>, is_cut: bool },
    NotRead,
}

impl Shared {
    pub(super) async fn look_for_check_up(&self, looker: &Looker<'_>) -> CheckUpLooks {
        let is_dns_replaced = self.edge.place() != Place::Dns;
        let mut looks = CheckUpLooks { is_dns_replaced, ..CheckUpLooks::default() };
        let host = looker.urls.settings.primary_host(looker.distribution);
        let root = host.as_ref().and_then(|host| Url::parse(&format!("https://{host}/")).ok());
        if let Some(root) = &root {
            looks.host = host.unwrap_or_default();
            let (look, fetched) = self.look_at_page(looker, root).await;
            if let (Some(fetched), Some(answer)) = (fetched, look.answer()) {
                looks.scripts = self.read_scripts(looker, &fetched, answer).await;
            }
            looks.page = Some(look);
        }
        let mut beside: Vec<Beside> = root.as_ref().and_then(plain_http).into_iter().collect();
        if !is_dns_replaced {
            let buckets = bucket_address(looker.distribution).into_iter();
            beside.extend(buckets.map(|(origin, url)| Beside::Bucket(origin, url)));
        }
        for (beside, look) in beside.iter().zip(self.look_beside(looker, &beside).await) {
            match beside {
                Beside::PlainHttp(_) => looks.plain_http = Some(look),
                Beside::Bucket(origin, url) => {
                    looks.buckets.push(BucketSeen { origin: origin.clone(), url: url.to_string(), look });
                }
            }
        }
        looks
    }

    /// The root of the site, after redirects within the distribution.
    async fn look_at_page(&self, looker: &Looker<'_>, url: &Url) -> (Look, Option<Fetched>) {
        let now = self.context.clock.now();
        if !looker.may_ask(url) || !self.budget.take(now) {
            return (Look::not_made(now), None);
        }
        let begun = Instant::now();
        let settings = looker.urls.settings;
        let Some(sent) = looker.urls.headers(url) else {
            return (looker.urls.failed(begun, LookFailure::SecretNotRead), None);
        };
        let may_follow = |to: &Url| looker.may_ask(to);
        let request = EdgeRequest { may_follow: Some(&may_follow), ..get(url, &sent, &[]) };
        match looker.urls.edge.get_and_keep(&request, ScriptsSeen::BYTES_MAX).await {
            Ok(fetched) => (look(&fetched, settings), Some(fetched)),
            Err(error) => (looker.urls.failed(begun, failure(&error)), None),
        }
    }

    /// Makes these looks, and returns them in their order. Only the beginning of each body is read, and no redirect is
    /// followed.
    async fn look_beside(&self, looker: &Looker<'_>, beside: &[Beside]) -> Vec<Look> {
        in_pairs(beside, looker.deadline, |one, may_look| async move {
            let now = self.context.clock.now();
            if !may_look || !self.budget.take(now) {
                return (Look::not_made(now), false);
            }
            // What people set for their site is not for a bucket: it may be a stranger's.
            let nothing = CheckSettings::default();
            let (url, settings, sent) = match one {
                Beside::PlainHttp(url) => {
                    (url, looker.urls.settings, looker.urls.headers(url).unwrap_or_default())
                }
                Beside::Bucket(_, url) => (url, &nothing, Vec::new()),
            };
            let look = look_at(looker, url, &sent, settings).await;
            let hung = look.hung();
            (look, hung)
        })
        .await
    }

    /// Reads the page and its scripts for keys. `None` if the answer is no page that can be read.
    async fn read_scripts(
        &self,
        looker: &Looker<'_>,
        page: &Fetched,
        answer: &Answer,
    ) -> Option<ScriptsSeen> {
        let scripts = looker.named(page, answer, page_scripts)?;
        let mut seen = ScriptsSeen { cut: usize::from(page.cut), ..ScriptsSeen::default() };
        seen.add_places(places(page));
        let wanted = &scripts[..scripts.len().min(ScriptsSeen::FILES_MAX)];
        let read = in_pairs(wanted, looker.deadline, |script, may_look| async move {
            if !may_look || !self.budget.take(self.context.clock.now()) {
                return (ScriptRead::NotRead, false);
            }
            read_script(looker, script, &page.final_url).await
        });
        for script in read.await {
            match script {
                ScriptRead::Read { places, is_cut } => {
                    seen.read += 1;
                    seen.cut += usize::from(is_cut);
                    seen.add_places(places);
                }
                ScriptRead::NotRead => seen.not_read += 1,
            }
        }
        Some(seen)
    }
}

/// The same root by HTTP.
fn plain_http(root: &Url) -> Option<Beside> {
    let mut url = root.clone();
    url.set_scheme("http").ok()?;
    Some(Beside::PlainHttp(url))
}

fn look(fetched: &Fetched, settings: &CheckSettings) -> Look {
    Look { at: fetched.at, duration: fetched.took, outcome: Ok(answer(fetched, settings)) }
}

async fn look_at(
    looker: &Looker<'_>,
    url: &Url,
    sent: &[(HeaderName, HeaderValue)],
    settings: &CheckSettings,
) -> Look {
    /// Enough to tell the errors of S3 apart.
    const BEGINNING: u64 = 4 * 1024;
    let begun = Instant::now();
    match looker.urls.edge.get_up_to(&get(url, sent, &[]), BEGINNING).await {
        Ok(fetched) => look(&fetched, settings),
        Err(error) => looker.urls.failed(begun, failure(&error)),
    }
}

/// Reads one script as a browser asks for it. The second value says whether the host hung.
async fn read_script(looker: &Looker<'_>, script: &Reference, page: &Url) -> (ScriptRead, bool) {
    if !looker.may_ask(&script.url) {
        return (ScriptRead::NotRead, false);
    }
    let begun = Instant::now();
    let settings = looker.urls.settings;
    let Some(sent) = looker.reference_headers(&script.url, page) else { return (ScriptRead::NotRead, false) };
    let may_follow = |to: &Url| looker.may_ask(to);
    let request = EdgeRequest { may_follow: Some(&may_follow), ..get(&script.url, &sent, &[]) };
    match looker.urls.edge.get_and_keep(&request, ScriptsSeen::BYTES_MAX).await {
        Ok(fetched) if is_script(&fetched, settings) => {
            (ScriptRead::Read { places: places(&fetched), is_cut: fetched.cut }, false)
        }
        Ok(_) => (ScriptRead::NotRead, false),
        Err(error) => (ScriptRead::NotRead, looker.urls.failed(begun, failure(&error)).hung()),
    }
}

/// Whether the text of a script came, and not an error or a page in its place.
fn is_script(fetched: &Fetched, settings: &CheckSettings) -> bool {
    fetched.status.is_success() && !fetched.is_encoded() && !answer(fetched, settings).is_html
}

/// Where keys are written in what came. The query of the URL is left out: it may be a secret too.
fn places(fetched: &Fetched) -> Vec<KeyPlace> {
    let url = &fetched.final_url[..Position::AfterPath];
    let found = find_keys(&fetched.beginning).into_iter();
    found.map(|(line, kind)| KeyPlace { url: url.to_owned(), line, kind }).collect()
}
