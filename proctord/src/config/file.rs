//! The config file `config.yaml`, as the Go system has it: nested or dotted keys in any case. `redis.address`
//! is the variable PROCTOR_REDIS_ADDRESS. It keeps every key's line, so that a mistake can be told with it.

mod node;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::PREFIX;
use node::{Document, Node};

const NAME: &str = "config.yaml";
/// The folder in the home.
const HOME_FOLDER: &str = ".proctor";
/// The largest file that is read.
const LIMIT_BYTES: u64 = 1024 * 1024;

/// A file's values by the names of their variables.
pub(super) struct ConfigFile {
    path: PathBuf,
    values: BTreeMap<String, FileValue>,
}

/// A file that is there and cannot be used.
pub(super) struct BrokenFile {
    pub(super) path: PathBuf,
    pub(super) mistakes: Vec<String>,
}

/// A value with its place.
pub(super) struct FileValue {
    pub(super) key: String,
    pub(super) line: u64,
    pub(super) text: String,
}

impl ConfigFile {
    /// The first one that there is: in the folder, in the home, where CONFIG_LOCATION says.
    pub(super) fn find(
        environment: &BTreeMap<String, String>,
        folder: &Path,
    ) -> Result<Option<Self>, BrokenFile> {
        let set = |name| environment.get(name).filter(|text| !text.is_empty());
        let home = set("HOME").map(|home| Path::new(home).join(HOME_FOLDER));
        let told = set("CONFIG_LOCATION").map(PathBuf::from);
        let folders = [Some(folder.to_owned()), home, told];
        for path in folders
            .into_iter()
            .flatten()
            .map(|folder| folder.join(NAME))
        {
            let parsed = match read(&path) {
                Ok(text) => Self::parse(&path, &text),
                Err(error) if is_absent(&error) => continue,
                Err(error) => Err(vec![format!("{} cannot be read: {error}", path.display())]),
            };
            return parsed
                .map(Some)
                .map_err(|mistakes| BrokenFile { path, mistakes });
        }
        Ok(None)
    }

    /// Reads the text of a config file; every mistake in it is told with its line.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, Vec<String>> {
        let document: Document = node::read(text).map_err(|(line, column, error)| {
            vec![format!("{}:{line}:{column}: {error}", path.display())]
        })?;
        let mut reading = Reading {
            path,
            values: BTreeMap::new(),
            mistakes: Vec::new(),
        };
        match document.root() {
            Node::Map(_) => reading.take("", 1, document.root()),
            Node::Null => {}
            Node::List(_) | Node::Scalar(_) => {
                let mistake = format!("{} must be a map of keys to values", path.display());
                reading.mistakes.push(mistake);
            }
        }
        if !reading.mistakes.is_empty() {
            return Err(reading.mistakes);
        }
        Ok(Self {
            path: path.to_owned(),
            values: reading.values,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn value(&self, name: &str) -> Option<&FileValue> {
        self.values.get(name)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = (&String, &FileValue)> {
        self.values.iter()
    }
}

fn read(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > LIMIT_BYTES {
        return Err(io::Error::other(format!(
            "it has more than {LIMIT_BYTES} bytes"
        )));
    }
    fs::read_to_string(path)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

struct Reading<'a> {
    path: &'a Path,
    values: BTreeMap<String, FileValue>,
    mistakes: Vec<String>,
}

impl Reading<'_> {
    fn take(&mut self, key: &str, line: u64, node: &Node) {
        match node {
            Node::Map(entries) => {
                for (name, child) in entries {
                    let key = match key {
                        "" => name.value.clone(),
                        key => format!("{key}.{}", name.value),
                    };
                    self.take(&key, name.referenced.line(), &child.value);
                }
            }
            Node::List(items) => {
                let texts: Option<Vec<_>> = items.iter().map(|item| item.value.scalar()).collect();
                match texts {
                    Some(texts) => self.put(key, line, texts.join(",")),
                    None => self.mistake(key, line, "must be a value or a list of values"),
                }
            }
            Node::Scalar(text) => self.put(key, line, text.clone()),
            Node::Null => self.put(key, line, String::new()),
        }
    }

    fn put(&mut self, key: &str, line: u64, text: String) {
        let value = FileValue {
            key: key.to_owned(),
            line,
            text,
        };
        if let Some(first) = self.values.insert(variable(key), value) {
            let mistake = format!("says again what {} says in line {}", first.key, first.line);
            self.mistake(key, line, &mistake);
        }
    }

    fn mistake(&mut self, key: &str, line: u64, what: &str) {
        let path = self.path.display();
        self.mistakes.push(format!("{path}:{line}: {key} {what}"));
    }
}

/// The variable that a key stands for.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "_"))
}
