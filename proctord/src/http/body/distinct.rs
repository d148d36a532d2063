//! JSON in which no object has a key twice. Readers disagree about which of the two counts, so a document that
//! one of them checked might mean something else to the next.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Any JSON without doubled keys; it is only looked through.
pub(super) struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Distinct;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Distinct, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if keys.contains(&key) {
                return Err(A::Error::custom(format_args!(
                    "the key {key:?} is there twice"
                )));
            }
            keys.insert(key);
            map.next_value::<Distinct>()?;
        }
        Ok(Distinct)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Distinct, A::Error> {
        while list.next_element::<Distinct>()?.is_some() {}
        Ok(Distinct)
    }

    fn visit_bool<E>(self, _value: bool) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_i64<E>(self, _value: i64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_u64<E>(self, _value: u64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_f64<E>(self, _value: f64) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_str<E>(self, _value: &str) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_unit<E>(self) -> Result<Distinct, E> {
        Ok(Distinct)
    }
}

#[cfg(test)]
mod tests {
    use super::Distinct;

    #[test]
    fn a_key_that_is_there_twice_is_told_wherever_it_is() {
        for (json, key) in [
            (r#"{"a": 1, "a": 1}"#, "\"a\""),
            (r#"[{"b": {"c": null, "d": 2.5, "c": []}}]"#, "\"c\""),
            (r#"{"x": true, "\u0078": "same"}"#, "\"x\""),
        ] {
            let error = serde_json::from_str::<Distinct>(json).err().unwrap();
            assert!(error.to_string().contains(key), "{json}: {error}");
        }
    }

    #[test]
    fn any_other_json_is_fine() {
        for json in ["null", "-1", "[]", r#"{"a": {"a": {"a": [1, "a"]}}}"#] {
            assert!(serde_json::from_str::<Distinct>(json).is_ok(), "{json}");
        }
    }
}
