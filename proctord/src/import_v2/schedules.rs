//! Schedules: rows of `schedule`, read as strictly as a request for one. They begin here when they are imported: what
//! was due before is version 2's. What could run otherwise than it did there comes in paused, and is told.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use proctor_api::{Mistake, ScheduleRequest};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::database::Database;
use super::row::column;
use super::{Count, ImportError, Options, Report, Sources, Target, args};
use crate::catalog::CatalogError;
use crate::domain::name::ProcName;
use crate::domain::schedule::{Definition, Refusal, Schedule, read_request};
use crate::store::{ImportedSchedule, NewSchedule, StoreError};
use crate::submission::args_mistakes;

/// What stands before an expression of version 2: the second at which it fires.
const SECOND: &str = "0 ";

/// What runs already: a proc, and the digest of args.
type Running = HashSet<(ProcName, String)>;

/// Imports those that are not here yet.
pub(super) async fn import(
    database: &mut Database,
    sources: &Sources,
    target: Option<&Target>,
    options: Options,
    report: &mut Report<'_>,
) -> Result<(), ImportError> {
    let Some(rows) = database.schedules().await? else {
        return Ok(());
    };
    let mut running = running(target).await?;
    let mut count = Count::default();
    for row in rows {
        let id: i64 = row.try_get("id").unwrap_or_default();
        let job_name: Option<String> = row.try_get("job_name").unwrap_or_default();
        let what = format!("schedule {id} of proc {}", job_name.unwrap_or_default());
        let mut imported = match read(&row, &sources.time_zone) {
            Ok(imported) => imported,
            Err(flaw) => {
                count.skipped += 1;
                report.skip(what, flaw);
                continue;
            }
        };
        if is_there(target, imported.v2_id).await? {
            count.there += 1;
            continue;
        }
        let remarks = look_at(&mut imported.new, target, &mut running).await?;
        if !remarks.is_empty() {
            count.remarked += 1;
            report.remark(what, remarks.join("; "));
        }
        if let Some(target) = target.filter(|_| !options.dry_run) {
            target.store.import_schedule(&imported).await?;
        }
        count.imported += 1;
    }
    report.schedules = Some(count);
    Ok(())
}

async fn is_there(target: Option<&Target>, v2_id: u64) -> Result<bool, StoreError> {
    match target {
        Some(target) => Ok(target.store.schedule_of_v2(v2_id).await?.is_some()),
        None => Ok(false),
    }
}

/// What schedules that are here run.
async fn running(target: Option<&Target>) -> Result<Running, StoreError> {
    let Some(target) = target else {
        return Ok(Running::new());
    };
    let all = target.store.schedules(None).await?;
    let firing = all.iter().filter(|schedule| schedule.next_at.is_some());
    Ok(firing
        .map(|Schedule { definition, .. }| runs(definition))
        .collect())
}

fn runs(definition: &Definition) -> (ProcName, String) {
    (definition.proc_name.clone(), definition.args_digest())
}

/// Holds a schedule against what is here: in words, what should be known of it. What should not run is paused.
async fn look_at(
    new: &mut NewSchedule,
    target: Option<&Target>,
    running: &mut Running,
) -> Result<Vec<String>, CatalogError> {
    let mut remarks = Vec::new();
    let definition = &new.definition;
    if new.owner.is_empty() {
        remarks.push("nobody owns it".to_owned());
    }
    if let Some(target) = target {
        match target.catalog.proc(&definition.proc_name).await? {
            None => remarks.push("its proc is not published here".to_owned()),
            Some(metadata) => {
                let mistakes = args_mistakes(&metadata, &definition.args);
                if !mistakes.is_empty() {
                    new.paused = true;
                    remarks.push(format!(
                        "paused: its args do not fit its proc: {}",
                        in_words(&mistakes)
                    ));
                }
            }
        }
    }
    if !new.paused && !running.insert(runs(definition)) {
        new.paused = true;
        let remark = "paused: another schedule runs the same proc with the same args";
        remarks.push(remark.to_owned());
    }
    Ok(remarks)
}

fn in_words(mistakes: &[Mistake]) -> String {
    let texts: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// Reads a row; the error says why there can be no such schedule.
fn read(row: &PgRow, time_zone: &str) -> Result<ImportedSchedule, String> {
    let id: i64 = column(row, "id")?;
    let text = |name| column::<Option<String>>(row, name).map(Option::unwrap_or_default);
    let name = text("job_name")?;
    let proc_name = name.parse();
    let proc_name: ProcName = proc_name.map_err(|error| format!("the name of its proc {error}"))?;
    let (args, flaw) = args::read(column::<Option<String>>(row, "args")?.as_deref());
    if let Some(flaw) = flaw {
        return Err(flaw);
    }
    let args: BTreeMap<_, _> = args
        .into_iter()
        .map(|(name, value)| (name.to_string(), value))
        .collect();
    // Without it, a day of the week that was left out would make the second a minute.
    let cron = text("cron")?;
    let cron = cron
        .strip_prefix(SECOND)
        .ok_or_else(|| format!("its cron expression {cron:?} is none that version 2 stores"))?;
    let request = ScheduleRequest {
        job_name: name,
        args: Some(args),
        tags: text("tags")?,
        cron: cron.to_owned(),
        notification_emails: text("notification_emails")?,
        group: text("group")?,
        ..ScheduleRequest::default()
    };
    let definition = read_request(&request, proc_name, time_zone, Timestamp::now())
        .map_err(|Refusal { mistakes, .. }| in_words(&mistakes))?;
    let enabled: Option<bool> = column(row, "enabled")?;
    let created_at: Option<i64> = column(row, "created_at")?;
    Ok(ImportedSchedule {
        v2_id: u64::try_from(id).map_err(|_| "its id is below 0")?,
        new: NewSchedule {
            definition,
            owner: text("user_email")?,
            paused: enabled != Some(true),
        },
        created_at: created_at.and_then(|micros| Timestamp::from_microsecond(micros).ok()),
    })
}
