//! The keys of procs: the documents as they were published, and the set of their names, which are always changed
//! together.

use std::collections::BTreeMap;

use proctor_api::Metadata;

use super::key;
use super::request::{Request, Requests};
use crate::catalog::{CatalogError, SecretsOfProc};
use crate::domain::name::ProcName;

const PUBLISH: &str = include_str!("publish.lua");
const UNPUBLISH: &str = include_str!("unpublish.lua");
const LIST: &str = include_str!("list.lua");

/// Writes procs, all or none, over those of their names.
pub(super) async fn put(
    requests: &Requests,
    procs: &[(ProcName, Metadata)],
) -> Result<(), CatalogError> {
    if procs.is_empty() {
        return Ok(());
    }
    let mut publish = redis::cmd("EVAL");
    publish.arg(PUBLISH).arg(procs.len() + 1).arg(key::PROCS);
    for (name, _) in procs {
        publish.arg(key::of_proc(name));
    }
    for (name, metadata) in procs {
        let json = serde_json::to_string(metadata).map_err(|error| CatalogError::Unavailable {
            doing: "put a proc in words",
            source: Box::new(error),
        })?;
        publish.arg(name.as_str()).arg(json);
    }
    let request = Request::one("publish procs", key::PROCS, publish);
    requests.answer::<((),)>(&request).await?;
    Ok(())
}

/// Removes one proc, and its secrets if that is wanted and it was there; tells whether it was.
pub(super) async fn remove(
    requests: &Requests,
    name: &ProcName,
    secrets: SecretsOfProc,
) -> Result<bool, CatalogError> {
    let mut unpublish = redis::cmd("EVAL");
    unpublish
        .arg(UNPUBLISH)
        .arg(3)
        .arg(key::PROCS)
        .arg(key::of_proc(name))
        .arg(key::of_secrets(name))
        .arg(name.as_str())
        .arg(match secrets {
            SecretsOfProc::Go => "go",
            SecretsOfProc::Stay => "stay",
        });
    let request = Request::one("unpublish a proc", key::PROCS, unpublish).once();
    let (was_there,) = requests.answer(&request).await?;
    Ok(was_there)
}

/// One proc.
pub(super) async fn find(
    requests: &Requests,
    name: &ProcName,
) -> Result<Option<Metadata>, CatalogError> {
    let key = key::of_proc(name);
    let mut get = redis::cmd("GET");
    get.arg(&key);
    let request = Request::one("read a proc", &key, get);
    let (document,): (Option<Vec<u8>>,) = requests.answer(&request).await?;
    document
        .map(|document| metadata(&key, &document))
        .transpose()
}

/// All procs of one moment, ordered by name.
pub(super) async fn list(requests: &Requests) -> Result<Vec<Metadata>, CatalogError> {
    let mut list = redis::cmd("EVAL");
    list.arg(LIST).arg(1).arg(key::PROCS).arg(key::PROC);
    let request = Request::one("list the procs", key::PROCS, list);
    let (found,): (Vec<Option<Vec<u8>>>,) = requests.answer(&request).await?;
    let mut procs = BTreeMap::new();
    for pair in found.chunks_exact(2) {
        let name = String::from_utf8_lossy(pair[0].as_deref().unwrap_or_default());
        let key = format!("{}{name}", key::PROC);
        let Some(document) = &pair[1] else {
            return Err(CatalogError::Damaged {
                what: format!("the key {key}, which is listed and not there"),
                source: None,
            });
        };
        procs.insert(name.into_owned(), metadata(&key, document)?);
    }
    Ok(procs.into_values().collect())
}

fn metadata(key: &str, json: &[u8]) -> Result<Metadata, CatalogError> {
    serde_json::from_slice(json).map_err(|error| CatalogError::Damaged {
        what: format!("the key {key}"),
        source: Some(Box::new(error)),
    })
}
