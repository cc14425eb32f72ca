//! Behind a proxy that signs people in: what it says is believed, and nobody else's word for it.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Router, extract::Path, http::StatusCode, response::IntoResponse, routing};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use unstale::{
    commands::ExternalRules,
    domain::{network::Trusted, sign_in::claims::RoleRules},
    http::HttpOptions,
    http::authentication_methods::AuthenticationMethods,
    identity::{
        Http,
        access::{CloudflareAccess, CloudflareAccessSettings},
        alb::{Alb, AlbSettings},
        proxy::IdentityProxies,
        user_header::UserHeader,
    },
};

use crate::support::{Answer, Draft, Provider, Signer, TestApp, World, options, sign};

const ARN: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188";
const ISSUER: &str = "https://idp.example";
const KID: &str = "01234567-89ab-cdef-0123-456789abcdef";
const PROXY_SECRET: &str = "a secret that only the proxy knows";
const AUDIENCE: &str = "f5a1c2";

fn external() -> ExternalRules {
    ExternalRules {
        sign_up: true,
        link_by_email: false,
        roles: RoleRules {
            claim: Some("roles".to_owned()),
            admin: vec!["boss".to_owned()],
            operator: vec!["ops".to_owned()],
            viewer: vec!["dev".to_owned()],
            ..RoleRules::default()
        },
    }
}

async fn app(trusted: &str, proxies: IdentityProxies) -> TestApp {
    app_over(World::new().await, trusted, proxies).await
}

async fn app_over(world: World, trusted: &str, proxies: IdentityProxies) -> TestApp {
    let trusted = Trusted::parse(trusted).unwrap();
    let authentication_methods = AuthenticationMethods {
        trusted,
        proxies: Arc::new(proxies),
        external: external(),
        ..AuthenticationMethods::default()
    };
    TestApp::over(world, HttpOptions { authentication_methods, ..options() }).await
}

fn user_header() -> IdentityProxies {
    let header = UserHeader {
        user: "x-forwarded-user".parse().unwrap(),
        groups: Some("x-forwarded-groups".parse().unwrap()),
        secret_header: "x-unstale-proxy-secret".parse().unwrap(),
        secret: PROXY_SECRET.to_owned(),
    };
    IdentityProxies { header: Some(header), ..IdentityProxies::default() }
}

/// What the proxy sends for Ada.
const ADA: [(&str, &str); 3] = [
    ("x-forwarded-user", "ada@example.com"),
    ("x-forwarded-groups", "ops"),
    ("x-unstale-proxy-secret", PROXY_SECRET),
];

async fn get(app: &TestApp, headers: &[(&str, &str)]) -> Answer {
    app.stranger().send(Method::GET, "/history?tab=everything", headers, Vec::new()).await
}

#[tokio::test]
async fn the_proxys_word_opens_each_page_without_a_cookie() {
    let app = app("127.0.0.0/8", user_header()).await;
    let head = app.world.head().await;
    get(&app, &ADA).await.assert_status(200);
    assert_eq!(app.world.events_after(head).await, ["person.added", "person.groups_changed"]);
    get(&app, &ADA).await.assert_status(200);
    assert_eq!(app.world.head().await, head + 2, "it is written once");
    get(&app, &[]).await.assert_status(303);
    // Acts are in their name, with the way and the client's address.
    let headers = [
        &ADA[..],
        &[("x-forwarded-for", "6.6.6.6, 203.0.113.9"), ("sec-fetch-site", "same-origin")],
        &[("content-type", "application/x-www-form-urlencoded")],
    ]
    .concat();
    let browser = app.stranger();
    browser.send(Method::POST, "/distributions/refresh", &headers, Vec::new()).await.assert_status(303);
    let event = app.world.history().await.pop().unwrap().event;
    assert_eq!(event.acting.actor.name(), "ada@example.com");
    assert_eq!(event.acting.origin.sign_in, "proxy header");
    assert_eq!(event.acting.origin.client_address, "203.0.113.9");
    // Another site cannot use it.
    for foreign in [&[("sec-fetch-site", "cross-site")][..], &[]] {
        let headers = [&ADA[..], foreign, &[("content-type", "application/x-www-form-urlencoded")]].concat();
        browser.send(Method::POST, "/distributions/refresh", &headers, Vec::new()).await.assert_status(403);
    }
    // A role that changes counts at once; one that is gone shuts out.
    let dev = [ADA[0], ("x-forwarded-groups", "dev"), ADA[2]];
    get(&app, &dev).await.assert_status(200);
    let events = app.world.history().await;
    assert!(events.iter().any(|event| event.event.action.as_str() == "person.role_changed"));
    get(&app, &[ADA[0], ADA[2]]).await.assert_status(403).assert_says("you have no role here");
    // Signing out is the proxy's.
    let headers = [&dev[..], &[("sec-fetch-site", "same-origin")]].concat();
    let answer = browser.send(Method::POST, "/sign-out", &headers, Vec::new()).await;
    answer.assert_status(403).assert_says("signed in by the proxy");
    app.world.database.raw().await.run("UPDATE person SET disabled_at = 1").await.unwrap();
    get(&app, &dev).await.assert_status(403).assert_says("Your account here is disabled.");
    app.finish().await;
}

