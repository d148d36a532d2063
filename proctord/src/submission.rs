//! Submits a proc for execution: checks it against what is published, stores it whatever the check says,
//! and hands it to the tracker. The HTTP route and, later, schedules come through here.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use proctor_api::{Metadata, Mistake, Status};
use proctor_worker::failpoint;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::app::App;
use crate::catalog::CatalogError;
use crate::domain::args::{self, Args};
use crate::domain::execution::{Execution, Plan, RunnerKind};
use crate::domain::id::ExecutionId;
use crate::domain::name::{ExecutionName, ProcName};
use crate::store::{Accepted, AuditEntry, AuditResult, Idempotency, NewExecution, StoreError};

/// How long an accepted execution may wait for its launch.
const START_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// A proc that somebody wants executed.
#[derive(Debug, Clone)]
pub struct Submission {
    pub proc_name: ProcName,
    pub args: BTreeMap<String, String>,
    pub callback_url: Option<String>,
    pub user: String,
    pub idempotency_key: Option<String>,
    /// The execution that is to be run again, if this is that.
    pub rerun_of: Option<ExecutionId>,
}

/// Why a submission will not run.
#[derive(Debug, Error)]
pub enum SubmitError {
    /// No such proc is published; the try is stored all the same.
    #[error("there is no proc {}", execution.proc_name)]
    UnknownProc { execution: Box<Execution> },
    /// Args, secrets or command do not allow it; the try is stored with all reasons.
    #[error("the requirements of {} are not met", execution.proc_name)]
    RequirementNotMet {
        execution: Box<Execution>,
        mistakes: Vec<Mistake>,
    },
    /// The runner refused it before the answer went out.
    #[error("execution {} could not be created", execution.id)]
    CreationFailed { execution: Box<Execution> },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// Submits what is published as `metadata`, if anything is, and waits a moment for the launch.
///
/// # Errors
/// What keeps it from running, and the failures of store and catalog.
pub async fn submit(
    app: &App,
    submission: Submission,
    metadata: Option<Metadata>,
    audit: AuditEntry,
) -> Result<Execution, SubmitError> {
    app.metrics.execution_wanted();
    let (plan, mistakes) = match &metadata {
        Some(metadata) => check(app, &submission, metadata).await?,
        None => (
            Plan::of(&Metadata::default(), Args::new(), app.defaults),
            vec![unknown(&submission.proc_name)],
        ),
    };
    let accepted = accept(app, submission, plan, &mistakes, audit).await?;
    failpoint::hit("accept.stored");
    let execution = accepted.execution();
    // One that was accepted before is tracked already, unless the store failed to tell that it was.
    if execution.status() == Status::Received && execution.owner == app.replica.id {
        app.tracker.track(execution.clone());
    }
    if execution.status() == Status::Queued {
        app.tracker.queued();
    }
    app.tracker.launched(execution.id, app.launch_wait).await;
    let execution = app
        .store
        .execution(execution.id)
        .await?
        .unwrap_or_else(|| execution.clone());
    let execution = Box::new(execution);
    match execution.status() {
        Status::RequirementNotMet if metadata.is_none() => {
            Err(SubmitError::UnknownProc { execution })
        }
        Status::RequirementNotMet => {
            let mistakes = if mistakes.is_empty() {
                stored_reason(&execution)
            } else {
                mistakes
            };
            Err(SubmitError::RequirementNotMet {
                execution,
                mistakes,
            })
        }
        Status::CreationFailed => Err(SubmitError::CreationFailed { execution }),
        _ => Ok(*execution),
    }
}

/// The plan of the execution, and everything that forbids it.
async fn check(
    app: &App,
    submission: &Submission,
    metadata: &Metadata,
) -> Result<(Plan, Vec<Mistake>), CatalogError> {
    let (args, mut mistakes) = match args::resolve(metadata, &submission.args) {
        Ok(args) => (args, Vec::new()),
        Err(mistakes) => (Args::new(), mistakes),
    };
    let plan = Plan::of(metadata, args, app.defaults);
    let set = app.catalog.secret_names(&submission.proc_name).await?;
    for name in plan.secret_names.iter().filter(|name| !set.contains(*name)) {
        mistakes.push(Mistake::new(format!("secrets.{name}"), "is not set"));
    }
    if let Some(refusal) = app.runner.refusal(&plan) {
        mistakes.push(Mistake::new(submission.proc_name.to_string(), refusal));
    }
    Ok((plan, mistakes))
}

async fn accept(
    app: &App,
    submission: Submission,
    plan: Plan,
    mistakes: &[Mistake],
    audit: AuditEntry,
) -> Result<Accepted, StoreError> {
    let idempotency = submission.idempotency_key.clone().map(|key| Idempotency {
        key,
        request_digest: digest(&submission),
    });
    let reasons: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
    let runner = app.runner.kind();
    let new = NewExecution {
        name: ExecutionName::generate(),
        proc_name: submission.proc_name,
        user: submission.user,
        plan,
        runner,
        host: (runner == RunnerKind::Local).then(|| app.replica.host.clone()),
        callback_url: submission.callback_url,
        start_within: START_WITHIN,
        refusal: (!reasons.is_empty()).then(|| reasons.join("; ")),
        owner: app.replica.id.clone(),
    };
    let result = match new.refusal {
        Some(_) => AuditResult::Refused,
        None => AuditResult::Done,
    };
    let audit = AuditEntry { result, ..audit };
    let accepted = app.store.accept(new, idempotency, audit).await;
    if matches!(accepted, Err(StoreError::Unavailable { .. })) {
        app.tracker.doubt();
    }
    accepted
}

/// Why a repeated request was refused the first time, though nothing forbids it any more.
fn stored_reason(execution: &Execution) -> Vec<Mistake> {
    execution
        .state
        .reason()
        .map(|reason| Mistake::new("", reason))
        .into_iter()
        .collect()
}

fn unknown(name: &ProcName) -> Mistake {
    Mistake::new("", format!("there is no proc {name}"))
}

/// What makes two requests the same request.
fn digest(submission: &Submission) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    add(submission.proc_name.as_str());
    add(submission.callback_url.as_deref().unwrap_or_default());
    if let Some(id) = submission.rerun_of {
        add("rerun");
        add(&id.to_string());
    }
    for (name, value) in &submission.args {
        add(name);
        add(value);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
