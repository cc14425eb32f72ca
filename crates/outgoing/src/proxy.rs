//! The proxies that the environment names: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, as the AWS CLI,
//! Python and curl read them.

use std::{env, fmt};

use hyper::{Uri, header::HeaderValue};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use url::Url;

use super::no_proxy::{NoProxy, is_near};

/// The proxies for http and https requests, and the hosts that are reached without a proxy.
#[derive(Debug, Clone, Default)]
pub struct OutgoingProxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    except: NoProxy,
    /// The value of `NO_PROXY`.
    except_text: String,
}

/// A proxy that speaks HTTP, plain or over TLS.
#[derive(Clone)]
pub struct Proxy {
    /// The variable that sets the proxy.
    variable: &'static str,
    /// The URL of the proxy, with user name and password if there are any.
    address: Url,
    /// The same proxy in the form that the connector uses.
    route: Intercept,
}

/// Why the settings of the environment cannot be used. Messages never contain the value, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingProxyError {
    #[error(
        "{variable} is not the address of a proxy ({why}); write it as http://proxy.example.com:3128 or http://USER:PASSWORD@proxy.example.com:3128, with %40 for @, %2F for / and so on in the password"
    )]
    Address { variable: &'static str, why: String },
    #[error(
        "{0} names a proxy of another kind than HTTP; set HTTPS_PROXY and HTTP_PROXY to an HTTP proxy, such as http://proxy.example.com:3128, or NO_PROXY=* to go without"
    )]
    Kind(&'static str),
}

