//! Certificates for servers under test, made with the `openssl` command: an authority of one's own, and what it
//! signs. They last a day.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// An authority that signs certificates, as long as it lives.
#[derive(Debug)]
pub struct Authority {
    folder: TempDir,
}

/// The files of a certificate and its key, in PEM.
#[derive(Debug, Clone)]
pub struct Certificate {
    pub chain: PathBuf,
    pub key: PathBuf,
    /// The certificate of who signed it.
    pub authority: PathBuf,
}

impl Authority {
    /// A new one, which nobody trusts yet.
    ///
    /// # Panics
    /// `openssl` is missing or fails.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        openssl(
            folder.path(),
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 \
             -subj /CN=testers -addext basicConstraints=critical,CA:true -keyout ca.key -out ca.pem",
        );
        Self { folder }
    }

    /// Its own certificate, to be trusted.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for a server, such as `IP:127.0.0.1` or `DNS:localhost`.
    ///
    /// # Panics
    /// `openssl` fails.
    #[must_use]
    pub fn certify(&self, subject: &str) -> Certificate {
        let folder = self.folder.path();
        let stem: String = subject
            .chars()
            .map(|letter| {
                if letter.is_ascii_alphanumeric() {
                    letter
                } else {
                    '-'
                }
            })
            .collect();
        fs::write(
            folder.join("extensions"),
            format!("subjectAltName={subject}\nbasicConstraints=critical,CA:false\n"),
        )
        .expect("the folder can be written to");
        openssl(
            folder,
            &format!(
                "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={stem} \
                 -keyout {stem}.key -out {stem}.csr"
            ),
        );
        openssl(
            folder,
            &format!(
                "x509 -req -in {stem}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 1 \
                 -extfile extensions -out {stem}.pem"
            ),
        );
        Certificate {
            chain: folder.join(format!("{stem}.pem")),
            key: folder.join(format!("{stem}.key")),
            authority: self.path(),
        }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn openssl(folder: &Path, words: &str) {
    let ran = Command::new("openssl")
        .args(words.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("openssl can be run");
    assert!(
        ran.status.success(),
        "openssl {words}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
}
