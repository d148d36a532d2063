//! What a Pod asks of a node: quantities as Kubernetes writes them, and the class that follows from them.

use serde_json::Value;

/// An amount of what a node has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Resources {
    pub(crate) cpu_millis: u64,
    pub(crate) memory_bytes: u64,
}

/// What the containers of a Pod ask for together; who states only a limit asks for all of it.
pub(crate) fn requests(spec: &Value) -> Resources {
    let mut sum = Resources::default();
    for container in containers(spec) {
        let amount = |what: &str| {
            let resources = &container["resources"];
            let request = quantity(&resources["requests"][what]);
            request.or_else(|| quantity(&resources["limits"][what]))
        };
        let cpus = amount("cpu").unwrap_or_default();
        sum.cpu_millis += whole(cpus * 1_000.0);
        sum.memory_bytes += whole(amount("memory").unwrap_or_default());
    }
    sum
}

/// The class of service that a Pod's requests and limits make.
pub(crate) fn quality(spec: &Value) -> &'static str {
    let stated = |container: &Value, field: &str| {
        let resources = &container["resources"][field];
        resources.as_object().is_some_and(|some| !some.is_empty())
    };
    if !containers(spec).any(|one| stated(one, "limits") || stated(one, "requests")) {
        return "BestEffort";
    }
    let is_guaranteed = containers(spec).all(|container| {
        ["cpu", "memory"].iter().all(|what| {
            let limit = &container["resources"]["limits"][what];
            let request = &container["resources"]["requests"][what];
            !limit.is_null() && (request.is_null() || request == limit)
        })
    });
    if is_guaranteed {
        "Guaranteed"
    } else {
        "Burstable"
    }
}

fn containers(spec: &Value) -> impl Iterator<Item = &Value> {
    spec["containers"].as_array().into_iter().flatten()
}

/// A quantity as a number: `500m`, `2`, `32Mi`, `1e9`.
fn quantity(value: &Value) -> Option<f64> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let suffixes = [
        ("Ki", 1024.0),
        ("Mi", 1024.0_f64.powi(2)),
        ("Gi", 1024.0_f64.powi(3)),
        ("Ti", 1024.0_f64.powi(4)),
        ("m", 0.001),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("", 1.0),
    ];
    suffixes.iter().find_map(|(suffix, factor)| {
        let number: f64 = text.strip_suffix(suffix)?.parse().ok()?;
        Some(number * factor)
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an amount is neither negative nor near the end of the range, and a cast saturates"
)]
fn whole(amount: f64) -> u64 {
    amount.round() as u64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(resources: &Value) -> Value {
        json!({"containers": [{"resources": resources}]})
    }

    #[test]
    fn quantities_are_read_in_all_their_forms() {
        for (written, bytes) in [
            ("32Mi", 32 << 20),
            ("1k", 1000),
            ("2G", 2_000_000_000),
            ("1e3", 1000),
            ("7", 7),
        ] {
            let asked = requests(&spec(&json!({"requests": {"memory": written}})));
            assert_eq!(asked.memory_bytes, bytes, "{written}");
        }
        let limited = requests(&spec(&json!({"limits": {"cpu": "500m"}})));
        assert_eq!(limited.cpu_millis, 500);
        let absurd = requests(&spec(&json!({"requests": {"cpu": "much"}})));
        assert_eq!(absurd, Resources::default());
    }

    #[test]
    fn the_class_follows_from_requests_and_limits() {
        let both = json!({"cpu": "1", "memory": "1Gi"});
        for (resources, class) in [
            (json!({}), "BestEffort"),
            (json!({"limits": {"memory": "32Mi"}}), "Burstable"),
            (json!({"limits": both}), "Guaranteed"),
            (
                json!({"limits": both, "requests": {"cpu": "500m"}}),
                "Burstable",
            ),
        ] {
            assert_eq!(quality(&spec(&resources)), class, "{resources}");
        }
    }
}
