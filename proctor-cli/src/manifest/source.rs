//! A document's text: read strictly, with positions, into procs.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use proctor_api::{Metadata, Mistake};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::manifest::tree::Tree;
use crate::manifest::{Definition, Located};

/// The largest document that is read.
const DOCUMENT_LIMIT_BYTES: u64 = 1024 * 1024;

/// Where a proc came from.
#[derive(Debug)]
pub struct Source {
    file: PathBuf,
    tree: Rc<Tree>,
    /// Its place, if the document is a list.
    index: Option<usize>,
}

impl Source {
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.index.is_some()
    }

    /// The mistake with its file and line.
    #[must_use]
    pub fn locate(&self, mistake: &Mistake) -> Located {
        let at = match self.index {
            Some(index) if mistake.at.is_empty() => format!("[{index}]"),
            Some(index) => format!("[{index}].{}", mistake.at),
            None => mistake.at.clone(),
        };
        Located {
            line: self.tree.line_of(&at),
            ..Located::new(&self.file, Mistake::new(at, mistake.message.as_str()))
        }
    }
}

/// The procs of a document.
pub fn read(file: &Path) -> Result<Vec<Definition>, Vec<Located>> {
    let text = read_text(file).map_err(|mistake| vec![mistake])?;
    let tree: Rc<Tree> = Rc::new(parse(file, &text)?);
    let documents = match tree.to_json() {
        Value::Array(documents) => documents,
        document => vec![document],
    };
    if documents.is_empty() {
        return Err(vec![Located::new(file, "holds no proc")]);
    }
    let is_list = tree.is_list();
    // What keeps the text from being metadata is told by the service, with everything else.
    let (procs, misread) = match parse_procs(file, &text, is_list) {
        Ok(procs) => (procs, None),
        Err(misread) => (
            vec![Metadata::default(); documents.len()],
            misread.into_iter().next(),
        ),
    };
    let definition = |(index, (metadata, document))| Definition {
        metadata,
        document,
        misread: misread.clone(),
        bundle: None,
        files_left_out: false,
        source: Source {
            file: file.to_owned(),
            tree: Rc::clone(&tree),
            index: is_list.then_some(index),
        },
    };
    Ok(procs
        .into_iter()
        .zip(documents)
        .enumerate()
        .map(definition)
        .collect())
}

fn parse_procs(file: &Path, text: &str, is_list: bool) -> Result<Vec<Metadata>, Vec<Located>> {
    if is_list {
        parse(file, text)
    } else {
        Ok(vec![parse(file, text)?])
    }
}

fn read_text(file: &Path) -> Result<String, Located> {
    let read = std::fs::metadata(file).and_then(|metadata| {
        if metadata.len() > DOCUMENT_LIMIT_BYTES {
            return Err(std::io::Error::other(format!(
                "larger than {DOCUMENT_LIMIT_BYTES} bytes"
            )));
        }
        std::fs::read_to_string(file)
    });
    read.map_err(|error| Located::new(file, format!("failed to read: {error}")))
}

fn parse<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, Vec<Located>> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: 1,
            max_depth: 32,
            max_aliases: 100,
            max_anchors: 100,
            max_events: 100_000,
            max_nodes: 50_000,
        },
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::Error,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().map(|location| location.line());
        vec![Located {
            line,
            ..Located::new(file, error)
        }]
    })
}
