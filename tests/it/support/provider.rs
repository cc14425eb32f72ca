//! An OpenID Connect provider that keeps state: codes, PKCE, its keys, and what it is told to do wrong.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Form, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, crypto, jwk::Jwk};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, task::JoinHandle};
use unstale::clock::Clock;
use url::Url;

pub const CLIENT: &str = "unstale";
pub const SECRET: &str = "a client's secret: 100% & more";

/// Who signs a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    Rsa,
    Pss,
    Ec,
    /// Keys that the provider does not publish.
    OtherRsa,
    OtherEc,
    /// A shared secret.
    Hmac(Vec<u8>),
    /// Nobody: the signature is this text.
    Text(&'static str),
}

/// A token before it is signed.
#[derive(Debug, Clone)]
pub struct Draft {
    pub header: Value,
    pub claims: Value,
    pub signer: Signer,
}

type Twist = Arc<dyn Fn(&mut Draft) + Send + Sync>;

struct Inner {
    /// Claims of the person who signs in there.
    person: Value,
    /// What only the page about the person tells.
    info: Option<Value>,
    metadata: Value,
    twist: Option<Twist>,
    /// Open codes, with the question that they answer.
    codes: BTreeMap<String, BTreeMap<String, String>>,
    keys: Value,
    asked_for_keys: usize,
    away: bool,
}

/// The provider.
#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    clock: Clock,
    inner: Arc<Mutex<Inner>>,
    server: Arc<JoinHandle<()>>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        if Arc::strong_count(&self.server) == 1 {
            self.server.abort();
        }
    }
}

fn key(signer: &Signer) -> Option<(EncodingKey, Algorithm)> {
    let rsa = |pem: &[u8]| EncodingKey::from_rsa_pem(pem).unwrap();
    let ec = |pem: &[u8]| EncodingKey::from_ec_pem(pem).unwrap();
    Some(match signer {
        Signer::Rsa => (rsa(include_bytes!("keys/rsa.pem")), Algorithm::RS256),
        Signer::Pss => (rsa(include_bytes!("keys/rsa.pem")), Algorithm::PS256),
        Signer::OtherRsa => (rsa(include_bytes!("keys/other_rsa.pem")), Algorithm::RS256),
        Signer::Ec => (ec(include_bytes!("keys/ec.pem")), Algorithm::ES256),
        Signer::OtherEc => (ec(include_bytes!("keys/other_ec.pem")), Algorithm::ES256),
        Signer::Hmac(secret) => (EncodingKey::from_secret(secret), Algorithm::HS256),
        Signer::Text(_) => return None,
    })
}

/// Signs a draft as it is; `padded` as AWS does it.
pub fn sign(draft: &Draft, padded: bool) -> String {
    let part = |value: &Value| {
        let plain = URL_SAFE_NO_PAD.encode(value.to_string());
        if padded { format!("{plain}{}", "=".repeat((4 - plain.len() % 4) % 4)) } else { plain }
    };
    let signed = format!("{}.{}", part(&draft.header), part(&draft.claims));
    let signature = match (&draft.signer, key(&draft.signer)) {
        (_, Some((key, algorithm))) => crypto::sign(signed.as_bytes(), &key, algorithm).unwrap(),
        (Signer::Text(text), None) => (*text).to_owned(),
        (signer, None) => panic!("{signer:?} has no key"),
    };
    format!("{signed}.{signature}")
}

fn public(signer: &Signer, kid: &str) -> Value {
    let (key, algorithm) = key(signer).unwrap();
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&key, algorithm).unwrap()).unwrap();
    jwk["kid"] = kid.into();
    jwk["use"] = "sig".into();
    // One RSA key signs in two ways.
    jwk.as_object_mut().unwrap().remove("alg");
    jwk
}

