//! A document as a tree that knows the line of each of its nodes: it answers "which line is
//! `env_vars.args[2].type` on", and gives the document as JSON, right or wrong, for the service to judge.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::Spanned;

/// A document.
#[derive(Debug)]
pub struct Tree(Spanned<Node>);

#[derive(Debug)]
pub enum Node {
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
    List(Vec<Spanned<Node>>),
    Value(Value),
}

impl Tree {
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.0.value
    }

    #[must_use]
    pub fn is_list(&self) -> bool {
        matches!(self.root(), Node::List(_))
    }

    /// The document as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.root().to_json()
    }

    /// The line of the deepest node on the path that exists; `None` if not even the first step does.
    #[must_use]
    pub fn line_of(&self, path: &str) -> Option<u64> {
        let mut node = self.root();
        let mut line = None;
        for step in steps(path) {
            let Some((step_line, child)) = node.child(&step) else {
                break;
            };
            line = Some(step_line);
            node = child;
        }
        line
    }
}

impl Node {
    fn to_json(&self) -> Value {
        match self {
            Self::Map(entries) => entries
                .iter()
                .map(|(key, node)| (key.value.clone(), node.value.to_json()))
                .collect(),
            Self::List(nodes) => nodes.iter().map(|node| node.value.to_json()).collect(),
            Self::Value(value) => value.clone(),
        }
    }

    fn child(&self, step: &str) -> Option<(u64, &Self)> {
        match self {
            Self::Map(entries) => entries
                .iter()
                .find(|(key, _)| key.value == step)
                .map(|(key, node)| (key.referenced.line(), &node.value)),
            Self::List(nodes) => {
                let node = nodes.get(step.parse::<usize>().ok()?)?;
                Some((node.referenced.line(), &node.value))
            }
            Self::Value(_) => None,
        }
    }
}

/// `a.b[2].c` as `a`, `b`, `2`, `c`. A key in quotes, `a["b.c/d"].e`, is one step whatever it holds.
fn steps(path: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(['.', '[', ']']);
        let mut quoted = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        if rest.starts_with('"')
            && let Some(Ok(key)) = quoted.next()
        {
            rest = &rest[quoted.byte_offset()..];
            return Some(Cow::Owned(key));
        }
        let end = rest.find(['.', '[', ']']).unwrap_or(rest.len());
        let (step, after) = rest.split_at(end);
        rest = after;
        (!step.is_empty()).then_some(Cow::Borrowed(step))
    })
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Map(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = seq.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Value(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Value(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Node, E> {
        Ok(Node::Value(value.to_string().into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Value(value.into()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Node, E> {
        Ok(Node::Value(value.to_string().into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Value(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Value(value.into()))
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Node, E> {
        Ok(Node::Value(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Value(Value::Null))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Value(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Node::Value(Value::Null))
    }
}
