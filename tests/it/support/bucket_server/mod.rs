//! A stand-in for the part of S3 that keeps backups: one bucket, held to what S3's documents say of checksums, conditions,
//! signed headers and parts. A test can have it refuse, break or wait.

mod call;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, Method, StatusCode},
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use unstale::cloudfront::S3;
use url::Url;

use call::{Call, bad, refusal};

pub const BUCKET: &str = "backups";

/// What becomes of the calls of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketFault {
    /// 403 `AccessDenied`.
    Denied,
    /// It is done, and the answer says 500.
    AnswerLost,
    /// It is not done, and the answer says 500.
    Broken,
    /// It waits until the fault is taken back.
    Held,
}

#[derive(Debug, Clone, Default)]
pub struct StoredObject {
    pub content: Bytes,
    pub metadata: BTreeMap<String, String>,
    /// How many parts it was made of; 0 for one call.
    pub parts: usize,
}

#[derive(Debug, Default)]
struct Contents {
    objects: BTreeMap<String, StoredObject>,
    /// By their IDs: the key, what is kept with it, and the parts by their numbers.
    uploads: BTreeMap<String, Upload>,
    made_uploads: usize,
    calls: Vec<&'static str>,
    faults: BTreeMap<&'static str, BucketFault>,
    /// Where the bucket is. Empty: everywhere.
    region: String,
}

#[derive(Debug, Default)]
struct Upload {
    key: String,
    metadata: BTreeMap<String, String>,
    parts: BTreeMap<usize, Bytes>,
}

/// The running stand-in.
#[derive(Debug)]
pub struct BucketServer {
    shared: Shared,
    pub address: String,
    server: JoinHandle<()>,
}

#[derive(Debug, Clone)]
struct Shared {
    contents: Arc<Mutex<Contents>>,
    /// Tells those who wait that faults or calls have changed.
    changed: watch::Sender<u64>,
}

impl Shared {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap()
    }

    fn fault(&self, operation: &'static str) -> Option<BucketFault> {
        self.contents().faults.get(operation).copied()
    }

    /// The answer of S3 in a region in which the bucket is not.
    fn in_another_region(&self, query: &BTreeMap<String, String>) -> Option<Response> {
        let mut contents = self.contents();
        let region = contents.region.clone();
        if region.is_empty() || query["X-Amz-Credential"].contains(&format!("/{region}/s3/")) {
            return None;
        }
        contents.calls.push("in another region");
        Some(([("x-amz-bucket-region", region)], bad("AuthorizationHeaderMalformed")).into_response())
    }

    fn refused(&self, operation: &'static str, bucket: &str) -> Option<Response> {
        if bucket != BUCKET {
            return Some(refusal(StatusCode::NOT_FOUND, "NoSuchBucket"));
        }
        match self.fault(operation)? {
            BucketFault::Denied => Some(refusal(StatusCode::FORBIDDEN, "AccessDenied")),
            BucketFault::Broken => Some(refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalError")),
            BucketFault::AnswerLost | BucketFault::Held => None,
        }
    }
}

impl Drop for BucketServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl BucketServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shared = Shared { contents: Arc::default(), changed: watch::channel(0).0 };
        let routes = Router::new().fallback(answer).with_state(shared.clone());
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { shared, address, server }
    }

    pub fn client(&self) -> S3 {
        let endpoint = Url::parse(&self.address).unwrap();
        S3::at(&endpoint, "AKIATEST", "secret", Duration::from_secs(20)).unwrap()
    }

    /// The fault of an operation from now on. `None`: none.
    pub fn set_fault(&self, operation: &'static str, fault: Option<BucketFault>) {
        let faults = &mut self.shared.contents().faults;
        match fault {
            Some(fault) => drop(faults.insert(operation, fault)),
            None => drop(faults.remove(operation)),
        }
        self.shared.changed.send_modify(|changes| *changes += 1);
    }

    /// Puts the bucket into a region, in which alone it is asked.
    pub fn set_region(&self, region: &str) {
        region.clone_into(&mut self.shared.contents().region);
    }

    pub fn calls(&self, operation: &str) -> usize {
        self.shared.contents().calls.iter().filter(|call| **call == operation).count()
    }

    pub fn keys(&self) -> Vec<String> {
        self.shared.contents().objects.keys().cloned().collect()
    }

    pub fn object(&self, key: &str) -> StoredObject {
        self.shared.contents().objects.get(key).cloned().unwrap_or_else(|| panic!("no {key}"))
    }

    pub fn put(&self, key: &str, content: &str) {
        let object = StoredObject { content: content.to_owned().into(), ..StoredObject::default() };
        self.shared.contents().objects.insert(key.to_owned(), object);
    }

    /// Changes the content of an object, and nothing that is kept with it.
    pub fn change(&self, key: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut contents = self.shared.contents();
        let object = contents.objects.get_mut(key).unwrap();
        let mut content = object.content.to_vec();
        change(&mut content);
        object.content = content.into();
    }

    /// How many uploads are neither completed nor aborted.
    pub fn open_uploads(&self) -> usize {
        self.shared.contents().uploads.len()
    }
}

fn operation_of(method: &Method, has: [bool; 3]) -> &'static str {
    // uploadId, uploads, list-type
    match (method.as_str(), has) {
        ("GET", [_, _, true]) => "ListObjectsV2",
        ("GET", _) => "GetObject",
        ("HEAD", _) => "HeadObject",
        ("PUT", [true, ..]) => "UploadPart",
        ("PUT", _) => "PutObject",
        ("POST", [true, ..]) => "CompleteMultipartUpload",
        ("POST", _) => "CreateMultipartUpload",
        ("DELETE", [true, ..]) => "AbortMultipartUpload",
        _ => "DeleteObject",
    }
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let query: BTreeMap<String, String> =
        url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let has = ["uploadId", "uploads", "list-type"].map(|name| query.contains_key(name));
    let operation = operation_of(&head.method, has);
    let Ok(body) = to_bytes(body, usize::MAX).await else { return bad("IncompleteBody") };
    shared.contents().calls.push(operation);
    shared.changed.send_modify(|changes| *changes += 1);
    let mut changed = shared.changed.subscribe();
    while shared.fault(operation) == Some(BucketFault::Held) {
        changed.changed().await.unwrap();
    }
    let path = percent_encoding::percent_decode_str(head.uri.path()).decode_utf8().unwrap().into_owned();
    let (bucket, key) = path.trim_start_matches('/').split_once('/').unwrap_or((&path[1..], ""));
    let refused = unsigned(&head.headers, &query)
        .or_else(|| shared.in_another_region(&query))
        .or_else(|| shared.refused(operation, bucket));
    if let Some(refused) = refused {
        return refused;
    }
    let call = Call { key, query: &query, headers: &head.headers, body };
    let done = call.perform(operation, &mut shared.contents());
    if shared.fault(operation) == Some(BucketFault::AnswerLost) {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalError");
    }
    done
}

/// S3 refuses what is not signed, and headers of its own that are not.
fn unsigned(headers: &HeaderMap, query: &BTreeMap<String, String>) -> Option<Response> {
    let signed: BTreeSet<&str> =
        query.get("X-Amz-SignedHeaders").map(|names| names.split(';').collect()).unwrap_or_default();
    let own = headers.keys().filter(|name| name.as_str().starts_with("x-amz-"));
    let mut needed = own.map(HeaderName::as_str).chain(["host"]);
    needed.any(|name| !signed.contains(name)).then(|| refusal(StatusCode::FORBIDDEN, "AccessDenied"))
}
