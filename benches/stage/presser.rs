//! Somebody who presses the button again and again, on one connection and as cheaply as can be: what is measured is the
//! service, which shares its cores with whoever measures it.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Browser, DISTRIBUTION, Outcome, key};

pub struct Presser {
    stream: TcpStream,
    host: String,
    cookie: String,
    answer: Vec<u8>,
}

impl Presser {
    /// In the session of a browser.
    pub async fn of(browser: &Browser) -> Outcome<Self> {
        let host = browser.url.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host, cookie: browser.cookie.clone(), answer: Vec::new() })
    }

    /// Presses, and waits for the answer that it was taken.
    pub async fn press(&mut self, item: &str) -> Outcome<()> {
        self.press_for(DISTRIBUTION, &[item.to_owned()], "").await
    }

    /// The same for any distribution. `more` are further fields of the form, such as `&warm=yes`.
    pub async fn press_for(&mut self, distribution: &str, items: &[String], more: &str) -> Outcome<()> {
        let items = items.join("%0A").replace('/', "%2F");
        let form = format!("distribution={distribution}&items={items}&reason=&request_key={}{more}", key());
        let (host, cookie, length) = (&self.host, &self.cookie, form.len());
        let request = format!(
            "POST /invalidations HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {cookie}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.answer.clear();
        // It leads on and has no body.
        while !self.answer.ends_with(b"\r\n\r\n") {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err("the connection ended".into());
            }
        }
        if self.answer.starts_with(b"HTTP/1.1 303 ") {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&self.answer).into_owned().into())
    }
}
