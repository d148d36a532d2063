//! The keys that secrets are sealed with: read from text, or made once and kept in a file that only its owner
//! can read.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Generate, Key};
use secrecy::zeroize::{Zeroize, Zeroizing};
use secrecy::{ExposeSecret, SecretBox};
use thiserror::Error;
use uuid::Uuid;

const KEY_BYTES: usize = 32;
/// The most characters of a key's name.
const ID_LIMIT: usize = 64;

/// Why there are no keys. Positions count from 1; a key's text is never told.
#[derive(Debug, Error)]
pub enum KeysError {
    #[error("there is no key; one is written as `name:base64`")]
    Empty,
    #[error("key {0} has no name; it is written as `name:base64`")]
    Unnamed(usize),
    #[error("the name of key {0} must have 1 to {ID_LIMIT} letters, digits, `.`, `_` or `-`")]
    Name(usize),
    #[error("key `{0}` must be {KEY_BYTES} bytes in base64")]
    Key(String),
    #[error("there are two keys `{0}`")]
    Repeated(String),
    #[error("the file of keys {} cannot be used", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the file of keys {} can be read by others than its owner; its mode must be 0600", path.display())]
    Exposed { path: PathBuf },
    #[error("the file of keys {} holds no keys", path.display())]
    Contents {
        path: PathBuf,
        source: Box<KeysError>,
    },
}

/// Named keys: the first one seals, any of them opens.
pub struct SecretKeys {
    first: (String, SecretBox<[u8; KEY_BYTES]>),
    older: Vec<(String, SecretBox<[u8; KEY_BYTES]>)>,
}

impl SecretKeys {
    /// Reads keys written as `name:base64key[,name:base64key]`.
    ///
    /// # Errors
    /// Which of them is wrong, and how.
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        let mut keys: Vec<(String, SecretBox<[u8; KEY_BYTES]>)> = Vec::new();
        let entries = text.split(',').map(str::trim);
        for (entry, position) in entries.filter(|entry| !entry.is_empty()).zip(1..) {
            let (id, key) = parse_entry(entry, position)?;
            if keys.iter().any(|(other, _)| *other == id) {
                return Err(KeysError::Repeated(id));
            }
            keys.push((id, key));
        }
        let mut keys = keys.into_iter();
        Ok(Self {
            first: keys.next().ok_or(KeysError::Empty)?,
            older: keys.collect(),
        })
    }

    /// Reads the keys of a file; if there is none, makes one with a new key.
    ///
    /// # Errors
    /// The file, and what is wrong with it.
    pub fn load_or_create(path: &Path) -> Result<Self, KeysError> {
        let failed = |source| KeysError::File {
            path: path.to_owned(),
            source,
        };
        if !path.try_exists().map_err(failed)? {
            create(path).map_err(failed)?;
        }
        let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeysError::Exposed {
                path: path.to_owned(),
            });
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(failed)?);
        Self::parse(&text).map_err(|source| KeysError::Contents {
            path: path.to_owned(),
            source: Box::new(source),
        })
    }

    /// A new key with a name of its own, as [`Self::parse`] takes it.
    #[must_use]
    pub fn new_entry() -> Zeroizing<String> {
        let key = SecretBox::new(Box::new(<[u8; KEY_BYTES]>::from(
            Key::<XChaCha20Poly1305>::generate(),
        )));
        let id = Uuid::new_v4().simple().to_string();
        let encoded = Zeroizing::new(STANDARD.encode(key.expose_secret()));
        Zeroizing::new(format!("key-{}:{}", &id[..8], *encoded))
    }

    pub(super) fn sealing_key(&self) -> (&str, &SecretBox<[u8; KEY_BYTES]>) {
        (&self.first.0, &self.first.1)
    }

    pub(super) fn find(&self, id: &str) -> Option<&SecretBox<[u8; KEY_BYTES]>> {
        std::iter::once(&self.first)
            .chain(&self.older)
            .find(|(other, _)| other == id)
            .map(|(_, key)| key)
    }
}

/// The names alone.
impl fmt::Debug for SecretKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = std::iter::once(&self.first).chain(&self.older);
        f.debug_list().entries(ids.map(|(id, _)| id)).finish()
    }
}

fn parse_entry(
    entry: &str,
    position: usize,
) -> Result<(String, SecretBox<[u8; KEY_BYTES]>), KeysError> {
    let (id, encoded) = entry.split_once(':').ok_or(KeysError::Unnamed(position))?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if id.is_empty() || id.len() > ID_LIMIT || !id.bytes().all(fits) {
        return Err(KeysError::Name(position));
    }
    let wrong = || KeysError::Key(id.to_owned());
    let bytes = Zeroizing::new(STANDARD.decode(encoded.trim()).map_err(|_| wrong())?);
    let mut key = <[u8; KEY_BYTES]>::try_from(&bytes[..]).map_err(|_| wrong())?;
    let kept = SecretBox::new(Box::new(key));
    key.zeroize();
    Ok((id.to_owned(), kept))
}

/// Makes the file whole or not at all: if somebody else makes it at the same time, one of the two stands.
fn create(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let draft = folder.join(format!(".keys-{}", Uuid::new_v4()));
    let written = write_draft(&draft).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    fs::remove_file(&draft)?;
    written?;
    File::open(folder)?.sync_all()
}

fn write_draft(draft: &Path) -> io::Result<()> {
    let line = Zeroizing::new(format!("{}\n", *SecretKeys::new_entry()));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)?;
    file.write_all(line.as_bytes())?;
    file.sync_all()
}
