//! A small client of the server, as a browser or a program would be: what seeds the demo, signs in and checks it goes the
//! way that everybody goes.

use std::time::Duration;

use anyhow::{Context as _, bail};
use postern_codes::Secret;
use serde_json::Value;

/// A caller that waits for the next time step waits up to 30 seconds.
const PATIENCE: Duration = Duration::from_mins(1);
const LONGEST: u64 = 4 * 1024 * 1024;

/// Somebody at the server.
#[derive(Clone)]
pub struct Client {
    http: ureq::Agent,
    base: String,
    right: Right,
}

/// By what right.
#[derive(Clone)]
pub enum Right {
    /// None.
    Nobody,
    /// A console session: its cookie, `name=value`.
    Session(Secret<String>),
    /// An API token.
    Token(Secret<String>),
}

/// An answer, read whole.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The next page, as the `Link` header has it, without the server's own address.
    pub next: Option<String>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// `Set-Cookie`, whole.
    pub cookie: Option<Secret<String>>,
    body: String,
}

impl Right {
    /// That of the session whose `Set-Cookie` this is.
    pub fn of_cookie(cookie: &Secret<String>) -> Self {
        let pair = cookie.expose().split(';').next().unwrap_or_default();
        Self::Session(Secret::new(pair.to_owned()))
    }
}

impl Client {
    /// A caller of the server at `base`.
    pub fn new(base: &str, right: Right) -> Self {
        let http = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .user_agent(concat!("postern-demo/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Self { http, base: base.to_owned(), right }
    }

    /// The same caller by another right.
    #[must_use]
    pub fn with(&self, right: Right) -> Self {
        Self { right, ..self.clone() }
    }

    /// `GET path`.
    pub fn get(&self, path: &str) -> anyhow::Result<Answer> {
        let request = self.entitled(self.http.get(format!("{}{path}", self.base)));
        Answer::read(request.call(), path)
    }

    /// `POST path` with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        let request = self.entitled(self.http.post(format!("{}{path}", self.base)));
        Answer::read(request.content_type("application/json").send(body.to_string()), path)
    }

    /// `PUT path` with a JSON body.
    pub fn put(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        let request = self.entitled(self.http.put(format!("{}{path}", self.base)));
        Answer::read(request.content_type("application/json").send(body.to_string()), path)
    }

    /// `POST path` with a form, as the console's pages do.
    pub fn submit(&self, path: &str, form: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let request = self.entitled(self.http.post(format!("{}{path}", self.base)));
        Answer::read(request.send_form(form.iter().copied()), path)
    }

    /// With the right, and as a page of the server itself would ask.
    fn entitled<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        let request = request.header("origin", &self.base).header("sec-fetch-site", "same-origin");
        match &self.right {
            Right::Nobody => request,
            Right::Session(cookie) => request.header("cookie", cookie.expose()),
            Right::Token(token) => request.header("authorization", format!("SSWS {}", token.expose())),
        }
    }
}

impl Answer {
    fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>, path: &str) -> anyhow::Result<Self> {
        let mut answer = answer.with_context(|| format!("no answer to {path}"))?;
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let links = answer.headers().get_all("link").into_iter().filter_map(|value| value.to_str().ok());
        let next = links.flat_map(|line| line.split(',')).find(|link| link.contains("rel=\"next\"")).and_then(target);
        let retry_after = header("retry-after").and_then(|seconds| seconds.parse().ok());
        let cookie = header("set-cookie").map(Secret::new);
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(LONGEST).read_to_string();
        Ok(Self { status, next, retry_after, cookie, body: body.with_context(|| format!("half an answer to {path}"))? })
    }

    /// The answer, where its status is the expected one.
    ///
    /// # Errors
    /// What the server said instead.
    pub fn expect(self, status: u16) -> anyhow::Result<Self> {
        if self.status == status {
            return Ok(self);
        }
        match self.error_code() {
            Some(code) => bail!("the server answered {} {code}: {}", self.status, self.text("errorSummary")?),
            None => bail!("the server answered {} where {status} was expected", self.status),
        }
    }

    /// The stable word of a refusal.
    pub fn error_code(&self) -> Option<String> {
        self.text("errorCode").ok()
    }

    /// The body.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_str(&self.body).context("the server answered no JSON")
    }

    /// A text member of the body.
    pub fn text(&self, member: &str) -> anyhow::Result<String> {
        let json = self.json()?;
        let text = json.pointer(&format!("/{}", member.replace('.', "/"))).and_then(Value::as_str);
        text.map(str::to_owned).with_context(|| format!("the server's answer has no {member}"))
    }

    /// The body as it is.
    pub fn body(&self) -> &str {
        &self.body
    }
}

/// Path and query of a link's target.
fn target(link: &str) -> Option<String> {
    let (_, rest) = link.split_once('<')?;
    let (url, _) = rest.split_once('>')?;
    let (_, after_scheme) = url.split_once("://")?;
    after_scheme.find('/').map(|at| after_scheme[at..].to_owned())
}
