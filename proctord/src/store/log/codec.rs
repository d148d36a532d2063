//! How chunks are packed: by zstd where that makes them smaller. Each chunk says how it is packed, so that
//! this may change without touching what is stored.

use bytes::Bytes;

use crate::store::StoreError;

/// Favours speed: logs are written once and mostly read while they grow.
const ZSTD_LEVEL: i32 = 1;
/// The most bytes of a chunk: who reads a log has at least one in memory.
const CHUNK_BYTES: usize = 64 * 1024;
/// Packing more than this at once would keep other tasks of the thread waiting.
const INLINE_LIMIT_BYTES: usize = 64 * 1024;

/// A chunk as it is stored.
#[derive(Debug)]
pub(in crate::store) struct Packed {
    pub codec: &'static str,
    pub bytes: Bytes,
    /// Of the bytes before they were packed.
    pub length: usize,
}

impl Packed {
    fn raw(bytes: Bytes) -> Self {
        Self {
            codec: "raw",
            length: bytes.len(),
            bytes,
        }
    }
}

/// Cuts bytes into chunks and packs them.
pub(in crate::store) async fn pack(bytes: Bytes) -> Vec<Packed> {
    if bytes.len() <= INLINE_LIMIT_BYTES {
        return chunks(bytes).map(pack_now).collect();
    }
    let packing = bytes.clone();
    tokio::task::spawn_blocking(move || chunks(packing).map(pack_now).collect())
        .await
        .unwrap_or_else(|_| chunks(bytes).map(Packed::raw).collect())
}

fn chunks(mut bytes: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let length = bytes.len().min(CHUNK_BYTES);
        (length > 0).then(|| bytes.split_to(length))
    })
}

/// Unpacks a chunk of a known length; `place` names it in errors.
pub(in crate::store) async fn unpack(
    codec: &str,
    packed: Vec<u8>,
    length: usize,
    place: String,
) -> Result<Bytes, StoreError> {
    let bytes = match codec {
        "raw" => packed,
        "zstd" if length <= INLINE_LIMIT_BYTES => unpack_now(&packed, length, &place)?,
        "zstd" => {
            let named = place.clone();
            tokio::task::spawn_blocking(move || unpack_now(&packed, length, &named))
                .await
                .map_err(|error| StoreError::Unavailable {
                    doing: "unpack a piece of a log",
                    source: Box::new(error),
                })??
        }
        other => {
            return Err(StoreError::damaged(
                place,
                format!("unknown codec `{other}`"),
            ));
        }
    };
    if bytes.len() == length {
        Ok(bytes.into())
    } else {
        let told = format!("{} bytes in place of {length}", bytes.len());
        Err(StoreError::damaged(place, told))
    }
}

fn pack_now(bytes: Bytes) -> Packed {
    match zstd::bulk::compress(&bytes, ZSTD_LEVEL) {
        Ok(smaller) if smaller.len() < bytes.len() => Packed {
            codec: "zstd",
            length: bytes.len(),
            bytes: smaller.into(),
        },
        _ => Packed::raw(bytes),
    }
}

fn unpack_now(packed: &[u8], length: usize, place: &str) -> Result<Vec<u8>, StoreError> {
    zstd::bulk::decompress(packed, length)
        .map_err(|error| StoreError::damaged(place.to_owned(), error))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{CHUNK_BYTES, pack, unpack};

    async fn there_and_back(bytes: Bytes) -> Vec<&'static str> {
        let mut back = Vec::new();
        let mut codecs = Vec::new();
        for packed in pack(bytes.clone()).await {
            let stored = packed.bytes.to_vec();
            let unpacked = unpack(packed.codec, stored, packed.length, "a chunk".into());
            back.extend(unpacked.await.unwrap());
            codecs.push(packed.codec);
        }
        assert_eq!(back, bytes);
        codecs
    }

    #[tokio::test]
    async fn only_what_gets_smaller_is_packed() {
        assert!(there_and_back(Bytes::new()).await.is_empty());
        assert_eq!(there_and_back(Bytes::from_static(b"x")).await, ["raw"]);
        assert_eq!(there_and_back(vec![b'x'; 1000].into()).await, ["zstd"]);
        assert_eq!(
            there_and_back(vec![b'x'; CHUNK_BYTES + 1].into()).await,
            ["zstd", "raw"]
        );
    }

    #[tokio::test]
    async fn what_does_not_unpack_to_its_length_is_damaged() {
        let packed = pack(vec![b'x'; 1000].into()).await.remove(0);

        for (codec, length) in [("zstd", 999), ("zstd", 1001), ("raw", 1000), ("lzma", 1000)] {
            let unpacked = unpack(codec, packed.bytes.to_vec(), length, "chunk 7".into());
            let error = unpacked.await.unwrap_err();
            assert!(error.to_string().contains("chunk 7"), "{error}");
        }
    }
}
