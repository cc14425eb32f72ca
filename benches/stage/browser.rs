//! Somebody at the pages, in a session.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{CLIENTS, DISTRIBUTION, EMAIL, LOAD, Outcome, PASSWORD, Service, now};

/// What the page says where nothing is in progress: now, and in the builds up to cd89071.
const AT_REST: [&str; 2] = ["Nothing is in flight.", "Nothing is under way."];

/// Somebody who is signed in.
pub struct Browser {
    pub client: reqwest::Client,
    pub url: String,
    /// Its session, for who sends requests by other means.
    pub(super) cookie: String,
}

impl Browser {
    pub async fn sign_in(service: &Service) -> Outcome<Self> {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert(reqwest::header::ORIGIN, service.url().parse()?);
        let client = reqwest::Client::builder()
            .no_proxy()
            .cookie_store(true)
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let form = [("email", EMAIL), ("password", PASSWORD)];
        let answer = client.post(format!("{}/sign-in", service.url())).form(&form).send().await?;
        let set = answer.headers().get("set-cookie").ok_or("signing in set no cookie")?.to_str()?;
        let cookie = set.split(';').next().unwrap_or_default().to_owned();
        Ok(Self { client, url: service.url(), cookie })
    }

    pub async fn page(&self, path: &str) -> Outcome<String> {
        let answer = self.client.get(format!("{}{path}", self.url)).send().await?;
        if answer.status() != 200 {
            return Err(format!("GET {path}: {}", answer.status()).into());
        }
        Ok(answer.text().await?)
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Outcome<()> {
        let answer = self.client.post(format!("{}{path}", self.url)).form(fields).send().await?;
        match answer.status().as_u16() {
            303 => Ok(()),
            other => Err(format!("POST {path}: {other}").into()),
        }
    }

    /// The plan of what is typed so far, as the form asks for it after each key.
    pub async fn plan(&self, items: &str) -> Outcome<String> {
        let fields = [("distribution", DISTRIBUTION), ("items", items), ("reason", ""), ("request_key", "")];
        let request = self.client.post(format!("{}/plan", self.url)).header("hx-request", "true");
        Ok(request.form(&fields).send().await?.error_for_status()?.text().await?)
    }

    /// Sync has to have read the distribution first.
    pub async fn wait_for_distribution(&self) -> Outcome<()> {
        for _ in 0..200 {
            if self.page("/").await?.contains(DISTRIBUTION) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err("the distribution never came up in the form".into())
    }

    /// The hidden field of the form.
    pub async fn request_key(&self) -> Outcome<String> {
        let page = self.page("/").await?;
        let document = scraper::Html::parse_document(&page);
        let selector =
            scraper::Selector::parse("input[name=request_key]").map_err(|error| error.to_string())?;
        let field = document.select(&selector).next().ok_or("the form has no request_key")?;
        Ok(field.value().attr("value").unwrap_or_default().to_owned())
    }

    pub async fn invalidate(&self, key: &str, items: &str) -> Outcome<()> {
        let fields = [("distribution", DISTRIBUTION), ("items", items), ("reason", ""), ("request_key", key)];
        self.post("/invalidations", &fields).await
    }

    pub async fn wait_until_nothing_is_under_way(&self) -> Outcome<()> {
        for _ in 0..1_200 {
            let page = self.page("/").await?;
            if AT_REST.iter().any(|words| page.contains(words)) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err("it never came to rest".into())
    }

    /// The live stream, from now on.
    pub async fn events(&self) -> Outcome<Events> {
        let answer = self.client.get(format!("{}/events", self.url)).send().await?.error_for_status()?;
        Ok(Events(answer))
    }

    pub async fn rate(&self, path: &'static str) -> Outcome<f64> {
        let done = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..CLIENTS {
            let (client, url, done) = (self.client.clone(), format!("{}{path}", self.url), done.clone());
            tasks.spawn(async move {
                while began.elapsed() < LOAD {
                    let answer = client.get(&url).send().await?.error_for_status()?;
                    answer.bytes().await?;
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, reqwest::Error>(())
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate is rounded anyway")]
        Ok(done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64())
    }
}

/// An open live stream.
pub struct Events(reqwest::Response);

impl Events {
    /// Waits for an action; gives when it came.
    pub async fn until(&mut self, action: &str) -> Outcome<Duration> {
        let mut text = String::new();
        while let Some(chunk) = self.0.chunk().await? {
            text.push_str(&String::from_utf8_lossy(&chunk));
            if text.contains(action) {
                return Ok(now());
            }
        }
        Err("the stream ended".into())
    }
}
