//! Why a look got no answer, told apart as far as what to do about it differs.

use std::{error::Error, io, net::IpAddr};

use hyper::{StatusCode, header::HeaderName};
use rustls::{AlertDescription, CertificateError};
use url::Url;

/// Why a look got no answer that could be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The URL of the look, or one that a redirect leads to, may not be asked. No connection was made to it.
    #[error("the URL cannot be looked at: {0}")]
    UrlRefused(UrlProblem),
    /// The caller wants to send a header that is the connection's own, such as `Host`.
    #[error("the header {0} cannot be set for a look")]
    HeaderRefused(HeaderName),
    /// No look was free for a minute: others wait for answers.
    #[error("too many looks were waiting for answers")]
    Busy,
    /// DNS has no address for the host, or did not answer.
    #[error("the name {host} has no address")]
    NotResolved {
        host: String,
        #[source]
        cause: io::Error,
    },
    /// An address of the host is not one of the public internet. No connection was made.
    #[error("{host} leads to {address}, which is not an address of the public internet")]
    AddressRefused { host: String, address: IpAddr },
    #[error("the connection was refused")]
    ConnectionRefused(#[source] io::Error),
    /// There was no connection, with TLS where it is https, within the bound of time.
    #[error("no connection was made in time")]
    ConnectTimedOut,
    /// There was no connection for another reason: no route to the network, for example.
    #[error("no connection could be made")]
    NotConnected(#[source] io::Error),
    /// The connection was reset, at any time after it was made.
    #[error("the connection was reset")]
    ConnectionReset(#[source] BoxError),
    /// The other side closed the connection before its answer was complete.
    #[error("the connection was closed before the answer was complete")]
    ClosedEarly(#[source] BoxError),
    /// The time was over before the header, where there is no status, or before the end of the body.
    #[error("the answer was not complete in time")]
    AnswerTimedOut { status: Option<StatusCode> },
    /// The certificate is for other names, or the server has none for this name.
    #[error("the certificate is not for this name")]
    TlsName(#[source] BoxError),
    /// The server asked for a client's certificate and did not go on without one.
    #[error("the server wants a client certificate")]
    TlsClientCertificate(#[source] BoxError),
    /// Anything else of TLS: an unknown authority, an expired certificate, no common version.
    #[error("no TLS connection could be made")]
    Tls(#[source] BoxError),
    /// The answer leads to a URL that the caller does not allow.
    #[error("the answer ({status}) leads to {to}, which may not be asked")]
    RedirectRefused { status: StatusCode, to: Url },
    #[error("there were more than {max} redirects")]
    TooManyRedirects { max: usize },
    /// What came is not HTTP, its header is too large, or its `Location` is not a URL.
    #[error("the answer is not HTTP that can be read")]
    BadAnswer(#[source] BoxError),
}

/// What makes a URL one that is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlProblem {
    #[error("it is not an http or https URL")]
    Scheme,
    #[error("it has no host")]
    Host,
    #[error("it has a user name or a password")]
    UserInfo,
    #[error("its port {0} is neither 80 nor 443")]
    Port(u16),
    #[error("it is an http URL, and UNSTALE_EDGE names an address that speaks TLS")]
    PlainHttp,
    #[error("its path cannot be sent")]
    Path,
}

/// The cause of an error, of whichever layer it is.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What an error of connecting means.
pub(crate) fn of_connecting(cause: io::Error) -> FetchError {
    match cause.kind() {
        io::ErrorKind::ConnectionRefused => FetchError::ConnectionRefused(cause),
        io::ErrorKind::ConnectionReset => FetchError::ConnectionReset(cause.into()),
        io::ErrorKind::TimedOut => FetchError::ConnectTimedOut,
        _ => FetchError::NotConnected(cause),
    }
}

/// What an error after connecting means. `wanted_certificate` says whether the server asked for a client's certificate
/// and has not answered yet: it may then end the connection with any alert, or with none.
pub(crate) fn of_exchange(cause: impl Into<BoxError>, wanted_certificate: bool) -> FetchError {
    let cause = cause.into();
    let tls = find::<rustls::Error>(&*cause);
    let io = find::<io::Error>(&*cause).map(io::Error::kind);
    let hyper = cause.downcast_ref::<hyper::Error>();
    let is_ours = match tls {
        // What the other side says. All else is what we found wrong, such as its certificate.
        Some(error) => !matches!(error, rustls::Error::AlertReceived(_)),
        None => hyper.is_some_and(hyper::Error::is_parse),
    };
    if wanted_certificate && !is_ours {
        return FetchError::TlsClientCertificate(cause);
    }
    match (tls, io) {
        (Some(error), _) if is_name(error) => FetchError::TlsName(cause),
        (Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)), _) => {
            FetchError::TlsClientCertificate(cause)
        }
        (Some(_), _) => FetchError::Tls(cause),
        (None, Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)) => {
            FetchError::ConnectionReset(cause)
        }
        (None, Some(io::ErrorKind::UnexpectedEof)) => FetchError::ClosedEarly(cause),
        _ if hyper.is_some_and(|error| error.is_incomplete_message() || error.is_canceled()) => {
            FetchError::ClosedEarly(cause)
        }
        _ => FetchError::BadAnswer(cause),
    }
}

fn is_name(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        ) | rustls::Error::AlertReceived(AlertDescription::UnrecognisedName)
    )
}

/// The innermost error of this type among an error and its causes. What an `io::Error` wraps counts as its cause.
fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let below = match inner {
        Some(inner) => find(inner),
        None => error.source().and_then(find),
    };
    below.or_else(|| error.downcast_ref())
}
