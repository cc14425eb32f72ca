//! A sandbox for one test, and an HTTP client that shows every header and every broken connection.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{Error, ErrorKind, Result};
use std::path::PathBuf;
use std::time::Duration;

use cloudfront_sandbox::{Clock, Config, Sandbox};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const WORKSHOP: &str = "E2QWRUHAPOMQZL";
pub const SHOP: &str = "E1SHOP7K2M4NQX";
pub const DOCS: &str = "E3DOCS5V8W1RTY";
pub const RETIRED: &str = "E1RETIRED9ZXCV";
pub const COMPLETE_AFTER: Duration = Duration::from_secs(20);
pub const EVICT_AFTER: Duration = Duration::from_secs(5);

/// A signature as the SDKs write it, for an access key.
pub fn signed(access_key: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={access_key}/20261123/us-east-1/cloudfront/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=0f"
    )
}

pub struct World {
    pub sandbox: Sandbox,
    pub folder: TempDir,
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(config(&folder)).await.unwrap();
        Self { sandbox, folder }
    }

    pub fn advance(&self, by: Duration) {
        assert!(self.sandbox.clock().advance(by), "the clock of a test can be moved");
    }

    pub fn file(&self, distribution: &str, name: &str) -> PathBuf {
        self.sandbox.origin_of(distribution).unwrap().join(name)
    }

    pub fn write(&self, distribution: &str, name: &str, text: &str) {
        std::fs::write(self.file(distribution, name), text).unwrap();
    }

    /// A signed call to the API.
    pub async fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        self.try_call(method, path, body).await.unwrap()
    }

    pub async fn try_call(&self, method: &str, path: &str, body: &str) -> Result<Answer> {
        let signature = signed("AKIATEST");
        send(&self.sandbox.api_url(), method, path, &[("authorization", &signature)], body).await
    }

    pub async fn create(&self, distribution: &str, reference: &str, items: &[&str]) -> Answer {
        self.call("POST", &invalidations(distribution), &batch(reference, items)).await
    }

    /// Invalidates and waits until the edge has let go.
    pub async fn invalidate(&self, distribution: &str, items: &[&str]) {
        let reference = format!("{items:?} at {}", self.sandbox.clock().now());
        assert_eq!(self.create(distribution, &reference, items).await.status, 201);
        self.advance(EVICT_AFTER);
    }

    /// A viewer's `GET` of a distribution.
    pub async fn view(&self, distribution: &str, path: &str) -> Answer {
        self.view_with(distribution, "GET", path, &[]).await
    }

    pub async fn view_with(
        &self,
        distribution: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let host = self.sandbox.edge_url_of(distribution).unwrap().replace("http://", "");
        let headers = [&[("host", host.as_str())], headers].concat();
        send(&self.sandbox.edge_url(), method, path, &headers, "").await.unwrap()
    }

    /// Where the edge has each of these from: `Hit`, `Miss`, …
    pub async fn sources(&self, distribution: &str, paths: &[&str]) -> Vec<String> {
        let mut sources = Vec::new();
        for path in paths {
            sources.push(self.view(distribution, path).await.source());
        }
        sources
    }

    /// Sets the rules of the edge.
    pub async fn rules(&self, rules: serde_json::Value) {
        let (status, set) = self.control("POST", "/_sandbox/edge", &rules.to_string()).await;
        assert_eq!(status, 200, "{set}");
    }

    /// Changes members of a distribution.
    pub async fn configure(&self, distribution: &str, mut change: serde_json::Value) {
        change["id"] = distribution.into();
        let (status, set) = self.control("POST", "/_sandbox/distributions", &change.to_string()).await;
        assert_eq!(status, 200, "{set}");
    }

    /// What the sandbox's control answers.
    pub async fn control(&self, method: &str, path: &str, body: &str) -> (u16, serde_json::Value) {
        let answer = send(&self.sandbox.api_url(), method, path, &[], body).await.unwrap();
        (answer.status, serde_json::from_str(&answer.body).unwrap())
    }
}

pub fn config(folder: &TempDir) -> Config {
    Config {
        complete_after: COMPLETE_AFTER,
        clock: Clock::manual("2026-11-23T10:00:00.123456Z".parse().unwrap()),
        ..Config::new(folder.path().join("origin"))
    }
}

pub fn invalidations(distribution: &str) -> String {
    format!("/2020-05-31/distribution/{distribution}/invalidation")
}

pub fn batch(reference: &str, items: &[&str]) -> String {
    batch_of_quantity(reference, items, items.len())
}

pub fn batch_of_quantity(reference: &str, items: &[&str], quantity: usize) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let reference = escaped(reference);
    let paths = items.iter().fold(String::new(), |mut paths, item| {
        write!(paths, "<Path>{}</Path>", escaped(item)).unwrap();
        paths
    });
    format!(
        "<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Paths>\
         <Quantity>{quantity}</Quantity><Items>{paths}</Items></Paths>\
         <CallerReference>{reference}</CallerReference></InvalidationBatch>"
    )
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Answer {
    /// The text of the first element of that name.
    pub fn text(&self, element: &str) -> &str {
        let after = self.body.split_once(&format!("<{element}>")).map(|(_, after)| after);
        after.and_then(|after| after.split_once(&format!("</{element}>"))).map_or("", |(text, _)| text)
    }

    /// The texts of all elements of that name.
    pub fn texts(&self, element: &str) -> Vec<&str> {
        let parts = self.body.split(&format!("<{element}>")).skip(1).collect::<Vec<_>>();
        parts.into_iter().filter_map(|part| part.split('<').next()).collect()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// HTTP status, source, `Server` and media type.
    pub fn kind(&self) -> (u16, String, &str, &str) {
        (self.status, self.source(), self.header("server"), self.header("content-type"))
    }

    /// HTTP status and CloudFront's code of a refusal.
    pub fn refusal(&self) -> (u16, &str) {
        (self.status, self.text("Code"))
    }

    pub fn source(&self) -> String {
        self.header("x-cache").trim_end_matches(" from cloudfront").to_owned()
    }
}

/// One request on its own connection. An answer that is missing or cut short is an error.
pub async fn send(
    url: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Answer> {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await?;
    let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    if headers.iter().all(|(name, _)| *name != "host") {
        write!(request, "host: {address}\r\n").unwrap();
    }
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").unwrap();
    }
    write!(request, "content-length: {}\r\n\r\n{body}", body.len()).unwrap();
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    parse(method, &String::from_utf8_lossy(&bytes))
}

fn parse(method: &str, text: &str) -> Result<Answer> {
    let missing = |what| Error::new(ErrorKind::UnexpectedEof, what);
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| missing("no answer"))?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let promised = headers.get("content-length").and_then(|length| length.parse().ok());
    if method != "HEAD" && promised.is_some_and(|length: usize| body.len() < length) {
        return Err(missing("an answer that is cut short"));
    }
    Ok(Answer { status: status.ok_or_else(|| missing("no status"))?, headers, body: body.to_owned() })
}
