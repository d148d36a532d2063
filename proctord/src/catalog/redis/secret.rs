//! The keys of secrets: a hash for each proc, so that setting one secret touches no other. Errors name the proc
//! and the secret, never a value.

use std::collections::{BTreeMap, BTreeSet};

use redis::Cmd;
use secrecy::SecretString;

use super::key;
use super::request::{Request, Requests};
use crate::catalog::CatalogError;
use crate::catalog::sealing::{Sealed, SealingError, SecretKeys};
use crate::domain::environment::Secrets;
use crate::domain::name::{ProcName, VariableName};

/// Sets one secret.
pub(super) async fn set(
    requests: &Requests,
    keys: &SecretKeys,
    proc_name: &ProcName,
    name: &VariableName,
    value: &SecretString,
) -> Result<(), CatalogError> {
    let key = key::of_secrets(proc_name);
    let mut set = hash_command("HSET", &key);
    set.arg(name.as_str())
        .arg(seal(keys, proc_name, name, value)?);
    let request = Request::one("write a secret", key, set);
    requests.answer::<(i64,)>(&request).await?;
    Ok(())
}

/// Replaces all secrets of a proc, in one step.
pub(super) async fn replace(
    requests: &Requests,
    keys: &SecretKeys,
    proc_name: &ProcName,
    secrets: &Secrets,
) -> Result<(), CatalogError> {
    let key = key::of_secrets(proc_name);
    let mut commands = vec![hash_command("DEL", &key)];
    if !secrets.is_empty() {
        let mut set = hash_command("HSET", &key);
        for (name, value) in secrets {
            set.arg(name.as_str())
                .arg(seal(keys, proc_name, name, value)?);
        }
        commands.push(set);
    }
    let request = Request::together("replace the secrets of a proc", key, commands);
    requests.answer::<Vec<i64>>(&request).await?;
    Ok(())
}

/// Removes one secret, and tells whether it was there.
pub(super) async fn remove(
    requests: &Requests,
    proc_name: &ProcName,
    name: &VariableName,
) -> Result<bool, CatalogError> {
    let key = key::of_secrets(proc_name);
    let mut remove = hash_command("HDEL", &key);
    remove.arg(name.as_str());
    let request = Request::one("remove a secret", key, remove).once();
    let (was_there,) = requests.answer(&request).await?;
    Ok(was_there)
}

/// The names of the secrets of a proc.
pub(super) async fn names(
    requests: &Requests,
    proc_name: &ProcName,
) -> Result<BTreeSet<VariableName>, CatalogError> {
    let key = key::of_secrets(proc_name);
    let names = hash_command("HKEYS", &key);
    let request = Request::one("read the names of secrets", key, names);
    let (names,): (Vec<Vec<u8>>,) = requests.answer(&request).await?;
    names.iter().map(|name| parse(proc_name, name)).collect()
}

/// All secrets of a proc, opened.
pub(super) async fn open_all(
    requests: &Requests,
    keys: &SecretKeys,
    proc_name: &ProcName,
) -> Result<Secrets, CatalogError> {
    let stored = stored(requests, &key::of_secrets(proc_name)).await?;
    let opened = stored.iter().map(|(name, bytes)| {
        let name = parse(proc_name, name)?;
        match open(keys, proc_name, &name, bytes) {
            Ok(value) => Ok((name, value)),
            Err(error) => Err(CatalogError::Damaged {
                what: format!("secret {name} of proc {proc_name}"),
                source: Some(Box::new(error)),
            }),
        }
    });
    opened.collect()
}

/// One secret as it is stored.
pub(super) async fn one(
    requests: &Requests,
    proc_name: &ProcName,
    name: &VariableName,
) -> Result<Option<Vec<u8>>, CatalogError> {
    let key = key::of_secrets(proc_name);
    let mut get = hash_command("HGET", &key);
    get.arg(name.as_str());
    let request = Request::one("read a secret", key, get);
    let (stored,) = requests.answer(&request).await?;
    Ok(stored)
}

/// What a hash holds, as it is stored.
pub(super) async fn stored(
    requests: &Requests,
    key: &str,
) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, CatalogError> {
    let all = hash_command("HGETALL", key);
    let request = Request::one("read the secrets of a proc", key, all);
    let (stored,) = requests.answer(&request).await?;
    Ok(stored)
}

/// Opens what is stored of a secret.
pub(super) fn open(
    keys: &SecretKeys,
    proc_name: &ProcName,
    name: &VariableName,
    bytes: &[u8],
) -> Result<SecretString, SealingError> {
    keys.open(proc_name, name, &Sealed::from_bytes(bytes)?)
}

/// What is to be stored of a secret.
pub(super) fn seal(
    keys: &SecretKeys,
    proc_name: &ProcName,
    name: &VariableName,
    value: &SecretString,
) -> Result<Vec<u8>, CatalogError> {
    let sealed = keys.seal(proc_name, name, value);
    sealed
        .and_then(|sealed| sealed.to_bytes())
        .map_err(|error| CatalogError::Unavailable {
            doing: "seal a secret",
            source: Box::new(error),
        })
}

fn hash_command(name: &str, key: &str) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(key);
    command
}

fn parse(proc_name: &ProcName, name: &[u8]) -> Result<VariableName, CatalogError> {
    let name = String::from_utf8_lossy(name);
    name.parse().map_err(|error| CatalogError::Damaged {
        what: format!("the name of a secret of proc {proc_name}"),
        source: Some(Box::new(error)),
    })
}
