//! `GET /docs/`: the interface as a page. It is made here, of what this binary holds: no folder is served, no
//! script runs, nothing is loaded from anywhere.

use std::fmt::Write;
use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::openapi::DOCUMENT;

const STYLE: &str = include_str!("docs/style.css");

/// The page and the policy under which it is shown: its own style, by digest, and nothing else.
static PAGE: LazyLock<(String, String)> = LazyLock::new(|| {
    let digest = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    (page(&DOCUMENT), policy)
});

pub(super) async fn redirect() -> HttpResponse {
    HttpResponse::Found()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}

pub(super) async fn show() -> HttpResponse {
    let (page, policy) = &*PAGE;
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, policy.as_str()))
        .body(page.as_str())
}

fn page(document: &Value) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Proctor API</title><style>{STYLE}</style>\
         </head><body><h1>Proctor API</h1><p>{}</p>\
         <p>The same as <a href=\"/openapi.json\">OpenAPI</a> (<a href=\"/swagger.yml\">YAML</a>).</p>",
        text(&document["info"]["description"])
    );
    for tag in document["tags"].as_array().into_iter().flatten() {
        let _ = write!(
            html,
            "<h2>{}</h2><p>{}</p>",
            text(&tag["name"]),
            text(&tag["description"])
        );
        for (path, item) in fields(&document["paths"]) {
            for (method, operation) in fields(item) {
                if operation["tags"][0] == tag["name"] {
                    html.push_str(&section(method, path, operation));
                }
            }
        }
    }
    html.push_str("<h2>schemas</h2>");
    for (name, schema) in fields(&document["components"]["schemas"]) {
        let _ = write!(html, "<h3 id=\"{name}\">{name}</h3><table>");
        for (field, kind) in fields(&schema["properties"]) {
            let _ = write!(
                html,
                "<tr><td><code>{field}</code></td><td>{}</td></tr>",
                kind_of(kind)
            );
        }
        html.push_str("</table>");
    }
    html.push_str("</body></html>");
    html
}

fn section(method: &str, path: &str, operation: &Value) -> String {
    let mut html = format!(
        "<h3><b class=\"{method}\">{}</b> <code>{path}</code></h3><p>{}</p><table>",
        method.to_uppercase(),
        text(&operation["summary"])
    );
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let _ = write!(
            html,
            "<tr><td>{} <code>{}</code></td><td>{}</td></tr>",
            text(&parameter["in"]),
            text(&parameter["name"]),
            text(&parameter["description"])
        );
    }
    for (kind, content) in fields(&operation["requestBody"]["content"]) {
        let _ = write!(
            html,
            "<tr><td>body</td><td>{kind} {}</td></tr>",
            kind_of(&content["schema"])
        );
    }
    for (status, answer) in fields(&operation["responses"]) {
        let _ = write!(
            html,
            "<tr><td>{status}</td><td>{}",
            text(&answer["description"])
        );
        for (kind, content) in fields(&answer["content"]) {
            let _ = write!(
                html,
                " <small>{kind} {}</small>",
                kind_of(&content["schema"])
            );
        }
        html.push_str("</td></tr>");
    }
    html.push_str("</table>");
    html
}

/// What a schema says, in a word, with a link to where it says more.
fn kind_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|target| target.rsplit('/').next())
    {
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    match schema["type"].as_str() {
        Some("array") => format!("list of {}", kind_of(&schema["items"])),
        Some(kind) => kind.to_owned(),
        None => String::new(),
    }
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// A text of the document, fit for a page.
fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    text.replace('&', "&amp;").replace('<', "&lt;")
}
