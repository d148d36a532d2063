//! The output of an execution as version 2 keeps it: one gzip, written when the log had ended. It comes out with
//! the secrets masked, as any log here.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use crate::domain::environment::Secrets;
use crate::logs::mask::Masker;
use crate::store::ImportedLog;

/// The most bytes that are taken of one output; version 2 itself kept all of it in memory.
const LIMIT_BYTES: u64 = 256 << 20;

/// The log that was stored.
pub(super) fn read(stored: &[u8], secrets: &Secrets) -> ImportedLog {
    read_bounded(stored, secrets, LIMIT_BYTES)
}

fn read_bounded(stored: &[u8], secrets: &Secrets, limit: u64) -> ImportedLog {
    if stored.is_empty() {
        return ImportedLog::default();
    }
    let mut plain = Vec::new();
    let mut unpacked = MultiGzDecoder::new(stored);
    let read = unpacked.by_ref().take(limit).read_to_end(&mut plain);
    let missing = match read {
        Err(_) if plain.is_empty() => {
            Some("what version 2 stored as its output is no gzip".to_owned())
        }
        Err(_) => Some("what version 2 stored of its output is damaged from here on".to_owned()),
        Ok(_) if has_more(&mut unpacked) => Some(format!(
            "its output in version 2 has more than {limit} bytes"
        )),
        Ok(_) => None,
    };
    ImportedLog {
        bytes: masked(plain, secrets).into(),
        missing,
    }
}

fn has_more(unpacked: &mut impl Read) -> bool {
    loop {
        match unpacked.read(&mut [0]) {
            Ok(bytes) => return bytes > 0,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return true,
        }
    }
}

fn masked(plain: Vec<u8>, secrets: &Secrets) -> Vec<u8> {
    if secrets.is_empty() {
        return plain;
    }
    let mut masker = Masker::new(secrets);
    let mut out = Vec::with_capacity(plain.len());
    masker.take(&plain);
    drop(plain);
    masker.give(masker.taken(), &mut out);
    out
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::{read, read_bounded};
    use crate::domain::environment::Secrets;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn an_output_comes_out_whole_and_masked() {
        let mut secrets = Secrets::new();
        secrets.insert("TOKEN".parse().unwrap(), "canary-value".into());

        let log = read(&gzip(b"\xff canary-value\ncanary-valu"), &secrets);

        assert_eq!(log.bytes, b"\xff ***\ncanary-valu".as_slice());
        assert_eq!(log.missing, None);
        for empty in [Vec::new(), gzip(b"")] {
            let log = read(&empty, &secrets);
            assert!(log.bytes.is_empty() && log.missing.is_none());
        }
    }

    #[test]
    fn what_is_missing_is_told() {
        let none = Secrets::new();
        let text: Vec<u8> = (0_u32..100_000).flat_map(u32::to_be_bytes).collect();
        let whole = gzip(&text);

        let cut = read(&whole[..whole.len() / 2], &none);
        let plain = read(b"plain text", &none);
        let exact = read_bounded(&whole, &none, text.len() as u64);
        let long = read_bounded(&whole, &none, 7);

        assert!(!cut.bytes.is_empty() && text.starts_with(&cut.bytes));
        assert!(cut.missing.unwrap().contains("damaged"));
        assert!(plain.bytes.is_empty() && plain.missing.unwrap().contains("no gzip"));
        assert!(exact.bytes == text && exact.missing.is_none());
        assert_eq!(long.bytes, text[..7]);
        assert!(long.missing.unwrap().contains("more than 7 bytes"));
    }
}
