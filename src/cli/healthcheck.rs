//! `unstale healthcheck`: requests `/healthz` from the service on this machine.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use clap::Args;

use super::CliError;

#[derive(Debug, Args)]
pub struct HealthcheckArgs {
    /// The address that the service listens on.
    #[arg(long, env = "UNSTALE_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

#[expect(clippy::unused_async, reason = "subcommands are alike")]
pub async fn run(args: &HealthcheckArgs) -> Result<(), CliError> {
    let answer = ask(args.listen, "/healthz")?;
    if answer.starts_with("HTTP/1.1 200") {
        Ok(())
    } else {
        let address = reachable(args.listen);
        Err(format!("{address} answered {:?}", answer.lines().next().unwrap_or_default()).into())
    }
}

/// What the service on this machine answers, head and body.
pub(super) fn ask(listen: SocketAddr, path: &str) -> io::Result<String> {
    let limit = Duration::from_secs(3);
    let address = reachable(listen);
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(4_096).read_to_string(&mut answer)?;
    Ok(answer)
}

/// The address to connect to. For a service that listens on every address, it is loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