impl Provider {
    pub async fn start(clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/me"),
            "jwks_uri": format!("{issuer}/keys"),
            "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "none", "HS256"],
            "authorization_response_iss_parameter_supported": true,
        });
        let inner = Inner {
            person: json!({"sub": "ada-1", "email": "ada@example.com", "email_verified": true, "roles": ["ops"]}),
            info: None,
            metadata,
            twist: None,
            codes: BTreeMap::new(),
            keys: json!({"keys": [public(&Signer::Rsa, "rsa"), public(&Signer::Ec, "ec")]}),
            asked_for_keys: 0,
            away: false,
        };
        let inner = Arc::new(Mutex::new(inner));
        let state = (inner.clone(), clock.clone());
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(metadata_page))
            .route("/keys", get(keys_page))
            .route("/cdn-cgi/access/certs", get(keys_page))
            .route("/token", post(token_page))
            .route("/me", get(info_page))
            .with_state(state);
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { issuer, clock, inner, server: Arc::new(server) }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        change(&mut self.inner.lock().unwrap())
    }

    /// The person who signs in there next.
    pub fn person(&self, claims: Value) {
        self.with(|inner| inner.person = claims);
    }

    pub fn info(&self, claims: Value) {
        self.with(|inner| inner.info = Some(claims));
    }

    pub fn metadata(&self, name: &str, value: Value) {
        self.with(|inner| inner.metadata[name] = value);
    }

    /// What it does wrong from now on.
    pub fn twist(&self, twist: impl Fn(&mut Draft) + Send + Sync + 'static) {
        self.with(|inner| inner.twist = Some(Arc::new(twist)));
    }

    pub fn straight(&self) {
        self.with(|inner| inner.twist = None);
    }

    pub fn away(&self, away: bool) {
        self.with(|inner| inner.away = away);
    }

    /// It signs with this one from now on, and publishes it under this name.
    pub fn publish(&self, signer: &Signer, kid: &str) {
        let key = public(signer, kid);
        self.with(|inner| inner.keys = json!({"keys": [key]}));
    }

    pub fn asked_for_keys(&self) -> usize {
        self.with(|inner| inner.asked_for_keys)
    }

    /// A person signs in on the provider's page; gives the path that the browser comes back with.
    pub fn authorize(&self, address: &str) -> String {
        let url = Url::parse(address).unwrap();
        assert!(address.starts_with(&format!("{}/authorize?", self.issuer)), "{address}");
        let question: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(question["response_type"], "code");
        assert_eq!(question["client_id"], CLIENT);
        assert_eq!(question["code_challenge_method"], "S256");
        assert!(question["scope"].contains("openid"));
        assert!(question["state"].len() >= 32 && question["nonce"].len() >= 32);
        let code = uuid::Uuid::new_v4().simple().to_string();
        let back = Url::parse_with_params(
            &question["redirect_uri"],
            [("code", code.as_str()), ("state", &question["state"]), ("iss", &self.issuer)],
        )
        .unwrap();
        self.with(|inner| inner.codes.insert(code, question));
        format!("{}?{}", back.path(), back.query().unwrap())
    }

    pub fn now(&self) -> i64 {
        self.clock.now().as_micros() / 1_000_000
    }
}

type Shared = State<(Arc<Mutex<Inner>>, Clock)>;

fn json_page(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

fn away() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "away").into_response()
}

async fn metadata_page(State((inner, _)): Shared) -> Response {
    let inner = inner.lock().unwrap();
    if inner.away { away() } else { json_page(&inner.metadata) }
}

async fn keys_page(State((inner, _)): Shared) -> Response {
    let mut inner = inner.lock().unwrap();
    inner.asked_for_keys += 1;
    if inner.away { away() } else { json_page(&inner.keys) }
}

async fn info_page(State((inner, _)): Shared, headers: HeaderMap) -> Response {
    let inner = inner.lock().unwrap();
    if headers.get(header::AUTHORIZATION).is_none_or(|value| value != "Bearer the-access-token") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    json_page(inner.info.as_ref().unwrap_or(&inner.person))
}

async fn token_page(
    State((inner, clock)): Shared,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let mut inner = inner.lock().unwrap();
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, json_page(&json!({"error": error}))).into_response();
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let wanted = format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(CLIENT), encode(SECRET))));
    let posted = form.get("client_secret").is_some_and(|secret| secret == SECRET);
    if !posted && headers.get(header::AUTHORIZATION).is_none_or(|value| *value != *wanted) {
        return refuse("invalid_client");
    }
    // A code works once, for its own question.
    let question = form.get("code").and_then(|code| inner.codes.remove(code));
    let Some(question) = question else { return refuse("invalid_grant") };
    let verifier = form.get("code_verifier").cloned().unwrap_or_default();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    if question["code_challenge"] != challenge
        || question["redirect_uri"] != form["redirect_uri"]
        || !(43..=128).contains(&verifier.len())
    {
        return refuse("invalid_grant");
    }
    let now = clock.now().as_micros() / 1_000_000;
    let mut claims = inner.person.clone();
    claims["iss"] = inner.metadata["issuer"].clone();
    claims["aud"] = CLIENT.into();
    claims["nonce"] = question["nonce"].clone().into();
    claims["iat"] = now.into();
    claims["exp"] = (now + 300).into();
    let mut draft =
        Draft { header: json!({"alg": "RS256", "kid": "rsa", "typ": "JWT"}), claims, signer: Signer::Rsa };
    if let Some(twist) = inner.twist.clone() {
        twist(&mut draft);
    }
    let token = sign(&draft, false);
    json_page(&json!({"access_token": "the-access-token", "token_type": "Bearer", "id_token": token}))
        .into_response()
}
