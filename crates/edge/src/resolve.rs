//! Which URLs may be asked, and which address is asked for one. Every name is resolved once for each look, each of its
//! addresses is judged, and the connection goes to an address that was judged.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use tokio::time::timeout;
use url::{Host, Url};

use crate::{
    address::PublicAddress,
    error::{FetchError, UrlProblem},
    place::Place,
};

/// Finds the addresses of a host and port. The system's own is used if no other is given. What it answers is judged.
pub type Lookup = Arc<dyn Fn(String, u16) -> LookupFuture + Send + Sync>;

/// The addresses that a [`Lookup`] finds.
pub type LookupFuture = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// An address that a connection may be made to: a public one, or the one of a [`Place`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judged(SocketAddr);

impl Judged {
    pub(crate) const fn get(self) -> SocketAddr {
        self.0
    }
}

/// So many addresses of one name are tried at the most.
const ADDRESSES_MAX: usize = 4;

/// Resolves names and judges their addresses.
#[derive(Clone)]
pub(crate) struct Resolver {
    place: Place,
    lookup: Lookup,
    judge: fn(IpAddr) -> Option<PublicAddress>,
}

/// The names of one look that are resolved. A redirect back to one of them is not resolved again.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<Name>);

#[derive(Debug)]
struct Name {
    host: String,
    /// The port that it was resolved for.
    port: u16,
    judged: Vec<Judged>,
}

impl Name {
    fn at(&self, port: u16) -> Vec<Judged> {
        let at = |judged: &Judged| Judged(SocketAddr::new(judged.0.ip(), port));
        if port == self.port { self.judged.clone() } else { self.judged.iter().map(at).collect() }
    }
}

impl Resolver {
    pub(crate) fn new(place: Place) -> Self {
        let lookup: Lookup = Arc::new(|host, port| Box::pin(system_lookup(host, port)));
        Self { place, lookup, judge: PublicAddress::new }
    }

    pub(crate) const fn place(&self) -> Place {
        self.place
    }

    pub(crate) fn set_lookup(&mut self, lookup: Lookup) {
        self.lookup = lookup;
    }

    /// Lets a test reach its own servers.
    #[cfg(test)]
    pub(crate) fn set_judge(&mut self, judge: fn(IpAddr) -> Option<PublicAddress>) {
        self.judge = judge;
    }

    /// Refuses what is not looked at, whatever its host leads to. Only where a [`Place`] has one address may a URL have another
    /// port than 80 and 443, and that address for a host.
    pub(crate) fn check(&self, url: &Url) -> Result<(), FetchError> {
        let refused = |problem| Err(FetchError::UrlRefused(problem));
        if !matches!(url.scheme(), "http" | "https") {
            return refused(UrlProblem::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused(UrlProblem::UserInfo);
        }
        let Some(host) = url.host() else { return refused(UrlProblem::Host) };
        if let Some(ip) = literal(&host) {
            let is_the_one = self.place.address().is_some_and(|address| address.ip() == ip);
            if !is_the_one && (self.judge)(ip).is_none() {
                return Err(FetchError::AddressRefused { host: host.to_string(), address: ip });
            }
        }
        match (self.place, url.port_or_known_default()) {
            (Place::TlsAt(_), _) if url.scheme() == "http" => refused(UrlProblem::PlainHttp),
            (Place::At(_) | Place::TlsAt(_), _) | (Place::Dns, Some(80 | 443)) => Ok(()),
            (Place::Dns, port) => refused(UrlProblem::Port(port.unwrap_or_default())),
        }
    }

    /// The addresses to try for a URL that was [checked](Self::check), in order; never none. A name with any address
    /// that is not public is refused as a whole: it would otherwise depend on chance what is asked, and a site has no
    /// reason for such an address. `other_name` is resolved in the place of the URL's host.
    pub(crate) async fn resolve(
        &self,
        url: &Url,
        other_name: Option<&str>,
        names: &mut Names,
        patience: Duration,
    ) -> Result<Vec<Judged>, FetchError> {
        if let Some(address) = self.place.address() {
            return Ok(vec![Judged(address)]);
        }
        let host = url.host().ok_or(FetchError::UrlRefused(UrlProblem::Host))?;
        let port = url.port_or_known_default().unwrap_or_default();
        if let Some(ip) = literal(&host) {
            return Ok(vec![self.judge(&host.to_string(), SocketAddr::new(ip, port))?]);
        }
        let name = other_name.map_or_else(|| host.to_string(), str::to_owned);
        if let Some(known) = names.0.iter().find(|known| known.host == name) {
            return Ok(known.at(port));
        }
        let judged = self.ask(&name, port, patience).await?;
        names.0.push(Name { host: name, port, judged: judged.clone() });
        Ok(judged)
    }

    async fn ask(&self, name: &str, port: u16, patience: Duration) -> Result<Vec<Judged>, FetchError> {
        let failed = |cause| FetchError::NotResolved { host: name.to_owned(), cause };
        let asked = timeout(patience, (self.lookup)(name.to_owned(), port)).await;
        let found = asked.unwrap_or_else(|late| Err(late.into())).map_err(failed)?;
        let judged = found.into_iter().map(|address| self.judge(name, address));
        let judged = in_turns(judged.collect::<Result<_, _>>()?);
        if judged.is_empty() { Err(failed(io::ErrorKind::NotFound.into())) } else { Ok(judged) }
    }

    fn judge(&self, name: &str, address: SocketAddr) -> Result<Judged, FetchError> {
        let refused = || FetchError::AddressRefused { host: name.to_owned(), address: address.ip() };
        let public = (self.judge)(address.ip()).ok_or_else(refused)?;
        Ok(Judged(SocketAddr::new(public.get(), address.port())))
    }
}

async fn system_lookup(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((host, port)).await?.collect())
}

/// The first few addresses, of both families in turns, so that a machine on which one family leads nowhere still comes
/// to the other.
fn in_turns(addresses: Vec<Judged>) -> Vec<Judged> {
    let Some(first) = addresses.first().map(|first| first.0.is_ipv4()) else { return addresses };
    let (same, other): (Vec<_>, Vec<_>) = addresses.iter().partition(|one| one.0.is_ipv4() == first);
    let (mut same, mut other) = (same.into_iter(), other.into_iter());
    let turns = std::iter::from_fn(|| match (same.next(), other.next()) {
        (None, None) => None,
        pair => Some([pair.0, pair.1]),
    });
    turns.flatten().flatten().take(ADDRESSES_MAX).collect()
}

/// The address that stands for a host in place of a name. The parser of URLs has brought spellings such as `0x7f.1`
/// and `2130706433` into one form.
fn literal(host: &Host<&str>) -> Option<IpAddr> {
    match host {
        Host::Ipv4(ip) => Some((*ip).into()),
        Host::Ipv6(ip) => Some((*ip).into()),
        Host::Domain(_) => None,
    }
}
