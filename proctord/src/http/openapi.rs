//! The description of the interface: `GET /openapi.json`, the same as YAML at `/swagger.yml`. It is kept by hand
//! in `openapi/document.yaml`; tests hold it against the route table and against what is really answered.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use serde_json::Value;

const YAML: &str = include_str!("openapi/document.yaml");

/// The document, read once.
pub(super) static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_yaml::from_str(YAML).expect("a test reads the document"));

pub(super) async fn json() -> HttpResponse {
    HttpResponse::Ok().json(&*DOCUMENT)
}

pub(super) async fn yaml() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/yaml; charset=utf-8")
        .body(YAML)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::DOCUMENT;

    #[test]
    fn every_route_and_nothing_else_is_in_the_document() {
        let table: BTreeSet<_> = super::super::table()
            .iter()
            .map(|line| {
                let method = line.method.as_ref().map_or("GET", |method| method.as_str());
                format!("{} {}", method.to_lowercase(), line.path)
            })
            .collect();
        let mut documented = BTreeSet::new();
        for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
            let methods = item.as_object().unwrap().keys();
            for method in methods.filter(|key| *key != "parameters") {
                documented.insert(format!("{method} {path}"));
            }
        }

        assert_eq!(documented, table);
    }

    #[test]
    fn references_lead_somewhere_and_operations_have_names_of_their_own() {
        let mut names = BTreeSet::new();
        let mut waiting = vec![&*DOCUMENT];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Object(fields) => {
                    if let Some(Value::String(target)) = fields.get("$ref") {
                        let place = target.strip_prefix('#').unwrap();
                        assert!(DOCUMENT.pointer(place).is_some(), "{target}");
                    }
                    if let Some(Value::String(name)) = fields.get("operationId") {
                        assert!(names.insert(name), "{name} is there twice");
                    }
                    waiting.extend(fields.values());
                }
                Value::Array(values) => waiting.extend(values),
                _ => {}
            }
        }
        assert_eq!(DOCUMENT["info"]["version"], env!("CARGO_PKG_VERSION"));
    }
}
