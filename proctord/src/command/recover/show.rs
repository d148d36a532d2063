//! How `proctord recover` shows what it found and what it did, for people or as JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Output;
use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::recovery::{Known, Survey};
use crate::runner::HeldStage;
use crate::store::{Hold, Stranger};

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) released: Vec<ExecutionId>,
    pub(super) failed: Vec<ExecutionId>,
    /// With the reason in words.
    pub(super) refused: Vec<(ExecutionId, String)>,
    /// How many are held still.
    pub(super) held: usize,
    /// Whether no hold is in force any more.
    pub(super) ended: bool,
}

pub(super) fn survey(survey: &Survey, output: Output) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match output {
        Output::Json => writeln!(out, "{:#}", survey_json(survey))?,
        Output::Text => survey_text(survey, &mut out)?,
    }
    Ok(out.flush()?)
}

pub(super) fn done(done: &Done, output: Output) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match output {
        Output::Json => writeln!(out, "{:#}", done_json(done))?,
        Output::Text => done_text(done, &mut out)?,
    }
    Ok(out.flush()?)
}

fn survey_text(survey: &Survey, out: &mut impl Write) -> io::Result<()> {
    match &survey.hold {
        None => writeln!(out, "No hold is in force: nothing is held.")?,
        Some(hold) => writeln!(
            out,
            "Held since {}: {}; {} executions are held.",
            hold.since, hold.reason, hold.held
        )?,
    }
    let rows = survey.held.iter().map(|(execution, known)| {
        [
            execution.id.to_string(),
            execution.status().to_string(),
            execution.created_at.to_string(),
            execution.user.clone(),
            execution.proc_name.to_string(),
            in_words(known),
        ]
    });
    let heads = ["ID", "STATUS", "ACCEPTED", "USER", "PROC", "RUNNER"];
    table(heads, rows.collect(), out)?;
    if !survey.strangers.is_empty() {
        writeln!(
            out,
            "\nRuns that no execution here stands for; they are left alone:"
        )?;
    }
    let rows = survey.strangers.iter().map(|(stranger, known)| {
        [
            stranger.name.to_string(),
            stranger.noticed_at.to_string(),
            in_words(known),
        ]
    });
    table(["NAME", "NOTICED", "RUNNER"], rows.collect(), out)?;
    match &survey.hold {
        Some(Hold { held: 0, .. }) => {
            writeln!(
                out,
                "\nNothing is held any more: `proctord recover --done` ends the hold."
            )
        }
        Some(_) => writeln!(
            out,
            "\nWhat has not run goes on with --release ID..., what has is ended with --fail ID...; --all is for the rest."
        ),
        None => Ok(()),
    }
}

/// Columns as wide as their content; nothing without rows.
fn table<const N: usize>(
    heads: [&str; N],
    rows: Vec<[String; N]>,
    out: &mut impl Write,
) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = heads.map(ToOwned::to_owned);
    let all: Vec<_> = std::iter::once(heads).chain(rows).collect();
    let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or(0));
    writeln!(out)?;
    for row in &all {
        let padded = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        let line: Vec<_> = padded.collect();
        writeln!(out, "{}", line.join("  ").trim_end())?;
    }
    Ok(())
}

fn done_text(done: &Done, out: &mut impl Write) -> io::Result<()> {
    for id in &done.released {
        writeln!(out, "released {id}")?;
    }
    for id in &done.failed {
        writeln!(out, "failed {id}")?;
    }
    for (id, why) in &done.refused {
        writeln!(out, "{id} stays as it is: {why}")?;
    }
    match (done.ended, done.held) {
        (true, _) => writeln!(out, "no hold is in force"),
        (false, held) => writeln!(out, "{held} executions are held"),
    }
}

fn survey_json(survey: &Survey) -> Value {
    let hold = survey.hold.as_ref().map(
        |hold| json!({"since": hold.since.to_string(), "reason": hold.reason, "held": hold.held}),
    );
    let held: Vec<_> = survey.held.iter().map(execution_json).collect();
    let strangers: Vec<_> = survey.strangers.iter().map(stranger_json).collect();
    json!({"hold": hold, "executions": held, "strangers": strangers})
}

fn execution_json((execution, known): &(Execution, Known)) -> Value {
    json!({
        "id": u64::from(execution.id),
        "name": execution.name.to_string(),
        "job_name": execution.proc_name.to_string(),
        "user_email": execution.user,
        "created_at": execution.created_at.to_string(),
        "status": execution.status(),
        "runner": execution.runner.as_str(),
        "host": execution.host,
        "known": word(known),
        "known_in_words": in_words(known),
    })
}

fn stranger_json((stranger, known): &(Stranger, Known)) -> Value {
    json!({
        "name": stranger.name.to_string(),
        "noticed_at": stranger.noticed_at.to_string(),
        "known": word(known),
        "known_in_words": in_words(known),
    })
}

fn done_json(done: &Done) -> Value {
    let refused = done
        .refused
        .iter()
        .map(|(id, why)| json!({"id": u64::from(*id), "reason": why}));
    let ids = |ids: &[ExecutionId]| ids.iter().map(|id| u64::from(*id)).collect::<Vec<_>>();
    json!({
        "released": ids(&done.released),
        "failed": ids(&done.failed),
        "refused": refused.collect::<Vec<_>>(),
        "held": done.held,
        "ended": done.ended,
    })
}

fn word(known: &Known) -> &'static str {
    match known {
        Known::Nothing => "nothing",
        Known::Stage(HeldStage::Prepared) => "prepared",
        Known::Stage(HeldStage::Started) => "started",
        Known::Stage(HeldStage::Ended) => "ended",
        Known::Stage(HeldStage::Unknown) | Known::Unasked(_) => "unknown",
    }
}

fn in_words(known: &Known) -> String {
    match known {
        Known::Nothing => "has nothing of it (any more)".to_owned(),
        Known::Stage(HeldStage::Prepared) => "put in place, never let run".to_owned(),
        Known::Stage(HeldStage::Started) => "has let it run".to_owned(),
        Known::Stage(HeldStage::Ended) => "has let it run; it has ended".to_owned(),
        Known::Stage(HeldStage::Unknown) => "not known".to_owned(),
        Known::Unasked(why) => format!("not known: {why}"),
    }
}
