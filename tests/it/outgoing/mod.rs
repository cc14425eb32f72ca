//! Calls to other machines, made by the real program: through which proxy, to which address, with which certificates.

mod given;

use std::{
    fs::File,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use cloudfront_sandbox::Sandbox;
use tempfile::TempDir;

use crate::{
    kill::stand_in,
    pages::process::{Service, complained, program},
};
use given::{PATIENCE, Proxy, authority, refusing_proxy, tls_before};

/// The service in a folder of its own, with these variables, and its log.
struct Running {
    folder: TempDir,
    child: Child,
}

impl Running {
    fn start(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = serve(folder.path(), variables);
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Self { folder, child }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn until_it_logs(&self, words: &str) {
        until(|| self.log().contains(words), || format!("{words:?} is not in the log:\n{}", self.log()));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(folder: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = program(folder, &["serve", "--listen", "127.0.0.1:0"]);
    command.env_remove("AWS_ENDPOINT_URL_CLOUDFRONT").envs(variables.iter().copied());
    command
}

fn until(done: impl Fn() -> bool, words: impl Fn() -> String) {
    let since = Instant::now();
    while !done() {
        assert!(since.elapsed() < PATIENCE, "{}", words());
        thread::sleep(Duration::from_millis(20));
    }
}

async fn cloudfront() -> (TempDir, std::sync::Arc<Sandbox>, SocketAddr) {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = stand_in(&folder).await;
    let address = sandbox.api_url().trim_start_matches("http://").parse().unwrap();
    (folder, sandbox, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_is_asked_through_a_tunnel_with_the_password_and_the_named_certificates() {
    let (_folder, sandbox, address) = cloudfront().await;
    let proxy = Proxy::start(&[("cloudfront.example:443", tls_before(address).await)]);
    let bundle = authority();
    let running = Running::start(&[
        ("HTTPS_PROXY", &format!("http://ada:p%40ss@{}", proxy.address)),
        ("AWS_ENDPOINT_URL_CLOUDFRONT", "https://cloudfront.example"),
        ("AWS_CA_BUNDLE", bundle.to_str().unwrap()),
    ]);
    until(|| !sandbox.calls().is_empty(), || running.log());
    let head = proxy.until("CONNECT cloudfront.example:443 HTTP/1.1\r\n");
    // ada:p@ss
    assert!(head.contains("Proxy-Authorization: Basic YWRhOnBAc3M=\r\n"), "{head}");
    let log = running.log();
    assert!(log.contains("calls to other machines go through a proxy"), "{log}");
    assert!(log.contains(&format!("http://{} (HTTPS_PROXY)", proxy.address)), "{log}");
    assert!(!log.contains("p%40ss") && !log.contains("ada:"), "{log}");
    assert!(log.contains("tls_ca.pem"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_address_is_asked_for_as_a_whole() {
    let (_folder, sandbox, address) = cloudfront().await;
    let proxy = Proxy::start(&[("cloudfront.example", address)]);
    let running = Running::start(&[
        ("http_proxy", &format!("ada:p%40ss@{}", proxy.address)),
        ("AWS_ENDPOINT_URL", "http://cloudfront.example"),
        ("AWS_SDK_UA_APP_ID", "docs-desk"),
    ]);
    until(|| !sandbox.calls().is_empty(), || running.log());
    let head = proxy.until("GET http://cloudfront.example/2020-05-31/distribution");
    assert!(head.to_ascii_lowercase().contains("proxy-authorization: basic ywrhonbac3m=\r\n"), "{head}");
    assert!(head.contains("app/docs-desk"), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn providers_and_the_webhook_are_asked_through_it_and_this_machine_never_is() {
    let (_folder, sandbox, _) = cloudfront().await;
    let proxy = Proxy::start(&[]);
    let address = format!("http://{}", proxy.address);
    let variables = [
        ("ALL_PROXY", address.as_str()),
        ("NO_PROXY", "siem.example"),
        ("AWS_ENDPOINT_URL_CLOUDFRONT", &sandbox.api_url()),
        ("UNSTALE_PUBLIC_URL", "https://unstale.example"),
        ("UNSTALE_OIDC_ISSUER", "https://idp.example"),
        ("UNSTALE_OIDC_CLIENT_ID", "unstale"),
        ("UNSTALE_AUDIT_WEBHOOK", "https://siem.example/heads"),
    ];
    let running = Running::start(&variables);
    proxy.until("CONNECT idp.example:443");
    running.until_it_logs("the webhook did not take a signed head");
    until(|| !sandbox.calls().is_empty(), || running.log());
    let heads = proxy.heads();
    assert!(heads.iter().all(|head| head.starts_with("CONNECT idp.example:443")), "{heads:#?}");
    assert!(running.log().contains("through the proxy http://127.0.0.1"), "{}", running.log());
    drop(running);

    let _running = Running::start(&variables.map(|(name, value)| {
        if name == "NO_PROXY" { (name, "idp.example,10.0.0.0/8") } else { (name, value) }
    }));
    proxy.until("CONNECT siem.example:443");
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_stand_in_for_cloudfront_alone_aws_itself_is_not_asked() {
    let (_folder, sandbox, _) = cloudfront().await;
    let (proxy, stand_in) = (Proxy::start(&[]), sandbox.api_url());
    let address = format!("http://{}", proxy.address);
    let alone = [("HTTPS_PROXY", address.as_str()), ("AWS_ENDPOINT_URL_CLOUDFRONT", &stand_in)];
    let asked = |name: &str| sandbox.calls().iter().filter(|call| call.operation == name).count();
    let running = Running::start(&alone);
    // One is read in a tick, and each tick looks whether CloudWatch is to be asked.
    until(|| asked("GetDistributionConfig") >= 3, || running.log());
    assert_eq!((proxy.heads().len(), asked("GetMetricData"), asked("ListSubscriptions")), (0, 0, 0));
    drop(running);
    let named =
        [("AWS_ENDPOINT_URL_CLOUDWATCH", &*stand_in), ("AWS_ENDPOINT_URL_PRICING_PLAN_MANAGER", &stand_in)];
    let running = Running::start(&[&alone[..], &named].concat());
    until(|| asked("GetMetricData") > 0 && asked("ListSubscriptions") > 0, || running.log());
    assert_eq!(proxy.heads().len(), 0);
    drop(running);
    sandbox.clear_calls();
    let off = [("UNSTALE_CLOUDWATCH", "off")];
    let running = Running::start(&[&alone[..], &named, &off].concat());
    until(|| asked("ListSubscriptions") > 0 && asked("GetDistributionConfig") >= 3, || running.log());
    assert_eq!(asked("GetMetricData"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_aws_cli_reads_is_followed() {
    let proxy = Proxy::start(&[]);
    let address = format!("http://{}", proxy.address);
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    std::fs::write(
        &config,
        "[profile desk]\nservices = near\n[services near]\ncloudfront =\n  endpoint_url = https://services.example\n\
         [profile fips]\nuse_fips_endpoint = true\nregion = us-east-1\n",
    )
    .unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "x").unwrap();
    let (config, token) = (config.to_str().unwrap(), token.to_str().unwrap());
    for (variables, host) in [
        (&[][..], "cloudfront.amazonaws.com"),
        (&[("AWS_USE_FIPS_ENDPOINT", "true")], "cloudfront-fips.amazonaws.com"),
        (&[("AWS_USE_DUALSTACK_ENDPOINT", "true")], "cloudfront.global.api.aws"),
        (
            &[("AWS_PROFILE", "fips"), ("AWS_USE_DUALSTACK_ENDPOINT", "true")],
            "cloudfront-fips.global.api.aws",
        ),
        (&[("AWS_PROFILE", "desk")], "services.example"),
        (&[("AWS_DEFAULT_PROFILE", "desk")], "services.example"),
        (&[("AWS_ENDPOINT_URL", "https://all.example")], "all.example"),
        (
            &[("AWS_ENDPOINT_URL", "https://all.example"), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")],
            "cloudfront.amazonaws.com",
        ),
        (
            &[
                ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/unstale"),
                ("AWS_WEB_IDENTITY_TOKEN_FILE", token),
                ("AWS_ACCESS_KEY_ID", ""),
                ("AWS_SECRET_ACCESS_KEY", ""),
            ],
            "sts.us-east-1.amazonaws.com",
        ),
    ] {
        let before = proxy.heads().len();
        let mut all = vec![("HTTPS_PROXY", address.as_str()), ("AWS_CONFIG_FILE", config)];
        all.extend_from_slice(variables);
        let running = Running::start(&all);
        until(|| proxy.heads().len() > before, || format!("{variables:?}: {}", running.log()));
        let head = proxy.heads()[before].clone();
        assert!(head.starts_with(&format!("CONNECT {host}:443 ")), "{variables:?}: {head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_followed_is_said_at_the_start() {
    let (_folder, sandbox, _) = cloudfront().await;
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    std::fs::write(&config, "[default]\nretry_mode = adaptive\n").unwrap();
    let running = Running::start(&[
        ("AWS_ENDPOINT_URL_CLOUDFRONT", &sandbox.api_url()),
        ("AWS_CONFIG_FILE", config.to_str().unwrap()),
        ("AWS_MAX_ATTEMPTS", "9"),
        ("AWS_STS_REGIONAL_ENDPOINTS", "regional"),
    ]);
    until(|| !sandbox.calls().is_empty(), || running.log());
    let log = running.log();
    for setting in ["AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"] {
        let line = log.lines().find(|line| line.contains(&format!("setting=\"{setting}\""))).expect(&log);
        assert!(line.contains("CreateInvalidation is sent once"), "{line}");
    }
    assert!(!log.contains("AWS_STS_REGIONAL_ENDPOINTS") && !log.contains("go through a proxy"), "{log}");
}

#[test]
fn what_cannot_be_followed_stops_the_start_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value, words) in [
        ("HTTPS_PROXY", "http://ada:hush/hush@127.0.0.1:1", "HTTPS_PROXY is not the address of a proxy"),
        ("https_proxy", "http://127.0.0.1:port", "https_proxy is not the address of a proxy"),
        ("ALL_PROXY", "socks5h://127.0.0.1:1", "ALL_PROXY names a proxy of another kind"),
        ("AWS_CA_BUNDLE", "/no/such/file", "/no/such/file: it cannot be read"),
        ("AWS_CA_BUNDLE", "/dev/null", "/dev/null: it has no certificate"),
        ("REQUESTS_CA_BUNDLE", "/dev/null", "REQUESTS_CA_BUNDLE is /dev/null"),
        ("AWS_MAX_ATTEMPTS", "0", "AWS_MAX_ATTEMPTS (max_attempts) is \"0\"; it has to be a whole number"),
        ("AWS_MAX_ATTEMPTS", "x", "AWS_MAX_ATTEMPTS (max_attempts) is \"x\""),
        ("AWS_RETRY_MODE", "bogus", "it has to be standard, adaptive or legacy"),
        ("AWS_USE_FIPS_ENDPOINT", "yes", "AWS_USE_FIPS_ENDPOINT (use_fips_endpoint) is \"yes\""),
        ("AWS_USE_DUALSTACK_ENDPOINT", "1", "it has to be true or false"),
        ("AWS_REGION", "us east 1", "the region \"us east 1\""),
        ("AWS_ENDPOINT_URL_CLOUDFRONT", "hush:41115", "AWS_ENDPOINT_URL_CLOUDFRONT is not the address"),
        ("AWS_ENDPOINT_URL_STS", "hush", "AWS_ENDPOINT_URL_STS is not the address"),
        ("AWS_ENDPOINT_URL", "", "AWS_ENDPOINT_URL is not the address of a service"),
    ] {
        let output = serve(folder.path(), &[(name, value)]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}={value}: {}", complained(&output));
        let said = complained(&output);
        assert!(said.contains(words) && !said.contains("hush"), "{name}={value}: {said}");
    }
}

#[test]
fn a_mistake_in_the_profile_stops_the_start_too() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    for (text, words) in [
        ("max_attempts = 0", "AWS_MAX_ATTEMPTS (max_attempts) is \"0\""),
        ("retry_mode = bogus", "AWS_RETRY_MODE (retry_mode) is \"bogus\""),
        ("endpoint_url = 127.0.0.1:1", "endpoint_url in the profile is not the address"),
        (
            "use_fips_endpoint = true\nendpoint_url = http://127.0.0.1:1",
            "AWS_USE_FIPS_ENDPOINT (use_fips_endpoint) does not go together with an endpoint of your own",
        ),
    ] {
        std::fs::write(&config, format!("[default]\n{text}\n")).unwrap();
        let variables = [("AWS_CONFIG_FILE", config.to_str().unwrap())];
        let output = serve(folder.path(), &variables).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}: {}", complained(&output));
        assert!(complained(&output).contains(words), "{text}: {}", complained(&output));
    }
}

/// As compose's `${X:-}` gives them; and `legacy` is a value of the AWS CLI.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_setting_is_none_and_legacy_is_followed() {
    let (_folder, sandbox, _) = cloudfront().await;
    let running = Running::start(&[
        ("AWS_ENDPOINT_URL_CLOUDFRONT", &sandbox.api_url()),
        ("AWS_MAX_ATTEMPTS", ""),
        ("AWS_RETRY_MODE", "legacy"),
        ("AWS_USE_FIPS_ENDPOINT", ""),
        ("AWS_REGION", ""),
    ]);
    until(|| !sandbox.calls().is_empty(), || running.log());
    let log = running.log();
    assert!(log.contains("legacy is followed as standard"), "{log}");
    assert!(!log.contains("AWS_MAX_ATTEMPTS") && !log.contains("panicked"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_lets_no_tunnel_through_is_named() {
    for (status, words) in [
        ("407 Proxy Authentication Required", "asks for a user and password"),
        ("403 Forbidden", "refuses the tunnel to AWS"),
    ] {
        let address = refusing_proxy(status);
        let running = Running::start(&[("HTTPS_PROXY", &format!("http://ada:hush@{address}"))]);
        running.until_it_logs(&format!("The proxy `http://{address} (HTTPS_PROXY)` {words}."));
        assert!(!running.log().contains("hush"), "{}", running.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_reaches_the_service_through_the_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path());
    let plain = service.address.parse().unwrap();
    let proxy = Proxy::start(&[("unstale.example", plain), ("unstale.example:443", tls_before(plain).await)]);
    let address = format!("http://ada:p%40ss@{}", proxy.address);
    let certificates = authority();
    for (server, more, head) in [
        ("http://unstale.example", &["--plain-http"][..], "POST http://unstale.example/api/v1/plan HTTP/1.1"),
        ("https://unstale.example", &[], "CONNECT unstale.example:443 HTTP/1.1"),
    ] {
        let args = [&["invalidate", "--server", server, "--distribution", "E1", "/a"], more].concat();
        let mut command = program(folder.path(), &args);
        command.env("ALL_PROXY", &address).env("UNSTALE_TOKEN", "unstale_unknown");
        let output = command.env("SSL_CERT_FILE", &certificates).output().unwrap();
        // The service answered, and does not know the token.
        assert_eq!(output.status.code(), Some(3), "{}", complained(&output));
        let head = proxy.until(head).to_ascii_lowercase();
        assert!(head.contains("proxy-authorization: basic ywrhonbac3m=\r\n"), "{head}");
    }
    let mut command = program(folder.path(), &["invalidate", "--server", "https://unstale.example"]);
    command.args(["--distribution", "E1", "/a"]).env("UNSTALE_TOKEN", "unstale_unknown");
    let output = command.env("https_proxy", "http://127.0.0.1:1/hush").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", complained(&output));
    assert!(complained(&output).contains("https_proxy is not the address of a proxy"));
}
