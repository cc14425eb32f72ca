//! What the calls to other machines go through: a proxy that knows where names lead, and an end of TLS.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

pub const PATIENCE: Duration = Duration::from_mins(1);

/// An HTTP proxy. It leads names such as `cloudfront.example:443`, which nobody else can resolve, to addresses of this
/// machine, and refuses all others.
pub struct Proxy {
    pub address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub fn start(names: &[(&'static str, SocketAddr)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self { address: listener.local_addr().unwrap(), heads: Arc::default() };
        let (heads, names) = (Arc::clone(&proxy.heads), names.to_vec());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (heads, names) = (Arc::clone(&heads), names.clone());
                thread::spawn(move || pass(client, &heads, &names));
            }
        });
        proxy
    }

    /// What was asked of it: the lines of each connection's first request.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// Waits for a request that begins so.
    pub fn until(&self, beginning: &str) -> String {
        let since = Instant::now();
        loop {
            let heads = self.heads();
            if let Some(head) = heads.iter().find(|head| head.starts_with(beginning)) {
                return head.clone();
            }
            assert!(since.elapsed() < PATIENCE, "no {beginning:?} among {heads:#?}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A proxy that answers every CONNECT so.
pub fn refusing_proxy(status: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let _ = client.read(&mut [0; 4096]);
            let _ = write!(client, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        }
    });
    address
}

fn pass(mut client: TcpStream, heads: &Mutex<Vec<String>>, names: &[(&'static str, SocketAddr)]) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if client.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    heads.lock().unwrap().push(head.clone());
    let (method, target) = head.split_once(' ').unwrap();
    let target = target.split(' ').next().unwrap();
    let tunnel = method == "CONNECT";
    let host = target.trim_start_matches("http://").split('/').next().unwrap();
    let Some((_, address)) = names.iter().find(|(name, _)| *name == host) else {
        let _ = client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
        return;
    };
    let mut server = TcpStream::connect(address).unwrap();
    let first = if tunnel { &b"HTTP/1.1 200 Connection established\r\n\r\n"[..] } else { head.as_bytes() };
    let to = if tunnel { &mut client } else { &mut server };
    to.write_all(first).unwrap();
    let (mut up, mut down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut up, &mut server);
        let _ = server.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut down, &mut client);
    let _ = client.shutdown(Shutdown::Both);
}

fn keys() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/keys")
}

/// The certificate of whoever signed those of [`tls_before`].
pub fn authority() -> PathBuf {
    keys().join("tls_ca.pem")
}

/// Ends TLS for the names of the certificate, and passes on to a plain server.
pub async fn tls_before(plain: SocketAddr) -> SocketAddr {
    let chain = CertificateDer::pem_file_iter(keys().join("tls.cert.pem")).unwrap();
    let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(keys().join("tls.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut client) = acceptor.accept(client).await else { return };
                let mut server = tokio::net::TcpStream::connect(plain).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    address
}
