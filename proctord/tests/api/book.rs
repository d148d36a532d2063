//! Every route asked for real: what is answered is held against the OpenAPI document and against docs/API.md. With
//! `PROCTOR_WRITE_DOCS=1` the page is written anew.

use std::collections::BTreeSet;

use regex::{Captures, Regex};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Service, send};

mod chapters;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/API.md");
const BEGIN: &str = "<!-- exchanges -->\n";
const END: &str = "<!-- end of exchanges -->";

/// A service that is asked, and what came of it.
pub struct Book {
    pub service: Service,
    /// `method template status`, as the document has them.
    seen: BTreeSet<String>,
    text: String,
}

/// One question.
pub struct Ask {
    method: Method,
    template: &'static str,
    path: String,
    /// Whether the client reads JSON.
    json: bool,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// How many characters of the answer the page shows.
    shown: Option<usize>,
}

impl Ask {
    /// A question of a client that reads JSON; what stands in braces in the template is filled in, in order.
    pub fn new(method: Method, template: &'static str, parts: &[&str]) -> Self {
        let mut path = template.to_owned();
        for part in parts {
            let (begin, end) = (path.find('{').unwrap(), path.find('}').unwrap());
            path.replace_range(begin..=end, part);
        }
        Self {
            method,
            template,
            path,
            json: true,
            headers: Vec::new(),
            body: Vec::new(),
            shown: None,
        }
    }

    pub fn get(template: &'static str, parts: &[&str]) -> Self {
        Self::new(Method::GET, template, parts)
    }

    pub fn post(template: &'static str, parts: &[&str]) -> Self {
        Self::new(Method::POST, template, parts)
    }

    pub fn plain(mut self) -> Self {
        self.json = false;
        self
    }

