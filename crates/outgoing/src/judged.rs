//! Connects only to addresses that a judge allows, so that nobody can make this server ask its own network.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    vec,
};

use hyper::Uri;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower::Service;

/// Says whether an address may be connected to.
pub type AddressJudge = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// An address that may not be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its address {0} is not one of the public internet")]
pub struct AddressRefused(IpAddr);

impl AddressRefused {
    /// Judges a host that is an address already. `None` if it is a name, or may be connected to.
    pub(crate) fn literal(to: &Uri, judge: &AddressJudge) -> Option<Self> {
        let host = to.host()?.trim_matches(['[', ']']);
        let address: IpAddr = host.parse().ok()?;
        (!judge(address)).then_some(Self(address))
    }
}

/// Resolves names as the system does, and judges what it finds.
#[derive(Clone)]
pub struct JudgedResolver {
    system: GaiResolver,
    judge: Option<AddressJudge>,
}

impl fmt::Debug for JudgedResolver {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JudgedResolver(…)")
    }
}

impl JudgedResolver {
    pub(crate) fn new(judge: Option<AddressJudge>) -> Self {
        Self { system: GaiResolver::new(), judge }
    }
}

impl Service<Name> for JudgedResolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.system.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (resolving, judge) = (self.system.call(name), self.judge.clone());
        Box::pin(async move {
            let found: Vec<SocketAddr> = resolving.await?.collect();
            let refused = judge.and_then(|judge| found.iter().find(|address| !judge(address.ip())));
            match refused {
                Some(address) => Err(io::Error::other(AddressRefused(address.ip()))),
                None => Ok(found.into_iter()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge() -> AddressJudge {
        Arc::new(|address: IpAddr| !address.is_loopback())
    }

    #[test]
    fn a_host_that_is_an_address_is_judged() {
        for (to, is_refused) in [
            ("http://127.0.0.1:80/", true),
            ("https://[::1]/", true),
            ("https://192.0.2.1/", false),
            ("https://localhost/", false),
        ] {
            let refused = AddressRefused::literal(&to.parse().unwrap(), &judge());
            assert_eq!(refused.is_some(), is_refused, "{to}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_refused_address_is_refused() {
        let mut resolver = JudgedResolver::new(Some(judge()));
        let refused = resolver.call("localhost".parse().unwrap()).await.unwrap_err();
        assert!(refused.to_string().contains("not one of the public internet"), "{refused}");
        let found = JudgedResolver::new(None).call("localhost".parse().unwrap()).await.unwrap();
        assert!(found.count() > 0);
    }
}
