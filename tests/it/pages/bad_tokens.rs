//! ID tokens that must not be believed.

use serde_json::{Value, json};

use crate::support::{CLIENT, Draft, SECRET, Signer};

/// What is done to a token before it is signed.
pub type Twist = Box<dyn Fn(&mut Draft) + Send + Sync>;

/// Tokens that must not be believed, each by its one fault.
pub fn bad_tokens() -> Vec<(&'static str, Twist)> {
    fn claim(name: &'static str, value: Value) -> Twist {
        Box::new(move |draft| {
            if value.is_null() {
                draft.claims.as_object_mut().unwrap().remove(name);
            } else {
                draft.claims[name] = value.clone();
            }
        })
    }
    fn signed(header: Value, signer: Signer) -> Twist {
        Box::new(move |draft| {
            draft.header = header.clone();
            draft.signer = signer.clone();
        })
    }
    fn shift(name: &'static str, seconds: i64) -> Twist {
        Box::new(move |draft| {
            let now = draft.claims["iat"].as_i64().unwrap();
            draft.claims[name] = (now + seconds).into();
        })
    }
    let pem = include_bytes!("../support/keys/rsa.pub.pem").to_vec();
    let rs256 = json!({"alg": "RS256", "kid": "rsa"});
    vec![
        ("none", signed(json!({"alg": "none"}), Signer::Text(""))),
        ("None", signed(json!({"alg": "None", "kid": "rsa"}), Signer::Text(""))),
        ("none, with a signature", signed(json!({"alg": "none", "kid": "rsa"}), Signer::Rsa)),
        ("no algorithm", signed(json!({"kid": "rsa"}), Signer::Rsa)),
        ("an unknown algorithm", signed(json!({"alg": "XX256", "kid": "rsa"}), Signer::Rsa)),
        (
            "HS256 with the public key",
            signed(json!({"alg": "HS256", "kid": "rsa"}), Signer::Hmac(pem.clone())),
        ),
        ("HS256 with the client's secret", signed(json!({"alg": "HS256"}), Signer::Hmac(SECRET.into()))),
        ("HS256 with nothing", signed(json!({"alg": "HS256"}), Signer::Hmac(Vec::new()))),
        ("RS256 in name, HMAC in fact", signed(rs256.clone(), Signer::Hmac(pem))),
        ("another's RSA key", signed(rs256.clone(), Signer::OtherRsa)),
        ("another's EC key", signed(json!({"alg": "ES256", "kid": "ec"}), Signer::OtherEc)),
        ("the EC key by the RSA key's name", signed(json!({"alg": "ES256", "kid": "rsa"}), Signer::Ec)),
        ("RS256 in name, ES256 in fact", signed(rs256.clone(), Signer::Ec)),
        ("ES256 in name, RS256 in fact", signed(json!({"alg": "ES256", "kid": "ec"}), Signer::Rsa)),
        ("PS256 in name, RS256 in fact", signed(json!({"alg": "PS256", "kid": "rsa"}), Signer::Rsa)),
        ("an algorithm that is not announced", signed(json!({"alg": "RS512", "kid": "rsa"}), Signer::Rsa)),
        ("an unknown key", signed(json!({"alg": "RS256", "kid": "made-up"}), Signer::Rsa)),
        (
            "a key of its own",
            signed(json!({"alg": "RS256", "kid": "x", "jwk": {"kty": "RSA"}}), Signer::OtherRsa),
        ),
        (
            "a key's address of its own",
            signed(json!({"alg": "RS256", "jku": "https://evil.example/"}), Signer::OtherRsa),
        ),
        (
            "a critical extension",
            signed(json!({"alg": "RS256", "kid": "rsa", "crit": ["b64"], "b64": false}), Signer::Rsa),
        ),
        ("no signature", signed(rs256.clone(), Signer::Text(""))),
        ("a short signature", signed(rs256.clone(), Signer::Text("AAAA"))),
        ("a signature that is none", signed(rs256.clone(), Signer::Text("%%%"))),
        ("a fourth part", signed(rs256, Signer::Text("AAAA.AAAA"))),
        ("another issuer", claim("iss", json!("https://evil.example"))),
        ("no issuer", claim("iss", Value::Null)),
        ("issuers", claim("iss", json!(["https://evil.example"]))),
        ("another audience", claim("aud", json!("somebody"))),
        ("no audience", claim("aud", Value::Null)),
        ("an empty audience", claim("aud", json!([]))),
        ("several audiences and no party", claim("aud", json!([CLIENT, "somebody"]))),
        ("another party", claim("azp", json!("somebody"))),
        ("another nonce", claim("nonce", json!("0".repeat(64)))),
        ("no nonce", claim("nonce", Value::Null)),
        ("a nonce that is no text", claim("nonce", json!(7))),
        ("expired", shift("exp", -120)),
        ("no end", claim("exp", Value::Null)),
        ("an end in words", claim("exp", json!("tomorrow"))),
        ("not yet valid", shift("nbf", 300)),
        ("made in the future", shift("iat", 300)),
        ("nobody", claim("sub", Value::Null)),
        ("an empty subject", claim("sub", json!(""))),
        ("a subject of two lines", claim("sub", json!("ada-1\nadmin"))),
        ("a long subject", claim("sub", json!("a".repeat(300)))),
        ("a list of subjects", claim("sub", json!(["ada-1"]))),
    ]
}