    pub fn query(mut self, query: &str) -> Self {
        self.path = format!("{}?{query}", self.path);
        self
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn json_body(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    /// Puts the exchange on the page.
    pub fn show(self) -> Self {
        self.show_first(usize::MAX)
    }

    pub fn show_first(mut self, characters: usize) -> Self {
        self.shown = Some(characters);
        self
    }

    fn typed(&self) -> String {
        let mut typed = "$ curl -i".to_owned();
        if self.method != Method::GET && self.body.is_empty() || self.method == Method::PUT {
            typed += &format!(" -X {}", self.method);
        }
        if self.json {
            typed += " -H 'Accept: application/json'";
        }
        for (name, value) in &self.headers {
            typed += &format!(" -H '{name}: {value}'");
        }
        match std::str::from_utf8(&self.body) {
            Ok("") => {}
            Ok(body) if !body.contains('\0') => typed += &format!(" -d '{body}'"),
            _ => typed += " --data-binary @files.tar",
        }
        let path = &self.path;
        let quote = if path.contains('?') { "'" } else { "" };
        typed + &format!(" {quote}http://127.0.0.1:5001{path}{quote}")
    }
}

impl Book {
    fn new() -> Self {
        Self {
            service: Service::start(),
            seen: BTreeSet::new(),
            text: String::new(),
        }
    }

    pub fn title(&mut self, title: &str) {
        self.text += &format!("## {title}\n\n");
    }

    pub fn say(&mut self, text: &str) {
        self.text += &format!("{text}\n\n");
    }

    pub async fn ask(&mut self, ask: Ask) -> Answer {
        let request = self.service.plain(ask.method.clone(), &ask.path);
        let accept = if ask.json { "application/json" } else { "*/*" };
        let mut request = request.header("Accept", accept).body(ask.body.clone());
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let answer = send(request).await;
        self.saw(&ask, answer.status.as_u16());
        if let Some(characters) = ask.shown {
            self.write(&ask, &answer, characters);
        }
        answer
    }

    pub fn saw(&mut self, ask: &Ask, status: u16) {
        let method = ask.method.as_str().to_lowercase();
        self.seen
            .insert(format!("{method} {} {status}", ask.template));
    }

    fn write(&mut self, ask: &Ask, answer: &Answer, characters: usize) {
        let mut text = format!("{}\nHTTP/1.1 {}\n", ask.typed(), answer.status);
        for name in ["content-type", "location", "allow"] {
            if !answer.header(name).is_empty() {
                text += &format!("{name}: {}\n", answer.header(name));
            }
        }
        let body: String = answer.body.chars().take(characters).collect();
        let rest = if body.len() < answer.body.len() {
            "…"
        } else {
            ""
        };
        if !body.is_empty() {
            text += &format!("\n{}{rest}\n", body.trim_end());
        }
        let begins = matches!(
            ask.template,
            "/execution" | "/execution/{id}/rerun" | "/schedule/{id}/run"
        );
        if ask.method == Method::POST && begins {
            // How far the launch has come by then is not the same each time.
            let started = Regex::new(r#","started_at":"[^"]*"|"started_at":"[^"]*","#).unwrap();
            text = started.replace_all(&text, "").replace("RUNNING", "CREATED");
        }
        let heading = format!("### {} {}\n\n", ask.method, ask.template);
        if self
            .text
            .rfind("### ")
            .is_none_or(|at| !self.text[at..].starts_with(&heading))
        {
            self.text += &heading;
        }
        self.text += &format!("```text\n{text}```\n\n");
    }

    /// The text with everything that differs from run to run replaced by something that does not.
    fn steady(&self) -> String {
        let time = Regex::new(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z").unwrap();
        let text = time.replace_all(&self.text, "2026-11-20T12:00:00.123456Z");
        let uuid = Regex::new("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").unwrap();
        let text = numbered(&uuid, &text, |n| format!("6f1c0a52-9b1e-4d0c-8a37-{n:012}"));
        // How far the sealer has come differs, and how many rows there were before.
        let number = Regex::new(r#"\{"id":\d+,"at"|"seal":\d+"#).unwrap();
        let text = number.replace_all(&text, |found: &Captures<'_>| match &found[0] {
            seal if seal.starts_with("\"seal") => r#""seal":3"#,
            _ => r#"{"id":12,"at""#,
        });
        let id = Regex::new(r"\b[1-9]\d{13,15}\b").unwrap();
        numbered(&id, &text, |n| {
            format!("{}", 2_884_017_000_000_000_u64 + n as u64)
        })
    }
}

/// Each different match replaced by what stands for its number.
fn numbered(pattern: &Regex, text: &str, name: impl Fn(usize) -> String) -> String {
    let mut found: Vec<String> = Vec::new();
    let replaced = pattern.replace_all(text, |captures: &Captures<'_>| {
        let index = found.iter().position(|known| *known == captures[0]);
        let index = index.unwrap_or_else(|| {
            found.push(captures[0].to_owned());
            found.len() - 1
        });
        name(index + 1)
    });
    replaced.into_owned()
}

#[tokio::test]
async fn every_documented_answer_is_given_and_the_page_shows_what_is_answered() {
    let mut book = Book::new();
    let document = book.service.get("/openapi.json").await.json();
    chapters::write(&mut book).await;

    assert_eq!(documented(&document), book.seen);
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (shown, after) = rest.split_once(END).unwrap();
    let steady = format!("\n{}", book.steady());
    if is_to_write() {
        std::fs::write(PAGE, format!("{before}{BEGIN}{steady}{END}{after}")).unwrap();
    } else {
        let differs = shown
            .lines()
            .zip(steady.lines())
            .find(|(old, new)| old != new);
        assert!(
            shown == steady,
            "docs/API.md is out of date; PROCTOR_WRITE_DOCS=1 writes it: {differs:?}"
        );
    }
    let page = std::fs::read_to_string(PAGE).unwrap();
    for line in documented(&document) {
        let template = line.split(' ').nth(1).unwrap();
        assert!(page.contains(template), "{template} is not in docs/API.md");
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
fn is_to_write() -> bool {
    std::env::var_os("PROCTOR_WRITE_DOCS").is_some()
}

fn documented(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let statuses = operation["responses"].as_object().into_iter().flatten();
            found.extend(statuses.map(|(status, _)| format!("{method} {path} {status}")));
        }
    }
    found
}

#[tokio::test]
async fn the_document_is_the_same_in_both_forms_and_the_page_needs_nothing_from_elsewhere() {
    let service = Service::start();
    let get = async |path| send(service.plain(Method::GET, path)).await;

    let json = get("/openapi.json").await;
    let yaml = get("/swagger.yml").await;
    let page = get("/docs/").await;

    let from_yaml: Value = serde_yaml::from_str(&yaml.body).unwrap();
    assert_eq!(json.json(), from_yaml);
    assert_eq!(page.content_type, "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    for word in ["<script", "src=", "http://", "https://", "<link", "@import"] {
        assert!(!page.body.contains(word), "{word}");
    }
    for path in from_yaml["paths"].as_object().unwrap().keys() {
        assert!(
            page.body.contains(&format!("<code>{path}</code>")),
            "{path}"
        );
    }
    assert_eq!(json!(page.status.as_u16()), 200);
}

/// S4: with its folder unset, the docs route served whatever folder the service was started in.
#[tokio::test]
async fn s4_the_docs_serve_no_files() {
    let service = Service::start();

    for path in [
        "/docs/config.yaml",
        "/docs/../proctor.db",
        "/docs/%2e%2e/secret.key",
        "/docs/?url=http://evil.example/",
        "/docs//etc/passwd",
    ] {
        let answer = send(service.plain(Method::GET, path)).await;
        assert!(!answer.body.contains("evil"), "{path}");
        let is_page = path.contains('?');
        assert_eq!(answer.status, if is_page { 200 } else { 404 }, "{path}");
    }
}
