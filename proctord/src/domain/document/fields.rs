//! Takes a JSON object apart field by field and notes what does not have the form it should have, instead
//! of stopping at the first.

use std::collections::BTreeMap;

use proctor_api::{ArgType, ImagePullPolicy, Mistake};
use serde_json::{Map, Value};

/// The fields of one object, and where it stands in the document.
pub(super) struct Fields<'value, 'mistakes> {
    object: Option<&'value Map<String, Value>>,
    place: String,
    known: Vec<&'static str>,
    mistakes: &'mistakes mut Vec<Mistake>,
}

impl<'value, 'mistakes> Fields<'value, 'mistakes> {
    pub(super) fn open(
        value: &'value Value,
        place: String,
        mistakes: &'mistakes mut Vec<Mistake>,
    ) -> Self {
        let object = value.as_object();
        if object.is_none() {
            mistakes.push(Mistake::new(
                place.clone(),
                format!("must be an object, not {}", kind_of(value)),
            ));
        }
        Self {
            object,
            place,
            known: Vec::new(),
            mistakes,
        }
    }

    /// A text, empty if absent.
    pub(super) fn text(&mut self, name: &'static str) -> String {
        self.optional_text(name).unwrap_or_default()
    }

    pub(super) fn optional_text(&mut self, name: &'static str) -> Option<String> {
        let value = self.take(name)?;
        self.expect(name, "a text", value, value.as_str().map(ToOwned::to_owned))
    }

    /// A text, or a number or boolean taken as the text it is written as.
    pub(super) fn optional_scalar(&mut self, name: &'static str) -> Option<String> {
        let value = self.take(name)?;
        self.expect(name, "a text, a number or a boolean", value, scalar(value))
    }

    pub(super) fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        let value = self.take(name)?;
        let texts = value.as_array().and_then(|items| {
            items
                .iter()
                .map(|item| item.as_str().map(ToOwned::to_owned))
                .collect()
        });
        self.expect(name, "a list of texts", value, texts)
    }

    pub(super) fn scalars(&mut self, name: &'static str) -> Option<Vec<String>> {
        let value = self.take(name)?;
        let texts = value
            .as_array()
            .and_then(|items| items.iter().map(scalar).collect());
        self.expect(name, "a list of texts, numbers or booleans", value, texts)
    }

    pub(super) fn count(&mut self, name: &'static str) -> Option<u32> {
        let value = self.take(name)?;
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
        self.expect(name, "a whole number from 0 to 4294967295", value, count)
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Option<bool> {
        let value = self.take(name)?;
        self.expect(name, "true or false", value, value.as_bool())
    }

    pub(super) fn kind(&mut self, name: &'static str) -> Option<ArgType> {
        self.one_of(name, &ArgType::ALL, ArgType::as_str)
    }

    pub(super) fn policy(&mut self, name: &'static str) -> Option<ImagePullPolicy> {
        self.one_of(name, &ImagePullPolicy::ALL, ImagePullPolicy::as_str)
    }

    pub(super) fn word(&mut self, name: &'static str, words: &[&'static str]) -> Option<String> {
        self.one_of(name, words, |word| word).map(ToOwned::to_owned)
    }

    fn one_of<T: Copy>(
        &mut self,
        name: &'static str,
        all: &[T],
        text_of: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let value = self.take(name)?;
        let found = all
            .iter()
            .find(|one| value.as_str() == Some(text_of(**one)));
        let texts: Vec<_> = all.iter().map(|one| text_of(*one)).collect();
        let wanted = format!("one of {}", texts.join(", "));
        self.expect(name, &wanted, value, found.copied())
    }

    /// Texts by keys that the document chooses; what is no text is left out.
    pub(super) fn texts_by_key(&mut self, name: &'static str) -> BTreeMap<String, String> {
        let Some(value) = self.take(name) else {
            return BTreeMap::new();
        };
        let Some(entries) = self.expect(name, "an object", value, value.as_object()) else {
            return BTreeMap::new();
        };
        let mut texts = BTreeMap::new();
        for (key, value) in entries {
            let text = value.as_str().map(ToOwned::to_owned);
            let wanted = "a text, in quotes where it looks like something else";
            if let Some(text) = self.expect(&keyed(name, key), wanted, value, text) {
                texts.insert(key.clone(), text);
            }
        }
        texts
    }

    pub(super) fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'_, '_>) -> T,
    ) -> Option<T> {
        let value = self.take(name)?;
        let place = self.place_of(name);
        Some(read(&mut Fields::open(value, place, self.mistakes)))
    }

    pub(super) fn objects<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Fields<'_, '_>) -> T,
    ) -> Vec<T> {
        let Some(value) = self.take(name) else {
            return Vec::new();
        };
        let Some(items) = self.expect(name, "a list", value, value.as_array()) else {
            return Vec::new();
        };
        let place = self.place_of(name);
        let mistakes = &mut *self.mistakes;
        items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                read(&mut Fields::open(
                    item,
                    format!("{place}[{index}]"),
                    mistakes,
                ))
            })
            .collect()
    }

    /// Notes that something within is not as it must be.
    pub(super) fn note(&mut self, name: &str, message: impl Into<String>) {
        let mistake = Mistake::new(self.place_of(name), message);
        self.mistakes.push(mistake);
    }

    /// How much is wrong so far, here and elsewhere in the document.
    pub(super) fn mistakes(&self) -> usize {
        self.mistakes.len()
    }

    /// Notes every field that nothing above has asked for.
    pub(super) fn refuse_the_rest(&mut self) {
        let Some(object) = self.object else { return };
        for name in object
            .keys()
            .filter(|name| !self.known.contains(&name.as_str()))
        {
            let place = self.place_of(name);
            let message = format!("is no field here; there are {}", self.known.join(", "));
            self.mistakes.push(Mistake::new(place, message));
        }
    }

    /// The field's value; `null` counts as absent, as it did in the Go system.
    fn take(&mut self, name: &'static str) -> Option<&'value Value> {
        self.known.push(name);
        self.object?.get(name).filter(|value| !value.is_null())
    }

    fn expect<T>(&mut self, name: &str, wanted: &str, found: &Value, read: Option<T>) -> Option<T> {
        if read.is_none() {
            self.note(name, format!("must be {wanted}, not {}", kind_of(found)));
        }
        read
    }

    fn place_of(&self, name: &str) -> String {
        if self.place.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.place)
        }
    }
}

/// The place of a key that the document chose; a JSON text, because it may hold dots and anything else.
pub(super) fn keyed(name: &str, key: &str) -> String {
    format!("{name}[{}]", Value::from(key))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.chars().count() <= 40 => format!("the text {text:?}"),
        Value::String(_) => "a text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
