//! Enough of HTTP/1.1 for one client: keep-alive, Content-Length, limits. Knows nothing of Keystone.

use std::io::{self, BufRead, BufReader, Read, Write};

use super::clock;

const HEAD_LEN_MAX: u64 = 64 * 1024;
/// Keystone itself takes 112 KiB (`max_request_body_size`).
const BODY_LEN_MAX: usize = 114_688;
/// More than any client should read of a body without end.
const HUGE_LEN: usize = 64 * 1024 * 1024;

pub struct Request {
    pub method: String,
    /// Without the query.
    pub path: String,
    pub query: String,
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.as_str())
    }
}

pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    cut: Cut,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    No,
    /// The connection ends where the answer would begin.
    All,
    MidBody,
    NoEnd,
}

impl Answer {
    pub fn text(status: u16, kind: &str, body: String) -> Answer {
        let headers = vec![("Content-Type".to_owned(), kind.to_owned())];
        Answer { status, headers, body: body.into_bytes(), cut: Cut::No }
    }

    pub fn json(status: u16, body: &serde_json::Value) -> Answer {
        Answer::text(status, "application/json", body.to_string())
    }

    pub fn empty(status: u16) -> Answer {
        Answer { status, headers: Vec::new(), body: Vec::new(), cut: Cut::No }
    }

    /// As every error of Keystone looks.
    pub fn error(status: u16, message: &str) -> Answer {
        Answer::json(
            status,
            &serde_json::json!({"error":
            {"code": status, "message": message, "title": reason(status)}}),
        )
    }

    pub fn with(mut self, name: &str, value: &str) -> Answer {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn cut(self, cut: Cut) -> Answer {
        Answer { cut, ..self }
    }

    pub fn dated(self, now_s: Option<i64>, number: usize) -> Answer {
        let answer = self.with("x-openstack-request-id", &format!("req-{number:08x}"));
        match now_s {
            Some(now_s) => answer.with("Date", &clock::http(now_s)),
            None => answer,
        }
    }

    pub fn seen_status(&self) -> u16 {
        if self.cut == Cut::All { 0 } else { self.status }
    }

    /// Whether the connection may go on.
    fn write(&self, stream: &mut impl Write, is_head: bool) -> io::Result<bool> {
        if self.cut == Cut::All {
            return Ok(false);
        }
        let len = if self.cut == Cut::NoEnd { HUGE_LEN } else { self.body.len() };
        let mut out = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status)).into_bytes();
        for (name, value) in &self.headers {
            out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        if self.status != 204 {
            // A body without end does not say its length, or the client would stop at the head.
            let framing = match self.cut {
                Cut::NoEnd => "Connection: close".to_owned(),
                _ => format!("Content-Length: {len}"),
            };
            out.extend_from_slice(framing.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"\r\n");
        match self.cut {
            _ if is_head || self.status == 204 => {}
            Cut::MidBody => out.extend_from_slice(&self.body[..self.body.len() / 2]),
            _ => out.extend_from_slice(&self.body),
        }
        stream.write_all(&out)?;
        if self.cut == Cut::NoEnd {
            let blanks = [b' '; 64 * 1024];
            for _ in 0..HUGE_LEN / blanks.len() {
                stream.write_all(&blanks)?;
            }
        }
        stream.flush()?;
        Ok(self.cut == Cut::No)
    }
}

/// Answers requests until either side ends the connection. An error of the stream is its end.
pub fn converse(stream: impl Read + Write, answer: impl Fn(&Request) -> Answer) {
    let mut reader = BufReader::new(stream);
    while let Ok(Some(outcome)) = read(&mut reader) {
        let (reply, is_last, is_head) = match outcome {
            Ok((request, is_last)) => (answer(&request), is_last, request.method == "HEAD"),
            Err(status) => (Answer::error(status, "The request cannot be read."), true, false),
        };
        let may_go_on = reply.write(reader.get_mut(), is_head).unwrap_or(false);
        if is_last || !may_go_on {
            return;
        }
    }
}

/// `None` at the end of the connection; the inner `Err` is the status for a request that is none. The flag: it is the last.
fn read(reader: &mut impl BufRead) -> io::Result<Option<Result<(Request, bool), u16>>> {
    let mut head = reader.take(HEAD_LEN_MAX);
    let Some(first) = line(&mut head)? else { return Ok(None) };
    let mut parts = first.split(' ');
    let (Some(method), Some(target), Some(version)) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(Some(Err(400)));
    };
    let mut headers = Vec::new();
    loop {
        match line(&mut head)? {
            None => return Ok(Some(Err(431))),
            Some(text) if text.is_empty() => break,
            Some(text) => match text.split_once(':') {
                Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
                None => return Ok(Some(Err(400))),
            },
        }
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (method, path, query) = (method.to_owned(), path.to_owned(), query.to_owned());
    let mut request = Request { method, path, query, body: Vec::new(), headers };
    if request.header("Transfer-Encoding").is_some() {
        return Ok(Some(Err(411)));
    }
    let len = request.header("Content-Length").map_or(Ok(0), str::parse::<usize>);
    match len {
        Ok(len) if len <= BODY_LEN_MAX => request.body = vec![0; len],
        Ok(_) => return Ok(Some(Err(413))),
        Err(_) => return Ok(Some(Err(400))),
    }
    reader.read_exact(&mut request.body)?;
    let is_close = request.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    Ok(Some(Ok((request, is_close || version != "HTTP/1.1"))))
}

fn line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    reader.read_until(b'\n', &mut bytes)?;
    if bytes.pop() != Some(b'\n') {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(Some(text.trim_end_matches('\r').to_owned()))
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        300 => "Multiple Choices",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        413 => "Request Entity Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Whatever",
    }
}
