//! Applying a patch to an object: merge patch, JSON patch, and what of strategic merge and apply is the same as a
//! merge. Lists are replaced whole: merging them by key and field ownership are not modelled. Whether the result
//! may be stored is decided elsewhere.

use serde_json::Value;

use super::refusal::Refusal;

/// How a patch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Merge,
    Strategic,
    Apply,
}

impl Form {
    pub(crate) fn of(content_type: &str) -> Result<Self, Refusal> {
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/json-patch+json" => Ok(Self::Json),
            "application/merge-patch+json" => Ok(Self::Merge),
            "application/strategic-merge-patch+json" => Ok(Self::Strategic),
            "application/apply-patch+yaml" => Ok(Self::Apply),
            other => Err(Refusal::unsupported_patch(other)),
        }
    }

    pub(crate) fn apply(self, object: &mut Value, patch: &Value) -> Result<(), Refusal> {
        match self {
            Self::Json => apply_operations(object, patch),
            Self::Merge | Self::Strategic | Self::Apply => {
                merge(object, patch);
                Ok(())
            }
        }
    }
}

/// RFC 7396.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let fields = target.as_object_mut().expect("it was just made one");
    for (key, change) in changes {
        if change.is_null() {
            fields.remove(key);
        } else {
            merge(fields.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
}

/// RFC 6902, of which copy and move are left out.
fn apply_operations(object: &mut Value, patch: &Value) -> Result<(), Refusal> {
    let operations = patch
        .as_array()
        .ok_or_else(|| Refusal::bad_request("a JSON patch is a list of operations"))?;
    for operation in operations {
        let path = operation["path"].as_str().unwrap_or_default();
        let value = &operation["value"];
        let done = match operation["op"].as_str().unwrap_or_default() {
            "test" => object.pointer(path) == Some(value),
            "replace" => object
                .pointer_mut(path)
                .map(|place| *place = value.clone())
                .is_some(),
            "add" => add(object, path, value),
            "remove" => remove(object, path),
            other => {
                let message = format!("JSON patch operation {other:?} is not modelled");
                return Err(Refusal::bad_request(message));
            }
        };
        if !done {
            return Err(Refusal::inapplicable());
        }
    }
    Ok(())
}

fn add(object: &mut Value, path: &str, value: &Value) -> bool {
    let Some((parent, key)) = parent(object, path) else {
        return false;
    };
    match parent {
        Value::Object(fields) => {
            fields.insert(key, value.clone());
            true
        }
        Value::Array(items) => match key.parse().unwrap_or(items.len()) {
            at if at <= items.len() => {
                items.insert(at, value.clone());
                true
            }
            _ => false,
        },
        _ => false,
    }
}

fn remove(object: &mut Value, path: &str) -> bool {
    match parent(object, path) {
        Some((Value::Object(fields), key)) => fields.remove(&key).is_some(),
        Some((Value::Array(items), key)) => match key.parse::<usize>() {
            Ok(at) if at < items.len() => {
                items.remove(at);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

fn parent<'a>(object: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (above, key) = path.rsplit_once('/')?;
    let key = key.replace("~1", "/").replace("~0", "~");
    object.pointer_mut(above).map(|place| (place, key))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_merge_patch_sets_removes_and_descends() {
        let mut object = json!({"a": {"b": 1, "c": 2}, "d": [1]});

        let patch = json!({"a": {"b": null, "e": 3}, "d": [2]});
        Form::Merge.apply(&mut object, &patch).expect("it applies");

        assert_eq!(object, json!({"a": {"c": 2, "e": 3}, "d": [2]}));
    }

    #[test]
    fn a_json_patch_applies_whole_or_is_refused() {
        let mut object = json!({"spec": {"suspend": true}, "list": [1]});

        let patch = json!([
            {"op": "test", "path": "/spec/suspend", "value": true},
            {"op": "replace", "path": "/spec/suspend", "value": false},
            {"op": "add", "path": "/list/-", "value": 2},
            {"op": "remove", "path": "/list/0"},
        ]);
        Form::Json.apply(&mut object, &patch).expect("it applies");
        assert_eq!(object, json!({"spec": {"suspend": false}, "list": [2]}));

        let patch = json!([{"op": "test", "path": "/spec/suspend", "value": true}]);
        Form::Json
            .apply(&mut object, &patch)
            .expect_err("it is false by now");
    }

    #[test]
    fn another_content_type_is_415() {
        let refusal = Form::of("application/json").expect_err("it names no patch");
        assert_eq!(refusal.code(), 415);
    }
}