impl OutgoingProxies {
    pub fn from_environment() -> Result<Self, OutgoingProxyError> {
        Self::read(|name| env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// A lower-case variable has precedence over an upper-case one, even if it is empty, as in the AWS CLI
    /// (Python's `getproxies_environment`). `ALL_PROXY` is the default for the other two, as in curl.
    fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, OutgoingProxyError> {
        let value = |small: &'static str, capital: &'static str| {
            let found = get(small).map(|value| (small, value));
            let (name, value) = found.or_else(|| get(capital).map(|value| (capital, value)))?;
            let value = value.trim().to_owned();
            (!value.is_empty()).then_some((name, value))
        };
        let except_text = value("no_proxy", "NO_PROXY").map(|(_, value)| value).unwrap_or_default();
        let except = NoProxy::parse(&except_text);
        if except.covers_all() {
            return Ok(Self::default());
        }
        let proxy = |small, capital| {
            let named = value(small, capital).or_else(|| value("all_proxy", "ALL_PROXY"));
            named.map(|(variable, value)| Proxy::parse(variable, &value)).transpose()
        };
        let (http, https) = (proxy("http_proxy", "HTTP_PROXY")?, proxy("https_proxy", "HTTPS_PROXY")?);
        Ok(Self { http, https, except, except_text })
    }

    /// The proxy for this URL. `None` if the connection is direct.
    #[must_use]
    pub fn choose(&self, to: &Uri) -> Option<&Proxy> {
        let (proxy, usual_port) = match to.scheme_str()? {
            "http" => (self.http.as_ref()?, 80),
            "https" => (self.https.as_ref()?, 443),
            _ => return None,
        };
        let (host, port) = (to.host()?, to.port_u16().unwrap_or(usual_port));
        let directly = is_near(host) || self.except.covers(host, port);
        (!directly).then_some(proxy)
    }

    /// Each of them.
    pub fn all(&self) -> impl Iterator<Item = &Proxy> {
        self.http.iter().chain(&self.https)
    }

    /// Logs which proxies are used.
    pub fn log(&self) {
        let shown = |proxy: &Option<Proxy>| proxy.as_ref().map(ToString::to_string);
        if self.all().next().is_some() {
            tracing::info!(
                https = shown(&self.https),
                http = shown(&self.http),
                no_proxy = self.except_text,
                "calls to other machines go through a proxy"
            );
        }
    }
}

impl Proxy {
    fn parse(variable: &'static str, text: &str) -> Result<Self, OutgoingProxyError> {
        let wrong = |why: &str| OutgoingProxyError::Address { variable, why: why.to_owned() };
        let text = text.trim_start_matches("//");
        let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let address = Url::parse(&text).map_err(|error| wrong(&error.to_string()))?;
        if !matches!(address.scheme(), "http" | "https") {
            return Err(OutgoingProxyError::Kind(variable));
        }
        // If a password contains one of these characters unescaped, the URL parser takes the user name for the
        // host.
        if address.path() != "/" || address.query().is_some() || address.fragment().is_some() {
            return Err(wrong("there is a path, a ? or a # in it"));
        }
        let somewhere = Uri::from_static("https://example.com/");
        let route = Matcher::builder().all(address.as_str()).build().intercept(&somewhere);
        let route = route.ok_or_else(|| wrong("it cannot be read"))?;
        Ok(Self { variable, address, route })
    }

    /// The URL of the proxy, without user name and password.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        self.route.uri()
    }

    /// The URL of the proxy, with user name and password. It is a secret.
    #[must_use]
    pub fn secret_address(&self) -> &str {
        self.address.as_str()
    }

    /// The value for `Proxy-Authorization`. `None` if its URL has no user name and password.
    #[must_use]
    pub fn authorization(&self) -> Option<&HeaderValue> {
        self.route.basic_auth()
    }
}

impl PartialEq for Proxy {
    fn eq(&self, other: &Self) -> bool {
        self.address == other.address
    }
}

/// Without the password.
impl fmt::Display for Proxy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = self.uri();
        let (scheme, place) = (uri.scheme_str().unwrap_or_default(), uri.authority());
        write!(out, "{scheme}://{} ({})", place.map_or("", |place| place.as_str()), self.variable)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<OutgoingProxies, OutgoingProxyError> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        OutgoingProxies::read(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    fn chosen(variables: &[(&str, &str)], to: &'static str) -> Option<String> {
        read(variables).unwrap().choose(&Uri::from_static(to)).map(ToString::to_string)
    }

    #[test]
    fn each_variable_counts_where_it_should() {
        let https = "https://cloudfront.amazonaws.com/";
        for (variables, to, proxy) in [
            (&[("HTTPS_PROXY", "http://p:3128")][..], https, Some("http://p:3128 (HTTPS_PROXY)")),
            (&[("https_proxy", "http://p:3128")], https, Some("http://p:3128 (https_proxy)")),
            (
                &[("https_proxy", "p:3128"), ("HTTPS_PROXY", "q:1")],
                https,
                Some("http://p:3128 (https_proxy)"),
            ),
            (&[("https_proxy", ""), ("HTTPS_PROXY", "q:1")], https, None),
            (&[("HTTPS_PROXY", "//p")], https, Some("http://p (HTTPS_PROXY)")),
            (&[("HTTPS_PROXY", "https://p")], https, Some("https://p (HTTPS_PROXY)")),
            (
                &[("HTTPS_PROXY", "http://[2001:db8::1]:1/")],
                https,
                Some("http://[2001:db8::1]:1 (HTTPS_PROXY)"),
            ),
            (&[("HTTP_PROXY", "http://p:3128")], https, None),
            (&[("HTTP_PROXY", "http://p:3128")], "http://a.example/", Some("http://p:3128 (HTTP_PROXY)")),
            (&[("ALL_PROXY", "http://p:3128")], https, Some("http://p:3128 (ALL_PROXY)")),
            (&[("all_proxy", "http://p:1"), ("HTTPS_PROXY", "q:1")], https, Some("http://q:1 (HTTPS_PROXY)")),
            (&[("HTTPS_PROXY", "p"), ("NO_PROXY", ".amazonaws.com")], https, None),
            (
                &[("HTTPS_PROXY", "p"), ("no_proxy", "other"), ("NO_PROXY", "*")],
                https,
                Some("http://p (HTTPS_PROXY)"),
            ),
            (&[("ALL_PROXY", "socks5://p"), ("NO_PROXY", "*")], https, None),
            (&[("ALL_PROXY", "p")], "http://127.0.0.1:4600/", None),
            (&[("ALL_PROXY", "p")], "http://169.254.169.254/latest/meta-data/", None),
            (&[], https, None),
        ] {
            assert_eq!(chosen(variables, to).as_deref(), proxy, "{variables:?}: {to}");
        }
    }

    #[test]
    fn a_password_is_decoded_for_the_proxy_and_shown_to_nobody() {
        let proxies = read(&[("HTTPS_PROXY", "http://ada:p%40ss%3Aw@p:3128")]).unwrap();
        let proxy = proxies.choose(&Uri::from_static("https://a.example/")).unwrap();
        // ada:p@ss:w
        assert_eq!(proxy.authorization().unwrap(), "Basic YWRhOnBAc3M6dw==");
        assert_eq!(proxy.uri(), "http://p:3128/");
        for shown in [format!("{proxies:?}"), proxy.to_string()] {
            assert!(!shown.contains("ada") && !shown.contains("ss%3A"), "{shown}");
        }
        let raw = read(&[("HTTPS_PROXY", "http://ada:p@ss:w@p:3128")]).unwrap();
        let raw = raw.choose(&Uri::from_static("https://a.example/")).unwrap().authorization().cloned();
        assert_eq!(raw.unwrap(), "Basic YWRhOnBAc3M6dw==");
    }

    #[test]
    fn what_is_no_proxy_is_refused_by_the_name_of_its_variable_alone() {
        for value in [
            "http://",
            "http://p:port",
            "http://hush:hush/1@p:3128",
            "http://hush:1#2@p:3128",
            "http://hush:1?2@p",
            "http://p/hush",
            "http://p:3128?hush",
        ] {
            let error = read(&[("https_proxy", value)]).unwrap_err().to_string();
            assert!(error.starts_with("https_proxy is not the address of a proxy"), "{value}: {error}");
            assert!(!error.contains("hush"), "{error}");
        }
        for value in ["socks5://p:1080", "socks5h://hush:hush@p", "ftp://p"] {
            let error = read(&[("ALL_PROXY", value)]).unwrap_err().to_string();
            assert!(error.starts_with("ALL_PROXY names a proxy of another kind"), "{value}: {error}");
            // Where the others are set it is not asked for.
            assert!(read(&[("ALL_PROXY", value), ("HTTPS_PROXY", "p"), ("HTTP_PROXY", "p")]).is_ok());
        }
    }
}
