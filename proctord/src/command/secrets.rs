//! `proctord secrets`: makes keys, and seals anew what older ones have sealed. It never shows a secret; a key is
//! shown once, when it is made.

use std::io::Write;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use crate::catalog::redis::{RedisCatalog, Rotation};
use crate::catalog::sealing::SecretKeys;
use crate::config::{Config, Purpose};
use crate::telemetry;

#[derive(Debug, Args)]
pub(super) struct Secrets {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print a new key, as PROCTOR_SECRET_KEYS takes it; keep it safe, nobody has it beside you
    NewKey,
    /// Seal with the first key of PROCTOR_SECRET_KEYS what the others have sealed; may be repeated
    ///
    /// First put the new key before the old one in PROCTOR_SECRET_KEYS and restart every proctord with that, for
    /// one that does not have the new key cannot read what is sealed with it. Drop the old key when this tells
    /// that nothing is left.
    Rotate,
}

pub(super) async fn run(wanted: &Secrets) -> anyhow::Result<()> {
    match wanted.verb {
        Verb::NewKey => new_key(),
        Verb::Rotate => rotate().await,
    }
}

fn new_key() -> anyhow::Result<()> {
    let key = SecretKeys::new_entry();
    writeln!(std::io::stdout(), "{}", *key)?;
    Ok(())
}

async fn rotate() -> anyhow::Result<()> {
    let loaded = Config::load(Purpose::Secrets)?;
    telemetry::start(&loaded.config.log.level, telemetry::Format::Text);
    loaded.warn();
    let redis = loaded.config.redis.context("no Redis is named")?;
    let keys = loaded.config.secrets.context("there are no keys")?.keys()?;
    let catalog = RedisCatalog::new(redis, keys)?;
    let rotation = catalog
        .rotate()
        .await
        .context("not all secrets were looked at; what was sealed anew stays so")?;
    tell(&rotation, &mut std::io::stdout().lock())?;
    if !rotation.unopenable.is_empty() {
        bail!(
            "secrets stay as they were: {}; keep the keys that sealed them",
            rotation.unopenable.len()
        );
    }
    Ok(())
}

fn tell(rotation: &Rotation, out: &mut impl Write) -> std::io::Result<()> {
    for secret in &rotation.unopenable {
        writeln!(out, "{}: {}", secret.what, secret.why)?;
    }
    writeln!(
        out,
        "sealed anew: {}; sealed with the first key already: {}",
        rotation.resealed, rotation.current
    )?;
    out.flush()
}
