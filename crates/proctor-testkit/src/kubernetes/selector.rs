//! Label and field selectors: reading them and asking them about an object.

use serde_json::Value;

use super::kind::Kind;
use super::refusal::Refusal;

/// What a list or a watch is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selector {
    namespace: Option<String>,
    labels: Vec<Requirement>,
    fields: Vec<Requirement>,
}

#[derive(Debug, Clone)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
}

impl Selector {
    pub(crate) fn parse(
        kind: Kind,
        namespace: Option<&str>,
        labels: &str,
        fields: &str,
    ) -> Result<Self, Refusal> {
        let fields = terms(fields)
            .map(|term| requirement(term, "field"))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(unknown) = fields.iter().find(|field| !known_field(kind, &field.key)) {
            let message = format!("field label not supported: {}", unknown.key);
            return Err(Refusal::bad_request(message));
        }
        Ok(Self {
            namespace: namespace.map(str::to_owned),
            labels: terms(labels)
                .map(|term| requirement(term, "label"))
                .collect::<Result<_, _>>()?,
            fields,
        })
    }

    /// A label that an object must have, with its only value.
    pub(crate) fn required_label(&self) -> Option<(&str, &str)> {
        self.labels.iter().find_map(|one| match &one.test {
            Test::In(values) if values.len() == 1 => Some((&*one.key, &*values[0])),
            _ => None,
        })
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        let namespace = object["metadata"]["namespace"].as_str();
        let here = self.namespace.is_none() || self.namespace.as_deref() == namespace;
        here && self.labels.iter().all(|one| {
            let labels = &object["metadata"]["labels"];
            one.test.holds(labels[one.key.as_str()].as_str())
        }) && self.fields.iter().all(|one| {
            let path = format!("/{}", one.key.replace('.', "/"));
            let found = object.pointer(&path).and_then(Value::as_str);
            one.test.holds(Some(found.unwrap_or_default()))
        })
    }
}

impl Test {
    fn holds(&self, found: Option<&str>) -> bool {
        let among = |values: &[String]| found.is_some_and(|one| values.iter().any(|v| v == one));
        match self {
            Self::In(values) => among(values),
            // As in Kubernetes, an object without the label passes.
            Self::NotIn(values) => !among(values),
            Self::Exists => found.is_some(),
            Self::Absent => found.is_none(),
        }
    }
}

fn known_field(kind: Kind, key: &str) -> bool {
    match key {
        "metadata.name" | "metadata.namespace" => true,
        "status.phase" | "spec.nodeName" => kind == Kind::Pod,
        "type" => kind == Kind::Secret,
        "reason" => kind == Kind::Event,
        other => kind == Kind::Event && other.starts_with("involvedObject."),
    }
}

/// The terms between the commas that are not inside parentheses.
fn terms(selector: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    selector
        .split(move |character| {
            match character {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            character == ',' && depth == 0
        })
        .map(str::trim)
        .filter(|term| !term.is_empty())
}

fn requirement(term: &str, what: &str) -> Result<Requirement, Refusal> {
    let made = |key: &str, test| {
        let key = key.trim().to_owned();
        Ok(Requirement { key, test })
    };
    let one = |value: &str| vec![value.trim().to_owned()];
    if let Some((key, value)) = term.split_once("!=") {
        return made(key, Test::NotIn(one(value)));
    }
    if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        return made(key, Test::In(one(value)));
    }
    if let Some(key) = term.strip_prefix('!') {
        return made(key, Test::Absent);
    }
    match term.split_once('(') {
        None if !term.contains(char::is_whitespace) => made(term, Test::Exists),
        Some((left, values)) if values.ends_with(')') => {
            let values = values.trim_end_matches(')').split(',');
            let values = values.map(|value| value.trim().to_owned()).collect();
            match left.split_whitespace().collect::<Vec<_>>()[..] {
                [key, "in"] => made(key, Test::In(values)),
                [key, "notin"] => made(key, Test::NotIn(values)),
                _ => Err(unreadable(term, what)),
            }
        }
        _ => Err(unreadable(term, what)),
    }
}

fn unreadable(term: &str, what: &str) -> Refusal {
    Refusal::bad_request(format!("unable to parse {what} selector: {term:?}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches(labels: &str, fields: &str) -> bool {
        let pod = json!({
            "metadata": {"name": "a", "namespace": "procs", "labels": {"app": "x", "tier": "1"}},
            "spec": {"nodeName": "node1"},
            "status": {"phase": "Running"},
        });
        Selector::parse(Kind::Pod, Some("procs"), labels, fields)
            .expect("it can be read")
            .matches(&pod)
    }

    #[test]
    fn a_label_selector_is_the_conjunction_of_its_terms() {
        for holds in [
            "",
            "app=x",
            "app==x",
            "app!=y",
            "none!=y",
            "app",
            "!none",
            "app in (w, x),tier notin (2)",
        ] {
            assert!(matches(holds, ""), "{holds}");
        }
        for fails in [
            "app=y",
            "app!=x",
            "none",
            "!app",
            "app in (y,z)",
            "app=x,tier in (2,3)",
        ] {
            assert!(!matches(fails, ""), "{fails}");
        }
    }

    #[test]
    fn a_field_selector_asks_for_the_fields_that_kubernetes_indexes() {
        assert!(matches(
            "",
            "metadata.name=a,status.phase!=Pending,spec.nodeName=node1"
        ));
        assert!(!matches("", "status.phase=Pending"));
        let refusal = Selector::parse(Kind::Pod, None, "", "spec.restartPolicy=Never")
            .expect_err("it is not indexed");
        assert_eq!(refusal.code(), 400);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for wrong in ["a b", "a in b", "a within (b)"] {
            let refused = Selector::parse(Kind::Job, None, wrong, "");
            assert!(refused.is_err(), "{wrong}");
        }
    }
}
