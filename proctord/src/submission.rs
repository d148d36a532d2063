//! Submits a proc for execution: checks it against what is published, stores it whatever the check says,
//! and hands it to the tracker. What schedules fire is checked here as well, and stored with their firings.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use proctor_api::{Metadata, Mistake, Status};
use proctor_worker::failpoint;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::app::App;
use crate::catalog::CatalogError;
use crate::domain::args::{self, Args};
use crate::domain::execution::{Defaults, Execution, Plan, RunnerKind};
use crate::domain::id::ExecutionId;
use crate::domain::name::{ExecutionName, ProcName, VariableName};
use crate::runner::Runner;
use crate::store::{Accepted, AuditEntry, AuditResult, Idempotency, NewExecution, StoreError};

/// How long an accepted execution may wait for its launch.
pub(crate) const START_WITHIN: SignedDuration = SignedDuration::from_mins(10);

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
    settle(app, accepted.execution(), mistakes, metadata.is_some()).await
}

/// Begins to act for an execution that was accepted, and waits a moment for its launch.
///
/// # Errors
/// What keeps it from running, and the failures of the store.
pub(crate) async fn settle(
    app: &App,
    execution: &Execution,
    mistakes: Vec<Mistake>,
    is_published: bool,
) -> Result<Execution, SubmitError> {
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
        Status::RequirementNotMet if !is_published => Err(SubmitError::UnknownProc { execution }),
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
    let set = app.catalog.secret_names(&submission.proc_name).await?;
    let means = Means {
        runner: app.runner.as_ref(),
        defaults: app.defaults,
    };
    Ok(examine(means, metadata, &submission.args, &set))
}

/// What carries executions out, and what it gives those that say nothing of it.
#[derive(Clone, Copy)]
pub(crate) struct Means<'a> {
    pub runner: &'a dyn Runner,
    pub defaults: Defaults,
}

/// The plan of an execution of what is published so, with these secrets set, and everything that forbids it.
pub(crate) fn examine(
    means: Means<'_>,
    metadata: &Metadata,
    given: &BTreeMap<String, String>,
    set: &BTreeSet<VariableName>,
) -> (Plan, Vec<Mistake>) {
    let (args, mut mistakes) = match args::resolve(metadata, given) {
        Ok(args) => (args, Vec::new()),
        Err(mistakes) => (Args::new(), mistakes),
    };
    let plan = Plan::of(metadata, args, means.defaults);
    for name in plan.secret_names.iter().filter(|name| !set.contains(*name)) {
        mistakes.push(Mistake::new(format!("secrets.{name}"), "is not set"));
    }
    if let Some(refusal) = means.runner.refusal(&plan) {
        mistakes.push(Mistake::new(metadata.name.clone(), refusal));
    }
    (plan, mistakes)
}

/// What is wrong with args that may be given later, when secrets and runners are looked at as well.
pub(crate) fn args_mistakes(metadata: &Metadata, given: &BTreeMap<String, String>) -> Vec<Mistake> {
    args::resolve(metadata, given).err().unwrap_or_default()
}

/// Everything that forbids an execution, as it is stored; `None` if nothing does.
pub(crate) fn refusal(mistakes: &[Mistake]) -> Option<String> {
    let reasons: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
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
        refusal: refusal(mistakes),
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

pub(crate) fn unknown(name: &ProcName) -> Mistake {
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
