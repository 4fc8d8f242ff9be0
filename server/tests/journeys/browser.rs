//! A browser: it opens pages, sends forms from our own pages, keeps the session cookie.

use axum::body::Body;
use axum::http::{Request, header};
use postern_server::api::caller::COOKIE;

use crate::app::{Answer, TestApp};
use crate::people::Person;

/// A browser before a server.
pub struct Browser<'a> {
    app: &'a TestApp,
    cookie: Option<String>,
    /// Cookies that are no secret, such as the language.
    others: Vec<(String, String)>,
}

impl<'a> Browser<'a> {
    /// One that nobody signed in with.
    pub const fn new(app: &'a TestApp) -> Self {
        Self { app, cookie: None, others: Vec::new() }
    }

    /// One that a person signed in with.
    pub async fn of(app: &'a TestApp, person: &Person) -> Self {
        Self { app, cookie: Some(person.sign_in(app).await.expose().clone()), others: Vec::new() }
    }

    /// Opens a page.
    pub async fn open(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), String::new()).await
    }

    /// Sends a form of one of our pages.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path).header("sec-fetch-site", "same-origin");
        let request = request.header(header::CONTENT_LENGTH, body.len());
        self.send(request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"), body).await
    }

    /// Sends a file by a form of one of our pages.
    pub async fn upload(&mut self, path: &str, (name, file): (&str, &[u8])) -> Answer {
        let head = format!("--mark\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        let body = [head.as_bytes(), file, b"\r\n--mark--\r\n"].concat();
        let request = Request::post(path).header("sec-fetch-site", "same-origin");
        self.send(request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=mark"), body).await
    }

    /// Calls the API from one of our pages.
    pub async fn call(&mut self, path: &str, body: &serde_json::Value) -> Answer {
        let request = Request::post(path).header("sec-fetch-site", "same-origin");
        self.send(request.header(header::CONTENT_TYPE, "application/json"), body.to_string()).await
    }

    /// Whether it holds a session cookie.
    pub const fn has_session(&self) -> bool {
        self.cookie.is_some()
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: impl Into<Body>) -> Answer {
        let session = self.cookie.iter().map(|token| format!("{COOKIE}={token}"));
        let others = self.others.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = session.chain(others).collect::<Vec<_>>().join("; ");
        let request = if cookies.is_empty() { request } else { request.header(header::COOKIE, cookies) };
        let answer = self.app.send(request.body(body.into()).expect("a request")).await;
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("ASCII");
            let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            // Which browser it is, is not whose.
            if name == "dt" {
                continue;
            }
            if name != COOKIE {
                assert!(line.contains("; Secure") && line.contains("; SameSite=Lax"), "{line}");
                self.others.retain(|(own, _)| own != name);
                self.others.push((name.to_owned(), value.to_owned()));
                continue;
            }
            assert!(line.contains("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{line}");
            self.cookie = Some(value.to_owned()).filter(|token| !token.is_empty());
        }
        answer
    }
}

impl Answer {
    /// Where a redirect leads.
    #[track_caller]
    pub fn leads_to(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.text());
        self.headers[header::LOCATION].to_str().expect("ASCII")
    }

    /// Checks that the page says all of this.
    #[track_caller]
    pub fn says(&self, words: &[&str]) -> &Self {
        let page = self.text();
        for word in words {
            assert!(page.contains(word), "no `{word}` in {page}");
        }
        self
    }

    /// The value of a hidden field.
    #[track_caller]
    pub fn hidden(&self, name: &str) -> String {
        let page = self.text();
        let from = page.split(&format!("name=\"{name}\" value=\"")).nth(1);
        from.and_then(|rest| rest.split('"').next()).unwrap_or_else(|| panic!("no field {name} in {page}")).to_owned()
    }
}
