//! The sample procs, carried by the binary so that a new service has something to show. What somebody has
//! published under their names stays.

use anyhow::Context;
use bytes::Bytes;
use serde_json::Value;

use crate::bundle;
use crate::catalog::Catalog;
use crate::domain::document;
use crate::domain::name::ProcName;

/// The files of one sample: path, content, and whether it is executable.
type Files = &'static [(&'static str, &'static [u8], bool)];

macro_rules! sample {
    ($folder:literal, $script:literal) => {
        &[
            (
                "Dockerfile",
                include_bytes!(concat!("../../procs/", $folder, "/Dockerfile")),
                false,
            ),
            (
                "metadata.json",
                include_bytes!(concat!("../../procs/", $folder, "/metadata.json")),
                false,
            ),
            (
                $script,
                include_bytes!(concat!("../../procs/", $folder, "/", $script)),
                true,
            ),
        ]
    };
}

const SAMPLES: [Files; 3] = [
    sample!("say-hello", "say_hello.sh"),
    sample!("count-down", "count_down.sh"),
    sample!("fail-on-purpose", "fail_on_purpose.sh"),
];

/// Publishes those samples whose names are free.
///
/// # Errors
/// Those of the catalog.
pub async fn publish(catalog: &dyn Catalog) -> anyhow::Result<()> {
    for files in SAMPLES {
        let mut metadata = read(files)?;
        let name: ProcName = metadata.name.parse()?;
        if catalog.proc(&name).await?.is_some() {
            continue;
        }
        let archive = pack(files)?;
        let digest = bundle::digest(&archive);
        catalog.put_bundle(&digest, archive).await?;
        metadata.bundle = Some(digest);
        catalog.publish(&[(name, metadata)]).await?;
    }
    Ok(())
}

fn read(files: Files) -> anyhow::Result<proctor_api::Metadata> {
    let (_, text, _) = files
        .iter()
        .find(|(path, ..)| *path == "metadata.json")
        .context("no metadata")?;
    let document: Value = serde_json::from_slice(text)?;
    document::parse(&document).map_err(|mistakes| {
        let texts: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("a sample has mistakes: {}", texts.join("; "))
    })
}

fn pack(files: Files) -> anyhow::Result<Bytes> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content, executable) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(if *executable { 0o755 } else { 0o644 });
        builder.append_data(&mut header, path, *content)?;
    }
    Ok(builder.into_inner()?.into())
}

#[cfg(test)]
mod tests {
    use super::{SAMPLES, pack, read};
    use crate::bundle;

    #[test]
    fn every_sample_is_fit_to_be_published() {
        for files in SAMPLES {
            let metadata = read(files).unwrap();
            let command = metadata.command.expect("a sample has a command");
            let script = command[0].trim_start_matches("./");
            assert!(
                files
                    .iter()
                    .any(|(path, _, executable)| *path == script && *executable),
                "{script}"
            );
            bundle::check(&pack(files).unwrap()).unwrap();
        }
    }
}
