//! An OpenID Connect provider: the authorization code flow with PKCE, state and nonce.

mod metadata;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use unstale_domain::{
    secret::Secret,
    sign_in::{
        claims::{Asserted, Claims, Expected, RoleRules, check},
        second_step::same,
    },
    time::Timestamp,
};

use super::{Http, IdentityError, keys::Keys, token};
use metadata::{CachedMetadata, Metadata};

pub use metadata::ProviderHealth;

/// The settings for the provider.
#[derive(Clone)]
pub struct OidcSettings {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<String>,
    /// The label of the button.
    pub name: String,
    pub scopes: String,
    /// Whether people are redirected to the provider at once.
    pub auto: bool,
}

impl std::fmt::Debug for OidcSettings {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "OidcSettings({})", self.issuer)
    }
}

/// A provider.
#[derive(Debug)]
pub struct Oidc {
    pub settings: OidcSettings,
    http: Http,
    known: CachedMetadata,
    keys: Keys,
}

/// A request to the provider. The browser keeps these values, so that only it can use the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub state: Secret,
    pub nonce: Secret,
    /// The PKCE code verifier. Only its hash is sent with the request.
    pub verifier: Secret,
}

/// The parameters of the provider's answer, from the query of the URL.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct AuthorizationResponse {
    pub code: Option<String>,
    pub state: Option<String>,
    pub iss: Option<String>,
    pub error: Option<String>,
    pub error_description: Option<String>,
}

impl Oidc {
    #[must_use]
    pub fn new(settings: OidcSettings, http: Http) -> Self {
        Self { settings, http, known: CachedMetadata::default(), keys: Keys::default() }
    }

    /// Checks that the provider can be reached and is the configured one.
    pub async fn look(&self, now: Timestamp) -> Result<(), IdentityError> {
        self.known.get(&self.http, &self.settings.issuer, now).await.map(|_| ())
    }

    /// Reads the provider's metadata and keys now. Returns the number of keys.
    pub async fn check(&self, now: Timestamp) -> Result<usize, IdentityError> {
        let metadata = self.known.read_now(&self.http, &self.settings.issuer, now).await?;
        self.keys.read_now(&self.http, &metadata.jwks_uri, now).await
    }

    /// Whether the requests to the provider have succeeded.
    pub async fn seen(&self) -> ProviderHealth {
        self.known.seen(self.keys.count().await).await
    }

