//! The config file `proctor.yaml`: a flat map. Written whole, readable by its owner only.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::config::{ConfigError, KEYS, edit};

/// A key and what it is to say from now on; `None` if nothing.
pub type Change = (&'static str, Option<String>);

/// What a config file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FileSettings(BTreeMap<String, String>);

impl FileSettings {
    /// Reads the text of a config file.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let options = serde_saphyr::options! { with_snippet: false };
        let values: Option<BTreeMap<String, Option<String>>> =
            serde_saphyr::from_str_with_options(text, options).map_err(|error| {
                let at = error.location().unwrap_or(serde_saphyr::Location::UNKNOWN);
                ConfigError::Syntax {
                    path: path.to_owned(),
                    line: at.line(),
                    column: at.column(),
                    message: error.to_string(),
                }
            })?;
        let given = |(key, value): (String, Option<String>)| Some((key, value?));
        Ok(Self(
            values
                .unwrap_or_default()
                .into_iter()
                .filter_map(given)
                .collect(),
        ))
    }

    /// The settings that a file is about to be written with.
    #[must_use]
    pub fn of(values: BTreeMap<String, String>) -> Self {
        Self(values)
    }

    /// The value of a key; an empty one counts as none.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0
            .get(key)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Keys that mean nothing.
    pub fn unknown_keys(&self) -> impl Iterator<Item = &str> {
        self.0
            .keys()
            .map(String::as_str)
            .filter(|key| !KEYS.contains(key))
    }

    /// The known keys with their values as they may be shown: the token is hidden.
    pub fn shown(&self) -> impl Iterator<Item = (&'static str, &str)> {
        KEYS.into_iter().filter_map(|key| {
            let value = self.get(key)?;
            let hidden = key == "ACCESS_TOKEN";
            Some((key, if hidden { "<hidden>" } else { value }))
        })
    }

    fn to_yaml(&self) -> String {
        let mut map = serde_yaml::Mapping::new();
        let known = KEYS
            .into_iter()
            .filter_map(|key| Some((key, self.0.get(key)?)));
        let unknown = self
            .unknown_keys()
            .filter_map(|key| Some((key, self.0.get(key)?)));
        for (key, value) in known.chain(unknown) {
            map.insert(key.into(), value.as_str().into());
        }
        serde_yaml::to_string(&map).expect("a map of strings is YAML")
    }
}

/// Reads the file; `None` if there is none.
pub fn read(path: &Path) -> Result<Option<FileSettings>, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => FileSettings::parse(&text, path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Whether others than its owner can read the file; never where files have no such thing.
#[must_use]
pub fn is_readable_by_others(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Replaces the file as a whole: a reader sees the old one or the new one.
pub fn write(path: &Path, settings: &FileSettings) -> Result<(), ConfigError> {
    replace(path, settings.to_yaml().as_bytes()).map_err(|source| ConfigError::Write {
        path: path.to_owned(),
        source,
    })
}

/// Changes these keys and leaves all else in the file as it is, comments too. The file need not be there.
pub fn change(path: &Path, changes: &[Change]) -> Result<(), ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(source) => {
            let path = path.to_owned();
            return Err(ConfigError::Read { path, source });
        }
    };
    let mut wanted = FileSettings::parse(&text, path)?;
    for (key, value) in changes {
        match value {
            Some(value) => wanted.0.insert((*key).to_owned(), value.clone()),
            None => wanted.0.remove(*key),
        };
    }
    let edited = edit::changed(&text, changes);
    // A file may be written in ways that cannot be edited line by line; then what it says goes before how.
    let is_right = FileSettings::parse(&edited, path).is_ok_and(|settings| settings == wanted);
    let text = if is_right { edited } else { wanted.to_yaml() };
    replace(path, text.as_bytes()).map_err(|source| ConfigError::Write {
        path: path.to_owned(),
        source,
    })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a link leads to is replaced, not the link.
    let target = std::fs::canonicalize(path);
    let path = target.as_deref().unwrap_or(path);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    create_private_folder(folder)?;
    let new: PathBuf = folder.join(format!(".proctor-{}.tmp", uuid::Uuid::new_v4()));
    let written = write_new(&new, bytes).and_then(|()| std::fs::rename(&new, path));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = std::fs::remove_file(&new);
    }
    written
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{FileSettings, change, read, write};

    fn parse(text: &str) -> FileSettings {
        FileSettings::parse(text, Path::new("proctor.yaml")).unwrap()
    }

    #[test]
    fn a_written_file_reads_back_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("proctor.yaml");
        let settings = parse("PROCTOR_HOST: h\nACCESS_TOKEN: 'a=b: #c'\nEMAIL_ID: 'no'\n");

        write(&path, &settings).unwrap();

        assert_eq!(read(&path).unwrap(), Some(settings));
    }

    #[cfg(unix)]
    #[test]
    fn a_written_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("proctor.yaml");

        write(&path, &parse("PROCTOR_HOST: h\n")).unwrap();

        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[test]
    fn a_file_in_any_form_can_be_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("proctor.yaml");
        std::fs::write(&path, "{PROCTOR_HOST: h, COLOUR: red, ACCESS_TOKEN: x}\n").unwrap();

        change(&path, &[("ACCESS_TOKEN", Some("y".to_owned()))]).unwrap();

        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "PROCTOR_HOST: h\nACCESS_TOKEN: y\nCOLOUR: red\n");
    }

    #[test]
    fn an_empty_file_and_empty_values_say_nothing() {
        assert_eq!(parse("# nothing\n").get("PROCTOR_HOST"), None);
        assert_eq!(
            parse("EMAIL_ID:\nPROCTOR_HOST: ''\n").get("PROCTOR_HOST"),
            None
        );
    }

    #[test]
    fn a_mistake_names_file_and_position() {
        let error = FileSettings::parse("PROCTOR_HOST: h\nEMAIL_ID: [\n", Path::new("p.yaml"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("p.yaml:"), "{error}");
        let twice = FileSettings::parse("EMAIL_ID: a\nEMAIL_ID: b\n", Path::new("p.yaml"))
            .unwrap_err()
            .to_string();
        assert!(twice.contains("p.yaml:2:1"), "{twice}");
    }
}