/// Headers that somebody makes up to be Ada.
fn spoofs() -> Vec<Vec<(&'static str, &'static str)>> {
    let mut spoofs: Vec<Vec<(&str, &str)>> = [
        "X-Forwarded-User",
        "X_Forwarded_User",
        "X-Forwarded_User",
        "X_Forwarded-User",
        "x.forwarded.user",
        "X.Forwarded-User",
        "XForwardedUser",
        "x-forwarded-user-",
        "-x-forwarded-user",
        "x--forwarded-user",
        "X-FORWARDED-USER",
        "x-Forwarded-uSer",
        "x~forwarded~user",
        "x+forwarded+user",
        "x!forwarded!user",
        "x'forwarded'user",
        "x|forwarded|user",
        "x^forwarded^user",
        "x*forwarded*user",
        "x#forwarded#user",
    ]
    .into_iter()
    .map(|name| vec![(name, "ada@example.com")])
    .collect();
    for name in
        ["X-Forwarded-Groups", "x_forwarded_groups", "X-Unstale-Proxy-Secret", "x_unstale_proxy_secret"]
    {
        spoofs.push(vec![(name, "boss")]);
    }
    for secret in ["", "wrong", "a secret that only the proxy know", "A SECRET THAT ONLY THE PROXY KNOWS"] {
        spoofs.push(vec![ADA[0], ("x-unstale-proxy-secret", secret)]);
    }
    for name in ["", " ", ",", "ada,eve", "ada;eve", "a\tb"] {
        spoofs.push(vec![("x-forwarded-user", name), ADA[2]]);
    }
    // With everything right, and one thing beside it.
    for beside in ["X_Forwarded_User", "x.forwarded.groups", "X_Unstale_Proxy_Secret", "xforwardeduser"] {
        spoofs.push([&ADA[..], &[(beside, "eve")]].concat());
    }
    spoofs
}

