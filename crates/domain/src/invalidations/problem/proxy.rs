//! A proxy that refuses a tunnel to AWS: the note that the client stores, and the advice.

const ASKS: &str = "asks for a user and password";
const REFUSES: &str = "refuses the tunnel to AWS";

/// The note to store. `proxy` is the proxy's address without its password, with the environment variable that sets
/// it.
#[must_use]
pub fn note(proxy: &str, wants_a_password: bool) -> String {
    format!("The proxy `{proxy}` {}.", if wants_a_password { ASKS } else { REFUSES })
}

/// What a person can do about it. `None` if the message has no note about a proxy.
pub(super) fn advice(message: &str) -> Option<String> {
    let (proxy, rest) = message.split_once("The proxy `")?.1.split_once("` ")?;
    let what = if rest.starts_with(ASKS) {
        format!(
            "The proxy {proxy} {ASKS}: write them into its variable, as http://USER:PASSWORD@proxy.example.com:3128, and restart Unstale. What is queued stays queued."
        )
    } else {
        format!(
            "The proxy {proxy} {REFUSES}: let it allow CONNECT to cloudfront.amazonaws.com, port 443. Unstale tries again automatically."
        )
    };
    Some(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_is_named_with_what_it_wants() {
        let told = |wants| advice(&format!("dispatch failure: {}", note("http://p:1 (HTTPS_PROXY)", wants)));
        assert!(told(true).unwrap().starts_with("The proxy http://p:1 (HTTPS_PROXY) asks for a user"));
        assert!(told(false).unwrap().starts_with("The proxy http://p:1 (HTTPS_PROXY) refuses the tunnel"));
        assert_eq!(advice("connection refused"), None);
    }
}
