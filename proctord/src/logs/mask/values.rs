//! Finds secret values in a stream, byte by byte: a trie of all values whose nodes know where to go on when
//! the next byte does not fit. After each byte it tells how much of the stream's end begins a value, and
//! whether one ends here.

use std::collections::VecDeque;

const ROOT: u32 = 0;
const NOWHERE: u32 = u32::MAX;

/// A place in the trie: what the stream ends with, as far as a value begins with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u32);

/// All values, ready to be looked for.
pub(super) struct Values {
    nodes: Vec<Node>,
    /// The root's children by byte: most of a stream is nowhere near a value.
    first: Box<[u32; 256]>,
}

struct Node {
    children: Vec<(u8, u32)>,
    /// The longest other node whose bytes end those of this one.
    fallback: u32,
    /// How many bytes lead here.
    depth: usize,
    /// Length of the longest value that ends here; 0 if none does.
    ends: usize,
}

impl Node {
    fn at(depth: usize) -> Self {
        Self {
            children: Vec::new(),
            fallback: ROOT,
            depth,
            ends: 0,
        }
    }

    fn child(&self, byte: u8) -> Option<u32> {
        self.children
            .iter()
            .find(|(key, _)| *key == byte)
            .map(|(_, child)| *child)
    }
}

impl Values {
    /// Takes every value; an empty one is none.
    pub(super) fn new<'v>(values: impl IntoIterator<Item = &'v [u8]>) -> Self {
        let mut all = Self {
            nodes: vec![Node::at(0)],
            first: Box::new([NOWHERE; 256]),
        };
        for value in values {
            all.add(value);
        }
        all.link();
        for (byte, child) in all.nodes[0].children.clone() {
            all.first[usize::from(byte)] = child;
        }
        all
    }

    /// Where every stream begins.
    pub(super) fn begin(&self) -> Place {
        Place(ROOT)
    }

    /// Whether there is nothing to look for.
    pub(super) fn is_empty(&self) -> bool {
        self.nodes.len() == 1
    }

    /// The place after one more byte.
    pub(super) fn step(&self, place: Place, byte: u8) -> Place {
        let mut node = place.0;
        while node != ROOT {
            if let Some(child) = self.node(node).child(byte) {
                return Place(child);
            }
            node = self.node(node).fallback;
        }
        match self.first[usize::from(byte)] {
            NOWHERE => Place(ROOT),
            child => Place(child),
        }
    }

    /// How many bytes at the stream's end begin a value.
    pub(super) fn begun(&self, place: Place) -> usize {
        self.node(place.0).depth
    }

    /// Length of the longest value that ends here; 0 if none does.
    pub(super) fn ended(&self, place: Place) -> usize {
        self.node(place.0).ends
    }

    fn node(&self, node: u32) -> &Node {
        &self.nodes[node as usize]
    }

    fn add(&mut self, value: &[u8]) {
        let mut node = ROOT;
        for (byte, depth) in value.iter().zip(1..) {
            node = match self.node(node).child(*byte) {
                Some(child) => child,
                None => {
                    let child = u32::try_from(self.nodes.len()).unwrap_or(NOWHERE);
                    self.nodes.push(Node::at(depth));
                    self.nodes[node as usize].children.push((*byte, child));
                    child
                }
            };
        }
        self.nodes[node as usize].ends = value.len();
    }

    /// Gives each node its fallback, those nearer to the root first.
    fn link(&mut self) {
        let mut queue: VecDeque<u32> = self.nodes[0].children.iter().map(|c| c.1).collect();
        while let Some(node) = queue.pop_front() {
            for (byte, child) in self.node(node).children.clone() {
                let fallback = self.fallback_of(node, byte);
                let ends_there = self.node(fallback).ends;
                let linked = &mut self.nodes[child as usize];
                linked.fallback = fallback;
                linked.ends = linked.ends.max(ends_there);
                queue.push_back(child);
            }
        }
    }

    fn fallback_of(&self, parent: u32, byte: u8) -> u32 {
        let mut node = parent;
        while node != ROOT {
            node = self.node(node).fallback;
            if let Some(child) = self.node(node).child(byte) {
                return child;
            }
        }
        ROOT
    }
}
