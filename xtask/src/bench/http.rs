//! The least of an HTTP client: one connection that is kept, one request after another.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// A connection to the server, by the right of an API token.
pub struct Connection {
    stream: BufReader<TcpStream>,
    port: u16,
    token: String,
}

impl Connection {
    /// Connects to the server on this computer.
    pub fn open(port: u16, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), port, token: token.to_owned() })
    }

    /// Sends a request and reads the answer: its status, and its body where that is JSON.
    pub fn ask(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let (kind, body) = body.map_or(("", String::new()), |body| ("application/json", body.to_string()));
        let (status, answer) = self.send(method, path, kind, &body)?;
        Ok((status, serde_json::from_slice(&answer).unwrap_or_default()))
    }

    /// The same, where the answer must be a success.
    pub fn must(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let (status, answer) = self.ask(method, path, body)?;
        ensure!((200..300).contains(&status), "{method} {path} was answered {status}: {answer}");
        Ok(answer)
    }

    /// Sends a form as one of our pages does, and reads the page it leads to: its status and text.
    pub fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<(u16, String)> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let (status, page) = self.send("POST", path, "application/x-www-form-urlencoded", &body)?;
        Ok((status, String::from_utf8(page)?))
    }

    fn send(&mut self, method: &str, path: &str, kind: &str, body: &str) -> Result<(u16, Vec<u8>)> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost:{}\r\nauthorization: SSWS {}\r\ncontent-type: {kind}\r\n\
             sec-fetch-site: same-origin\r\ncontent-length: {}\r\n\r\n{body}",
            self.port,
            self.token,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.read().with_context(|| format!("no answer to {method} {path}"))
    }

    fn read(&mut self) -> Result<(u16, Vec<u8>)> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).context("no status line")?.parse()?;
        let mut length = 0;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status, body))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.stream.read_line(&mut line)? > 0, "the server hung up");
        Ok(line.trim_end().to_owned())
    }
}

/// Whether anybody answers HTTP there.
pub fn answers(port: u16) -> bool {
    Connection::open(port, "").and_then(|mut connection| connection.ask("GET", "/signin", None)).is_ok()
}
