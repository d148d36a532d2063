//! The certificate that the service shows, if it is to speak TLS.

use super::reader::Reader;
use crate::telemetry::chain;
use crate::tls::{Tls, TlsFiles};

const CHAIN: &str = "PROCTOR_TLS_CERT_FILE";
const KEY: &str = "PROCTOR_TLS_KEY_FILE";

/// Absent if the service is not to speak TLS.
pub(super) fn read(reader: &mut Reader) -> Option<TlsFiles> {
    let chain = reader.path(CHAIN);
    let key = reader.path(KEY);
    match (chain, key) {
        (Some(chain), Some(key)) => Some(TlsFiles { chain, key }),
        (None, None) => None,
        (Some(_), None) => {
            let name = reader.name_of(CHAIN);
            reader.mistake(format!("{name} needs {KEY}, the certificate's private key"));
            None
        }
        (None, Some(_)) => {
            let name = reader.name_of(KEY);
            reader.mistake(format!("{name} needs {CHAIN}, the key's certificate"));
            None
        }
    }
}

/// Notes what is wrong with the files, where they are about to be used.
pub(super) fn require(reader: &mut Reader, files: &TlsFiles) {
    if let Err(error) = Tls::open(files) {
        let (chain_name, key_name) = (reader.name_of(CHAIN), reader.name_of(KEY));
        reader.mistake(format!("{chain_name} and {key_name}: {}", chain(&error)));
    }
}
