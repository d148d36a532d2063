//! What `publish` is given: folders and documents become procs, each knowing where it came from, or a
//! list of everything that is wrong with them. Sends nothing.

mod source;
mod tree;

use std::fmt;
use std::path::{Path, PathBuf};

use proctor_api::{Metadata, Mistake};
use serde_json::Value;

use crate::bundle::{self, Bundle};
use crate::escape::visible;
use crate::manifest::source::Source;

/// The names that a folder's document may have.
const DOCUMENT_NAMES: [&str; 3] = ["metadata.json", "metadata.yaml", "metadata.yml"];

/// The documents cannot be published; everything that is wrong with them.
#[derive(Debug, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct PublishError(pub Vec<Located>);

/// A mistake with the file and, where known, the line it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    pub file: PathBuf,
    pub line: Option<u64>,
    pub text: String,
}

impl Located {
    pub fn new(file: &Path, text: impl fmt::Display) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            text: text.to_string(),
        }
    }
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display().to_string();
        f.write_str(&visible(&file))?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", visible(&self.text))
    }
}

/// One proc to publish.
#[derive(Debug)]
pub struct Definition {
    /// Empty where the document could not be read as metadata.
    pub metadata: Metadata,
    /// The document as it stands, right or wrong.
    pub document: Value,
    /// Why the document could not be read as metadata.
    pub misread: Option<Located>,
    /// The files to upload with it.
    pub bundle: Option<Bundle>,
    /// The folder has files that are not uploaded, because the document has no `command`.
    pub files_left_out: bool,
    source: Source,
}

impl Definition {
    /// A mistake that the service found at a path within this proc.
    #[must_use]
    pub fn locate(&self, at: &str, message: &str) -> Located {
        self.source.locate(&Mistake::new(at, message))
    }
}

/// Reads and checks everything that the paths name. All mistakes are told together.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Definition>, PublishError> {
    let mut definitions = Vec::new();
    let mut mistakes = Vec::new();
    for path in paths {
        let found = if path.is_dir() {
            read_folder(path)
        } else {
            read_file(path)
        };
        match found {
            Ok(found) => definitions.extend(found),
            Err(found) => mistakes.extend(found),
        }
    }
    mistakes.extend(same_names(&definitions));
    if mistakes.is_empty() {
        Ok(definitions)
    } else {
        Err(PublishError(mistakes))
    }
}

/// A document alone brings no files, so its command must be found elsewhere: in the image, or in a bundle that
/// it names.
fn read_file(file: &Path) -> Result<Vec<Definition>, Vec<Located>> {
    let definitions = source::read(file)?;
    let lacks_files = |definition: &&Definition| {
        let metadata = &definition.metadata;
        let command = metadata.command.as_deref().unwrap_or_default();
        let relative = command
            .first()
            .is_some_and(|program| bundle::is_in_folder(program));
        relative && metadata.bundle.is_none() && metadata.image_name.is_empty()
    };
    let text = "names a file, and a document alone brings none: publish the folder that holds both";
    let mistakes: Vec<Located> = definitions
        .iter()
        .filter(lacks_files)
        .map(|definition| definition.locate("command[0]", text))
        .collect();
    if mistakes.is_empty() {
        Ok(definitions)
    } else {
        Err(mistakes)
    }
}

fn read_folder(folder: &Path) -> Result<Vec<Definition>, Vec<Located>> {
    let document = document_of(folder).map_err(|mistake| vec![mistake])?;
    let mut definitions = source::read(&document)?;
    let [definition] = definitions.as_mut_slice() else {
        let text = "must hold one proc, not a list, because it stands in a folder";
        return Err(vec![Located::new(&document, text)]);
    };
    if definition.source.is_list() {
        let text = "must be one proc, not a list, because it stands in a folder";
        return Err(vec![Located::new(&document, text)]);
    }
    let files = bundle::list(folder).map_err(|error| vec![Located::new(folder, error)])?;
    if definition.misread.is_some() {
        return Ok(definitions);
    }
    let Some(command) = &definition.metadata.command else {
        definition.files_left_out = true;
        return Ok(definitions);
    };
    // A folder with nothing but a document may describe an image that has the command in it.
    if files.len() <= 1 && !definition.metadata.image_name.is_empty() {
        return Ok(definitions);
    }
    bundle::check_command(&files, command)
        .map_err(|error| vec![definition.locate("command[0]", &error.to_string())])?;
    if files.len() <= 1 {
        return Ok(definitions);
    }
    let bundle = Bundle::pack(folder, &files).map_err(|error| vec![Located::new(folder, error)])?;
    definition.metadata.bundle = Some(bundle.digest.clone());
    definition.bundle = Some(bundle);
    Ok(definitions)
}

/// The one document of a folder.
fn document_of(folder: &Path) -> Result<PathBuf, Located> {
    let found: Vec<&str> = DOCUMENT_NAMES
        .into_iter()
        .filter(|name| folder.join(name).symlink_metadata().is_ok())
        .collect();
    match found.as_slice() {
        [name] => Ok(folder.join(name)),
        [] => Err(Located::new(
            folder,
            format!("has none of {}", DOCUMENT_NAMES.join(", ")),
        )),
        several => Err(Located::new(
            folder,
            format!("has {}, of which there may be one", several.join(" and ")),
        )),
    }
}

fn same_names(definitions: &[Definition]) -> Vec<Located> {
    let mut mistakes = Vec::new();
    for (index, definition) in definitions.iter().enumerate() {
        let name = &definition.metadata.name;
        let same = |other: &&Definition| !name.is_empty() && other.metadata.name == *name;
        if let Some(first) = definitions[..index].iter().find(same) {
            let other = first.locate("name", "").file;
            let text = format!("is `{name}`, as in {}", other.display());
            mistakes.push(definition.locate("name", &text));
        }
    }
    mistakes
}

fn lines(mistakes: &[Located]) -> String {
    let lines: Vec<String> = mistakes.iter().map(Located::to_string).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests;
