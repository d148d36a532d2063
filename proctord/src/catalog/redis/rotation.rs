//! Rotation: whatever an older key has sealed is sealed anew with the first one. It may be repeated and may be cut
//! off anywhere; a value that somebody sets meanwhile is never overwritten with the one before.

use std::collections::BTreeSet;

use super::request::{Request, Requests};
use super::{RedisCatalog, key, secret};
use crate::catalog::CatalogError;
use crate::catalog::sealing::Sealed;
use crate::domain::name::{ProcName, VariableName};

const RESEAL: &str = include_str!("reseal.lua");

/// How often a secret is looked at that is set by others all the time.
const LOOKS: usize = 10;

/// What a rotation has found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// How many were sealed anew.
    pub resealed: usize,
    /// How many the first key had sealed already.
    pub current: usize,
    /// Those that stay as they are, each with the reason.
    pub unopenable: Vec<Unopenable>,
}

/// A secret that cannot be opened with any of the keys.
#[derive(Debug, PartialEq, Eq)]
pub struct Unopenable {
    /// Its place, such as `secret TOKEN of proc say-hello`.
    pub what: String,
    pub why: String,
}

/// What has become of one secret.
enum Fate {
    Resealed,
    Current,
    Unopenable(String),
    /// Others have set or removed it since it was read.
    Changed,
}

impl RedisCatalog {
    /// Seals with the first key what older ones have sealed.
    ///
    /// # Errors
    /// Redis cannot be reached; what was sealed anew until then stays so.
    pub async fn rotate(&self) -> Result<Rotation, CatalogError> {
        let mut rotation = Rotation::default();
        for key in hashes(&self.requests).await? {
            let owner = key::owner_of_secrets(&key);
            match owner.parse::<ProcName>() {
                Ok(proc_name) => self.rotate_proc(&proc_name, &mut rotation).await?,
                Err(error) => rotation.unopenable.push(Unopenable {
                    what: format!("the key {key}"),
                    why: error.to_string(),
                }),
            }
        }
        Ok(rotation)
    }

    async fn rotate_proc(
        &self,
        proc_name: &ProcName,
        rotation: &mut Rotation,
    ) -> Result<(), CatalogError> {
        let key = key::of_secrets(proc_name);
        for name in secret::stored(&self.requests, &key).await?.into_keys() {
            let text = String::from_utf8_lossy(&name);
            let fate = match text.parse() {
                Ok(name) => self.rotate_secret(proc_name, &name).await?,
                Err(error) => Some(Fate::Unopenable(format!("{error}"))),
            };
            match fate {
                Some(Fate::Resealed) => rotation.resealed += 1,
                Some(Fate::Current) => rotation.current += 1,
                Some(Fate::Unopenable(why)) => rotation.unopenable.push(Unopenable {
                    what: format!("secret {text} of proc {proc_name}"),
                    why,
                }),
                Some(Fate::Changed) => rotation.unopenable.push(Unopenable {
                    what: format!("secret {text} of proc {proc_name}"),
                    why: "others set it all the time".into(),
                }),
                None => {}
            }
        }
        Ok(())
    }

    /// Looks at one secret until it stands still; `None` if it is gone.
    async fn rotate_secret(
        &self,
        proc_name: &ProcName,
        name: &VariableName,
    ) -> Result<Option<Fate>, CatalogError> {
        for _ in 0..LOOKS {
            let Some(bytes) = secret::one(&self.requests, proc_name, name).await? else {
                return Ok(None);
            };
            match self.reseal(proc_name, name, &bytes).await? {
                Fate::Changed => {}
                fate => return Ok(Some(fate)),
            }
        }
        Ok(Some(Fate::Changed))
    }

    async fn reseal(
        &self,
        proc_name: &ProcName,
        name: &VariableName,
        bytes: &[u8],
    ) -> Result<Fate, CatalogError> {
        let opened = Sealed::from_bytes(bytes).and_then(|sealed| {
            let value = self.keys.open(proc_name, name, &sealed)?;
            Ok((self.keys.is_current(&sealed), value))
        });
        let value = match opened {
            Ok((true, _)) => return Ok(Fate::Current),
            Ok((false, value)) => value,
            Err(error) => return Ok(Fate::Unopenable(error.to_string())),
        };
        let key = key::of_secrets(proc_name);
        let anew = secret::seal(&self.keys, proc_name, name, &value)?;
        let mut reseal = redis::cmd("EVAL");
        reseal.arg(RESEAL).arg(1).arg(&key);
        reseal.arg(name.as_str()).arg(bytes).arg(&anew);
        // If it was carried out and the answer was lost, it tells that others have changed it, and the next look
        // finds it current.
        let request = Request::one("seal a secret anew", key, reseal);
        let (done,): (bool,) = self.requests.answer(&request).await?;
        Ok(if done { Fate::Resealed } else { Fate::Changed })
    }
}

/// The keys of all secrets. Those that are there all the time are all found.
async fn hashes(requests: &Requests) -> Result<BTreeSet<String>, CatalogError> {
    let pattern = key::all_secrets();
    let mut found = BTreeSet::new();
    let mut cursor = String::from("0");
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(&cursor)
            .arg("MATCH")
            .arg(&pattern)
            .arg("COUNT")
            .arg(1000);
        let request = Request::one("look for secrets", &pattern, scan);
        let ((next, keys),): ((String, Vec<String>),) = requests.answer(&request).await?;
        found.extend(keys);
        if next == "0" {
            return Ok(found);
        }
        cursor = next;
    }
}
