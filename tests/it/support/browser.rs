//! A person's browser: it keeps cookies, says where a form comes from, follows redirects, and tells what a page means.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use reqwest::{
    Client, Method,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};
use scraper::{ElementRef, Html, Selector};

const FORM: &str = "application/x-www-form-urlencoded";
/// More redirects than any page has.
const REDIRECTS: usize = 5;

/// A browser without a script. Clones share their cookies.
#[derive(Debug, Clone)]
pub struct Browser {
    client: Client,
    address: String,
    /// What it sends as `Origin`: the address that the person typed.
    origin: String,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
}

/// An answer with all of its body.
#[derive(Debug, Clone)]
pub struct Answer {
    pub path: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

/// A form of a page, filled in as a browser would send it.
#[derive(Debug, Clone)]
pub struct Form {
    pub action: String,
    pub fields: Vec<(String, String)>,
    /// The boxes that are not ticked: browsers send nothing of them.
    unticked: Vec<String>,
}

impl Browser {
    /// For a service at `address`, such as `http://127.0.0.1:4000`.
    pub fn new(address: &str) -> Self {
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        let cookies = Arc::default();
        Self { client, address: address.to_owned(), origin: address.to_owned(), cookies }
    }

    /// The person typed another address: a proxy stands between.
    pub fn at(self, origin: &str) -> Self {
        Self { origin: origin.to_owned(), ..self }
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// Asks, with the cookies and these headers only. Redirects are not followed.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let response = self.open(method, path, headers, body).await;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.bytes().await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { path: path.to_owned(), status, headers, body }
    }

    /// The same, with the body still to come.
    pub async fn open(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> reqwest::Response {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.insert(name, HeaderValue::from_str(value).unwrap());
        }
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            map.insert("cookie", HeaderValue::from_str(&cookies.join("; ")).unwrap());
        }
        let address = format!("{}{path}", self.address);
        let response = self.client.request(method, address).headers(map).body(body).send().await.unwrap();
        self.keep_cookies(response.headers());
        response
    }

    fn keep_cookies(&self, headers: &HeaderMap) {
        let mut cookies = self.cookies.lock().unwrap();
        for set in headers.get_all("set-cookie") {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if set.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Opens an address as it is, without following redirects.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[("sec-fetch-site", "none")], Vec::new()).await
    }

    /// Opens a page, wherever it leads.
    pub async fn visit(&self, path: &str) -> Answer {
        let first = self.get(path).await;
        self.follow(first).await
    }

    /// Sends fields from a page of the service itself. Redirects are not followed.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_body(path, &encoded(fields)).await
    }

    /// Sends a form's body as it is.
    pub async fn post_body(&self, path: &str, body: &str) -> Answer {
        let headers =
            [("content-type", FORM), ("origin", self.origin.as_str()), ("sec-fetch-site", "same-origin")];
        self.send(Method::POST, path, &headers, body.as_bytes().to_vec()).await
    }

    /// Presses a form's button. Redirects are not followed.
    pub async fn press(&self, form: &Form) -> Answer {
        let fields: Vec<(&str, &str)> =
            form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(&form.action, &fields).await
    }

    /// Presses a form's button and goes where it leads.
    pub async fn submit(&self, form: &Form) -> Answer {
        let first = self.press(form).await;
        self.follow(first).await
    }

    async fn follow(&self, mut answer: Answer) -> Answer {
        for _ in 0..REDIRECTS {
            let Some(next) = answer.leads_to() else { return answer };
            answer = self.get(&next).await;
        }
        panic!("{} leads in a circle", answer.path);
    }
}

/// Fields as a form sends them.
pub fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

impl Answer {
    /// Where a redirect of ours leads.
    pub fn leads_to(&self) -> Option<String> {
        (self.status == 303).then(|| self.header("location").unwrap().to_owned())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn html(&self) -> Html {
        Html::parse_document(&self.body)
    }

    pub fn count(&self, selector: &str) -> usize {
        self.html().select(&css(selector)).count()
    }

    pub fn has(&self, selector: &str) -> bool {
        self.count(selector) > 0
    }

    /// The words of every element that fits.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        self.html().select(&css(selector)).map(words).collect()
    }

    /// The words of the first element that fits; it must be there.
    pub fn text(&self, selector: &str) -> String {
        let found = self.texts(selector).into_iter().next();
        found.unwrap_or_else(|| panic!("no {selector} in {}:\n{}", self.path, self.body))
    }

    /// An attribute of every element that fits and has it.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let html = self.html();
        let selector = css(selector);
        let found = html.select(&selector);
        found.filter_map(|element| element.attr(name)).map(str::to_owned).collect()
    }

    pub fn attribute(&self, selector: &str, name: &str) -> String {
        let found = self.attributes(selector, name).into_iter().next();
        found.unwrap_or_else(|| panic!("no {selector} with {name} in {}:\n{}", self.path, self.body))
    }

    /// All words that a person sees.
    pub fn words(&self) -> String {
        self.text("body")
    }

    #[track_caller]
    pub fn assert_says(&self, what: &str) -> &Self {
        let words = self.words();
        assert!(words.contains(what), "{} ({}) does not say {what:?}:\n{words}", self.path, self.status);
        self
    }

    #[track_caller]
    pub fn assert_silent_about(&self, what: &str) -> &Self {
        assert!(!self.body.contains(what), "{} ({}) says {what:?}:\n{}", self.path, self.status, self.body);
        self
    }

    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}:\n{}", self.path, self.body);
        self
    }

    /// A form of the page with what stands in its fields.
    pub fn form(&self, selector: &str) -> Form {
        let html = self.html();
        let form = html.select(&css(selector)).next();
        let form = form.unwrap_or_else(|| {
            panic!("no form {selector} in {} ({}):\n{}", self.path, self.status, self.body)
        });
        assert_eq!(form.attr("method"), Some("post"), "{selector}");
        let (mut fields, mut unticked) = (Vec::new(), Vec::new());
        for field in form.select(&css("input[name], select[name], textarea[name]")) {
            let value = match field.value().name() {
                "textarea" => field.text().collect::<String>(),
                "select" => {
                    let chosen = field.select(&css("option[selected]")).next();
                    chosen.and_then(|option| option.attr("value")).unwrap_or_default().to_owned()
                }
                _ => field.attr("value").unwrap_or_default().to_owned(),
            };
            let name = field.attr("name").unwrap().to_owned();
            if field.attr("type") == Some("checkbox") && field.attr("checked").is_none() {
                unticked.push(name);
            } else {
                fields.push((name, value));
            }
        }
        Form { action: form.attr("action").unwrap().to_owned(), fields, unticked }
    }
}

impl Form {
    /// The same with another value in one field, which must be there, or with a box ticked.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if let Some(at) = self.unticked.iter().position(|unticked| unticked == name) {
            self.unticked.remove(at);
            self.fields.push((name.to_owned(), String::new()));
        }
        let field = self.fields.iter_mut().find(|field| field.0 == name);
        let field = field.unwrap_or_else(|| panic!("the form has no field {name}"));
        value.clone_into(&mut field.1);
        self
    }

    pub fn value(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|field| field.0 == name);
        &field.unwrap_or_else(|| panic!("the form has no field {name}")).1
    }
}

pub fn css(selector: &str) -> Selector {
    Selector::parse(selector).unwrap_or_else(|error| panic!("{selector}: {error}"))
}

/// An element's text with its white space made single.
pub fn words(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect::<Vec<_>>().join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
