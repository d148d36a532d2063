//! Procs: version 2's documents, read as strictly as any that is published.

use proctor_api::Metadata;
use serde_json::Value;

use super::redis::Redis;
use super::{ImportError, Options, Report, Target};
use crate::domain::document;
use crate::domain::name::ProcName;

const ENDING: &str = "-metadata";

/// Publishes those whose names are free.
pub(super) async fn import(
    redis: &mut Redis,
    target: Option<&Target>,
    options: Options,
    report: &mut Report<'_>,
) -> Result<(), ImportError> {
    for name in redis.names(ENDING).await? {
        let what = format!("proc {}", name.escape_ascii());
        let text = redis.text(&name, ENDING).await?;
        let (name, metadata) = match read(&name, text.as_deref()) {
            Ok(read) => read,
            Err(flaw) => {
                report.procs.skipped += 1;
                report.skip(what, flaw);
                continue;
            }
        };
        if let Some(target) = target {
            if target.catalog.proc(&name).await?.is_some() {
                report.procs.there += 1;
                continue;
            }
            if !options.dry_run {
                target.catalog.publish(&[(name, metadata)]).await?;
            }
        }
        report.procs.imported += 1;
    }
    Ok(())
}

fn read(name: &[u8], text: Option<&[u8]>) -> Result<(ProcName, Metadata), String> {
    let text = text.ok_or("its key holds no text")?;
    let key = std::str::from_utf8(name).map_err(|_| "its name is no text")?;
    let name: ProcName = key.parse().map_err(|error| format!("its name {error}"))?;
    let document: Value = serde_json::from_slice(text)
        .map_err(|error| format!("its document is no JSON: {error}"))?;
    let metadata = document::parse(&document).map_err(|mistakes| {
        let texts: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        format!("its document has mistakes: {}", texts.join("; "))
    })?;
    if metadata.name == key {
        Ok((name, metadata))
    } else {
        Err(format!("its document names itself {:?}", metadata.name))
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_document_of_version_2_is_read_and_every_flaw_is_told() {
        let document = br#"{"name":"say-hello","description":"Says hello","image_name":"hello:1",
            "env_vars":{"secrets":null,"args":[{"name":"WHO","description":"Whom"}]},
            "authorized_groups":null,"author":"a","contributors":"c","organization":"o"}"#;

        let (name, metadata) = read(b"say-hello", Some(document)).unwrap();

        assert_eq!(
            (name.as_str(), metadata.image_name.as_str()),
            ("say-hello", "hello:1")
        );
        let flawed = |name: &[u8], text: Option<&[u8]>, flaw: &str| {
            let told = read(name, text).unwrap_err();
            assert!(told.contains(flaw), "{told}");
        };
        flawed(b"say-hello", None, "holds no text");
        flawed(b"say\xff", Some(document), "no text");
        flawed(b"say hello", Some(document), "must begin with");
        flawed(b"say-hello", Some(b"{"), "no JSON");
        flawed(b"say-hello", Some(b"[]"), "mistakes");
        flawed(b"other", Some(document), "names itself \"say-hello\"");
    }
}