    /// The URL to which the browser is redirected.
    pub async fn ask(
        &self,
        question: &Question,
        redirect_uri: &str,
        now: Timestamp,
    ) -> Result<String, IdentityError> {
        let metadata = self.known.get(&self.http, &self.settings.issuer, now).await?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(question.verifier.reveal().as_bytes()));
        let address = url::Url::parse_with_params(
            &metadata.authorization_endpoint,
            [
                ("response_type", "code"),
                ("client_id", &self.settings.client_id),
                ("redirect_uri", redirect_uri),
                ("scope", &self.settings.scopes),
                ("state", question.state.reveal()),
                ("nonce", question.nonce.reveal()),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ],
        );
        let unreadable = |_| IdentityError::Unreachable("the provider's address cannot be read".to_owned());
        Ok(address.map_err(unreadable)?.to_string())
    }

    /// Exchanges the code for a token and checks the token. Returns the identity of the person.
    pub async fn finish(
        &self,
        question: &Question,
        answer: &AuthorizationResponse,
        redirect_uri: &str,
        rules: &RoleRules,
        now: Timestamp,
    ) -> Result<Asserted, IdentityError> {
        let state = answer.state.as_deref().unwrap_or_default();
        if !same(state.as_bytes(), question.state.reveal().as_bytes()) {
            return Err(IdentityError::Answer("the answer is to another question"));
        }
        let metadata = self.known.get(&self.http, &self.settings.issuer, now).await?;
        metadata.check_answer(answer.iss.as_deref())?;
        if let Some(error) = &answer.error {
            let words = answer.error_description.as_deref().unwrap_or_default();
            return Err(IdentityError::Refused(brief(&format!("{error} {words}"))));
        }
        let code = answer.code.as_deref().ok_or(IdentityError::Answer("the answer has no code"))?;
        let tokens = self.change_code(&metadata, code, question, redirect_uri).await?;
        let id_token = tokens.get("id_token").and_then(Value::as_str);
        let id_token = id_token.ok_or(IdentityError::Unreadable("the provider sent no ID token"))?;
        let mut claims = self.check_token(&metadata, id_token, question, now).await?;
        let subject = check(&claims, &self.expected(question), now)?.to_owned();
        let access = tokens.get("access_token").and_then(Value::as_str);
        self.add_user_info(&metadata, &mut claims, &subject, access, rules).await?;
        Ok(Asserted::read(&self.settings.issuer, &subject, &claims, rules))
    }

    fn expected<'a>(&'a self, question: &'a Question) -> Expected<'a> {
        Expected {
            issuer: &self.settings.issuer,
            audience: Some(&self.settings.client_id),
            nonce: Some(question.nonce.reveal()),
        }
    }

    async fn check_token(
        &self,
        metadata: &Metadata,
        text: &str,
        question: &Question,
        now: Timestamp,
    ) -> Result<Claims, IdentityError> {
        let token = token::SignedToken::read(text, &metadata.algorithms())?;
        let keys = self.keys.of(&self.http, &metadata.jwks_uri, &token, now).await?;
        let claims = token.claims_signed_by(&keys)?;
        check(&claims, &self.expected(question), now)?;
        Ok(claims)
    }

    async fn change_code(
        &self,
        metadata: &Metadata,
        code: &str,
        question: &Question,
        redirect_uri: &str,
    ) -> Result<Value, IdentityError> {
        let settings = &self.settings;
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", question.verifier.reveal()),
        ];
        let methods = &metadata.token_endpoint_auth_methods_supported;
        let basic = methods.is_empty() || methods.iter().any(|method| method == "client_secret_basic");
        let mut authorization = None;
        match &settings.client_secret {
            Some(secret) if basic => authorization = Some(basic_authorization(&settings.client_id, secret)),
            Some(secret) => fields.extend([("client_id", &*settings.client_id), ("client_secret", secret)]),
            None => fields.push(("client_id", &settings.client_id)),
        }
        let sent = self.http.post_form(&metadata.token_endpoint, &fields, authorization.as_deref()).await?;
        let (status, tokens) = sent;
        if status == 200 {
            return Ok(tokens);
        }
        let error = tokens.get("error").and_then(Value::as_str).unwrap_or("it gave no reason");
        Err(IdentityError::Refused(brief(&format!("{status} {error}"))))
    }

    /// Adds the needed claims that the ID token lacks, from the provider's `UserInfo` endpoint.
    async fn add_user_info(
        &self,
        metadata: &Metadata,
        claims: &mut Claims,
        subject: &str,
        access_token: Option<&str>,
        rules: &RoleRules,
    ) -> Result<(), IdentityError> {
        let wanted = [rules.claim.as_deref(), rules.groups_claim.as_deref(), Some("email")];
        let lacks = wanted.into_iter().flatten().any(|claim| {
            unstale_domain::sign_in::claims::values(claims, claim).is_empty() && !claims.contains_key(claim)
        });
        let (true, Some(address), Some(token)) = (lacks, &metadata.userinfo_endpoint, access_token) else {
            return Ok(());
        };
        let info = self.http.get_json(address, Some(token)).await?;
        if info.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(IdentityError::Answer("the provider told about somebody else"));
        }
        let Value::Object(info) = info else {
            return Err(IdentityError::Unreadable("what the provider tells is not an object"));
        };
        // The e-mail address and its verification must come from the same source.
        let with_email = !claims.contains_key("email");
        for (name, value) in info {
            if name != "email_verified" || with_email {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(())
    }
}

/// Both parts are form-encoded before they are joined (RFC 6749, 2.3.1).
fn basic_authorization(id: &str, secret: &str) -> String {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(id), encode(secret))))
}

/// A text of the provider, shortened and without control characters.
fn brief(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect::<String>().trim().to_owned()
}
