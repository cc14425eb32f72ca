//! What the tests look at, and how.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rustls::RootCertStore;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinSet,
};
use unstale_domain::time::Timestamp;
use unstale_runtime::clock::Clock;
use url::Url;

use crate::{
    address::PublicAddress,
    client::{Bounds, EdgeClient, Fetched},
    error::FetchError,
    place::Place,
    request::{EdgeMethod, EdgeRequest},
    resolve::Lookup,
};

/// Sends one part of an answer, or does something else with the connection.
#[derive(Debug, Clone)]
pub enum Step {
    Send(Vec<u8>),
    /// Sends this again and again until the client has gone.
    Repeat(Vec<u8>, Duration),
    /// Does nothing more until the client has gone.
    Hang,
    /// Ends the connection with a RST.
    Reset,
}

/// A server that plays the same steps to everybody, once it has read the head of a request.
pub struct Server {
    pub address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
    _serving: JoinSet<()>,
}

impl Server {
    pub async fn start(steps: Vec<Step>) -> Self {
        Self::with(move |_| steps.clone()).await
    }

    /// A server that gives one whole answer.
    pub async fn answering(answer: &str) -> Self {
        Self::start(vec![Step::Send(answer.into())]).await
    }

    /// A server that chooses its steps by the head of the request.
    pub async fn with(steps: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self::on("127.0.0.1", steps).await
    }

    pub async fn on(ip: &str, steps: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (accepted, heads) = (Arc::new(AtomicUsize::new(0)), Arc::<Mutex<Vec<String>>>::default());
        let (counting, keeping) = (Arc::clone(&accepted), Arc::clone(&heads));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let steps = Arc::new(steps);
            let mut playing = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                counting.fetch_add(1, Ordering::SeqCst);
                let (heads, steps) = (Arc::clone(&keeping), Arc::clone(&steps));
                playing.spawn(async move {
                    let mut client = client;
                    let head = head(&mut client).await;
                    heads.lock().unwrap().push(head.clone());
                    play(client, steps(&head)).await;
                });
            }
        });
        Self { address, accepted, heads, _serving: serving }
    }

    /// How many connections were made.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// The heads of the requests.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn head(client: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else { break };
        head.push(byte);
    }
    String::from_utf8(head).unwrap()
}

async fn play(mut client: TcpStream, steps: Vec<Step>) {
    for step in steps {
        match step {
            Step::Send(bytes) => client.write_all(&bytes).await.unwrap_or_default(),
            Step::Repeat(bytes, pause) => {
                while client.write_all(&bytes).await.is_ok() {
                    tokio::time::sleep(pause).await;
                }
            }
            Step::Hang => {
                let _ = client.read_u8().await;
            }
            Step::Reset => client.set_zero_linger().unwrap(),
        }
    }
}

/// Bounds of time that a test can wait for.
pub fn short() -> Bounds {
    let wait = Duration::from_secs(1);
    Bounds { connect: wait, whole: wait, wait, ..Bounds::default() }
}

pub fn clock() -> Clock {
    Clock::manual(Timestamp::parse("2026-11-28T12:00:00Z").unwrap())
}

/// A client that asks this server in place of DNS.
pub fn client_at(server: &Server) -> EdgeClient {
    bounded_at(server, Bounds::default())
}

/// The same, with bounds of its own.
pub fn bounded_at(server: &Server, bounds: Bounds) -> EdgeClient {
    EdgeClient::new(Place::At(server.address), clock(), bounds).unwrap()
}

/// A socket whose address nobody else gets and at which nobody listens, for as long as it is kept.
pub fn closed(ip: &str) -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(ip.parse().unwrap(), 0)).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// A client that resolves names so, and trusts the addresses from 127.0.0.2 on.
pub fn client_with(
    bounds: Bounds,
    roots: RootCertStore,
    lookup: impl Fn(&str, usize) -> Vec<SocketAddr> + Send + Sync + 'static,
) -> EdgeClient {
    let times = AtomicUsize::new(0);
    let lookup: Lookup = Arc::new(move |host, _| {
        let found = lookup(&host, times.fetch_add(1, Ordering::SeqCst));
        Box::pin(async move { Ok(found) })
    });
    let client = EdgeClient::with_roots(Place::Dns, roots, clock(), bounds).unwrap();
    let mut client = client.with_lookup(lookup);
    client.resolver_mut().set_judge(|address| match address {
        IpAddr::V4(v4) if v4.is_loopback() && v4.octets()[3] > 1 => Some(PublicAddress::trusted(address)),
        _ => PublicAddress::new(address),
    });
    client
}

/// Looks at a URL and follows every redirect.
pub async fn get(client: &EdgeClient, url: &str) -> Result<Fetched, FetchError> {
    get_for(client, url, &[]).await
}

/// The same, with texts to look for.
pub async fn get_for(client: &EdgeClient, url: &str, needles: &[&str]) -> Result<Fetched, FetchError> {
    let (url, needles) =
        (Url::parse(url).unwrap(), needles.iter().copied().map(str::to_owned).collect::<Vec<_>>());
    let method = EdgeMethod::Get;
    client
        .get(&EdgeRequest {
            method,
            url: &url,
            headers: &[],
            needles: &needles,
            resolved_name: None,
            may_follow: Some(&|_| true),
        })
        .await
}

/// Looks at a URL at the addresses of another name than its host, and follows every redirect.
pub async fn get_at(client: &EdgeClient, url: &str, name: &str) -> Result<Fetched, FetchError> {
    let url = Url::parse(url).unwrap();
    let request = EdgeRequest {
        method: EdgeMethod::Get,
        url: &url,
        headers: &[],
        needles: &[],
        resolved_name: Some(name),
        may_follow: Some(&|_| true),
    };
    client.get(&request).await
}