#[tokio::test]
async fn made_up_headers_are_refused_from_everywhere() {
    let mut tried = 0;
    for trusted in ["127.0.0.0/8", "10.0.0.0/16"] {
        let app = app(trusted, user_header()).await;
        let head = app.world.head().await;
        for spoof in spoofs() {
            for extra in [&[][..], &[("x-forwarded-for", "10.0.0.1, 127.0.0.1")]] {
                let headers = [&spoof[..], extra].concat();
                let answer = get(&app, &headers).await;
                // A secret alone names nobody: a trusted proxy may send it with every request.
                let harmless = trusted.starts_with("127")
                    && (spoof[0].0.eq_ignore_ascii_case("x-unstale-proxy-secret")
                        || spoof[0].0.eq_ignore_ascii_case("x-forwarded-groups"));
                answer.assert_status(if harmless { 303 } else { 400 });
                tried += 1;
            }
        }
        // Twice the same.
        for name in ["x-forwarded-user", "x-forwarded-groups", "x-unstale-proxy-secret"] {
            let mut request = reqwest::Client::builder()
                .no_proxy()
                .build()
                .unwrap()
                .get(format!("{}/history", app.address));
            for (name, value) in ADA {
                request = request.header(name, value);
            }
            let answer = request.header(name, ADA[0].1).send().await.unwrap();
            assert_eq!(answer.status(), 400, "{name} twice");
            tried += 1;
        }
        // A wrong word at an address that needs no session is refused as well.
        let answer =
            app.stranger().send(Method::GET, "/sign-in", &[("x_forwarded_user", "ada")], Vec::new()).await;
        answer.assert_status(400);
        let people = app.world.database.raw().await.number("SELECT count(*) FROM person").await;
        assert_eq!(people, 1, "{trusted}: nobody was added to the one who was there");
        // The clock stood still: of each kind there is one event.
        let events = app.world.events_after(head).await;
        assert!(events.iter().all(|event| *event == "request.header_refused"), "{events:?}");
        assert!((1..=5).contains(&events.len()), "{events:?}");
        app.world.advance(std::time::Duration::from_secs(61));
        get(&app, &[("x_forwarded_user", "ada")]).await.assert_status(400);
        assert_eq!(app.world.events_after(head).await.len(), events.len() + 1);
        app.finish().await;
    }
    assert!(tried >= 60, "{tried}");
}

#[tokio::test]
async fn a_header_that_is_not_set_up_is_nobodys_word() {
    let app = app("127.0.0.0/8", IdentityProxies::default()).await;
    get(&app, &ADA).await.assert_status(303);
    get(&app, &[("x-amzn-oidc-data", "x"), ("cf-access-jwt-assertion", "y")]).await.assert_status(303);
    app.finish().await;
}

/// AWS's page of keys.
async fn key_page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let keys = BTreeMap::from([(KID, include_str!("../support/keys/ec.pub.pem"))]);
    let page = move |Path(kid): Path<String>| {
        let found = keys.get(kid.as_str()).map_or((StatusCode::NOT_FOUND, ""), |pem| (StatusCode::OK, *pem));
        async move { found.into_response() }
    };
    let routes = Router::new().route("/{kid}", routing::get(page));
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    address
}

async fn alb_app() -> TestApp {
    let settings = AlbSettings {
        arn: ARN.to_owned(),
        issuer: ISSUER.to_owned(),
        client_id: Some("unstale".to_owned()),
        keys_url: Some(key_page().await),
    };
    let alb = Alb::new(settings, Http::new().unwrap());
    app("127.0.0.0/8", IdentityProxies { alb: Some(alb), ..IdentityProxies::default() }).await
}

fn alb_draft(app: &TestApp) -> Draft {
    let end = app.world.now().as_micros() / 1_000_000 + 120;
    Draft {
        header: json!({"alg": "ES256", "kid": KID, "signer": ARN, "iss": ISSUER, "client": "unstale", "exp": end}),
        claims: json!({"sub": "ada-1", "email": "ada@example.com", "roles": "ops", "exp": end, "iss": ISSUER}),
        signer: Signer::Ec,
    }
}

#[tokio::test]
async fn the_load_balancers_token_is_believed_with_its_padding() {
    let app = alb_app().await;
    let mut draft = alb_draft(&app);
    // A length that base64 has to pad.
    while !sign(&draft, true).split('.').next().unwrap().ends_with('=') {
        let longer = format!("{}x", draft.header["typ"].as_str().unwrap_or_default());
        draft.header["typ"] = longer.into();
    }
    for padded in [true, false] {
        let token = sign(&draft, padded);
        assert_eq!(token.split('.').next().unwrap().ends_with('='), padded);
        get(&app, &[("x-amzn-oidc-data", &token)]).await.assert_status(200).assert_says("Person added");
    }
    app.finish().await;
}

