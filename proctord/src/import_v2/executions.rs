//! Executions: ids in pages, those that are not here yet row by row, stored in batches that are bounded by number
//! and by bytes.

use std::pin::pin;
use std::sync::Arc;

use futures::TryStreamExt;
use proctor_worker::failpoint;
use tracing::info;

use super::database::Database;
use super::known::Known;
use super::row::Row;
use super::{ImportError, Options, Report, Target, output};
use crate::domain::environment::Secrets;
use crate::store::{Imported, ImportedLog, StoreError};

/// How many ids are looked at in one step.
const PAGE: u32 = 1000;
/// A batch with more bytes of logs is stored at once.
const BATCH_BYTES: usize = 16 << 20;
/// Somebody who waits is told after so many.
const TOLD_EVERY: u64 = 10_000;

/// Executions on their way into the store.
struct Batch<'a> {
    target: Option<&'a Target>,
    options: Options,
    executions: Vec<Imported>,
    bytes: usize,
}

/// Imports those that are not here yet.
pub(super) async fn import(
    database: &mut Database,
    target: Option<&Target>,
    options: Options,
    known: &mut Known,
    report: &mut Report<'_>,
) -> Result<(), ImportError> {
    let mut batch = Batch {
        target,
        options,
        executions: Vec::new(),
        bytes: 0,
    };
    let mut after = None;
    let mut looked_at = 0_u64;
    loop {
        let ids = database.ids(after, PAGE).await?;
        let Some(last) = ids.last().copied() else {
            break;
        };
        looked_at += ids.len() as u64;
        after = Some(last);
        let missing = missing(ids, target, report).await?;
        if !missing.is_empty() {
            import_rows(database, missing, &mut batch, known, report).await?;
        }
        if looked_at.is_multiple_of(TOLD_EVERY) {
            info!(executions = looked_at, "looked at executions of version 2");
        }
    }
    batch.store(report).await
}

/// Those that are not here; the others are counted.
async fn missing(
    ids: Vec<i64>,
    target: Option<&Target>,
    report: &mut Report<'_>,
) -> Result<Vec<i64>, StoreError> {
    let Some(target) = target else {
        return Ok(ids);
    };
    let mut missing = Vec::with_capacity(ids.len());
    for id in ids {
        let there = match u64::try_from(id) {
            Ok(v2_id) => target.store.execution_of_v2(v2_id).await?,
            Err(_) => None,
        };
        match there {
            Some(_) => report.executions.there += 1,
            None => missing.push(id),
        }
    }
    Ok(missing)
}

async fn import_rows(
    database: &mut Database,
    ids: Vec<i64>,
    batch: &mut Batch<'_>,
    known: &mut Known,
    report: &mut Report<'_>,
) -> Result<(), ImportError> {
    let mut rows = pin!(database.rows(ids));
    while let Some(row) = rows.try_next().await? {
        match Row::read(&row) {
            Ok(row) => batch.add(row, known, report).await?,
            Err(flaw) => {
                report.executions.skipped += 1;
                let id: i64 = sqlx::Row::try_get(&row, "id").unwrap_or_default();
                report.skip(format!("execution {id}"), flaw);
            }
        }
    }
    Ok(())
}

impl Batch<'_> {
    async fn add(
        &mut self,
        mut row: Row,
        known: &mut Known,
        report: &mut Report<'_>,
    ) -> Result<(), ImportError> {
        let catalog = self.target.map(|target| target.catalog.as_ref());
        let facts = known.of(row.proc(), catalog).await?;
        let stored = row.output.take().unwrap_or_default();
        let log = unpack(stored, Arc::clone(&facts.secrets)).await;
        let imported = row.into_imported(facts, log);
        let told = [&imported.legacy.reason, &imported.log.missing];
        let told: Vec<_> = told.into_iter().flatten().map(String::as_str).collect();
        if !told.is_empty() {
            report.executions.remarked += 1;
            let what = format!("execution {}", imported.legacy.v2_id);
            report.remark(what, told.join("; "));
        }
        self.bytes += imported.log.bytes.len();
        self.executions.push(imported);
        if self.bytes >= BATCH_BYTES || self.executions.len() >= self.options.batch.get() as usize {
            self.store(report).await?;
        }
        Ok(())
    }

    async fn store(&mut self, report: &mut Report<'_>) -> Result<(), ImportError> {
        if self.executions.is_empty() {
            return Ok(());
        }
        match self.target.filter(|_| !self.options.dry_run) {
            Some(target) => {
                let count = target.store.import(&self.executions).await?;
                report.executions.imported += count.stored;
                report.executions.there += count.there;
                failpoint::hit("import.stored");
            }
            None => report.executions.imported += self.executions.len() as u64,
        }
        self.executions.clear();
        self.bytes = 0;
        Ok(())
    }
}

/// Beside the runtime: an output may be large.
async fn unpack(stored: Vec<u8>, secrets: Arc<Secrets>) -> ImportedLog {
    tokio::task::spawn_blocking(move || output::read(&stored, &secrets))
        .await
        .unwrap_or_else(|_| ImportedLog {
            missing: Some("its output could not be unpacked".to_owned()),
            ..ImportedLog::default()
        })
}