#[tokio::test]
async fn the_load_balancers_token_is_not_believed_with_any_fault() {
    let app = alb_app().await;
    let good = alb_draft(&app);
    let header = |name: &str, value: Value| {
        let mut draft = good.clone();
        draft.header[name] = value;
        draft
    };
    let claim = |name: &str, value: Value| {
        let mut draft = good.clone();
        draft.claims[name] = value;
        draft
    };
    let pem = include_bytes!("../support/keys/ec.pub.pem").to_vec();
    let bad = [
        header("signer", ARN.replace("web", "evil").into()),
        header("signer", Value::Null),
        header("client", "somebody".into()),
        header("kid", "fedcba98-89ab-cdef-0123-456789abcdef".into()),
        header("kid", "../keys".into()),
        header("kid", "https://evil.example/key".into()),
        header("kid", Value::Null),
        header("alg", "none".into()),
        header("alg", "RS256".into()),
        header("alg", "HS256".into()),
        Draft { signer: Signer::OtherEc, ..good.clone() },
        Draft { signer: Signer::Text(""), ..good.clone() },
        Draft { signer: Signer::Hmac(pem), ..header("alg", "HS256".into()) },
        claim("iss", "https://evil.example".into()),
        claim("iss", Value::Null),
        claim("exp", (app.world.now().as_micros() / 1_000_000 - 120).into()),
        claim("exp", Value::Null),
        claim("sub", "".into()),
    ];
    for draft in bad {
        app.world.advance(std::time::Duration::from_secs(11));
        let token = sign(&draft, true);
        let answer = get(&app, &[("x-amzn-oidc-data", &token)]).await;
        assert!(matches!(answer.status, 400 | 503), "{}: {draft:?}", answer.status);
    }
    for odd in ["", "x", "a.b.c", "...", &"x".repeat(40_000)] {
        let answer = get(&app, &[("x-amzn-oidc-data", odd)]).await;
        assert!(matches!(answer.status, 400 | 431), "{}", answer.status);
    }
    assert_eq!(app.world.database.raw().await.number("SELECT count(*) FROM person").await, 1);
    app.finish().await;
}

#[tokio::test]
async fn cloudflares_assertion_is_believed_for_this_application_only() {
    let world = World::new().await;
    let keys = Provider::start(world.clock.clone()).await;
    let team = keys.issuer.clone();
    let access = CloudflareAccess::new(
        CloudflareAccessSettings { team: team.clone(), audience: AUDIENCE.to_owned() },
        Http::new().unwrap(),
    );
    let app =
        app_over(world, "127.0.0.1", IdentityProxies { access: Some(access), ..IdentityProxies::default() })
            .await;
    let end = keys.now() + 120;
    let good = Draft {
        header: json!({"alg": "RS256", "kid": "rsa"}),
        claims: json!({"sub": "c-1", "email": "ada@example.com", "roles": ["boss"], "exp": end, "iss": team, "aud": [AUDIENCE]}),
        signer: Signer::Rsa,
    };
    get(&app, &[("cf-access-jwt-assertion", &sign(&good, false))]).await.assert_status(200);
    let with = |name: &str, value: Value| {
        let mut draft = good.clone();
        draft.claims[name] = value;
        draft
    };
    let ec = json!({"alg": "ES256", "kid": "ec"});
    for bad in [
        with("aud", json!(["another"])),
        with("iss", "https://other.cloudflareaccess.com".into()),
        with("exp", (keys.now() - 61).into()),
        Draft { signer: Signer::OtherRsa, ..good.clone() },
        Draft { signer: Signer::Ec, header: ec, ..good.clone() },
        Draft { signer: Signer::Text(""), header: json!({"alg": "none"}), ..good.clone() },
    ] {
        let answer = get(&app, &[("cf-access-jwt-assertion", &sign(&bad, false))]).await;
        answer.assert_status(400);
    }
    // Its spelling too is guarded.
    get(&app, &[("cf_access_jwt_assertion", &sign(&good, false))]).await.assert_status(400);
    app.finish().await;
}
