//! A runner under test, and what the cases do with one: launch a script, follow it to its end, read its
//! output.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use proctord::domain::args::Args;
use proctord::domain::environment::{self, Secrets};
use proctord::domain::execution::{Execution, Fence, Plan};
use proctord::domain::id::ExecutionId;
use proctord::domain::lifecycle::{End, Exit, State};
use proctord::domain::name::ExecutionName;
use proctord::runner::{Launch, OutputItem, Prepared, RunEvent, Runner};

/// Longer than anything here takes, so that a runner that tells nothing fails its case.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A runner under test.
#[async_trait]
pub trait RunnerSubject: Sized + Send + Sync {
    /// A new runner that has nothing.
    async fn fresh() -> Self;
    fn runner(&self) -> &dyn Runner;
    /// A plan that runs this line in `/bin/sh`.
    fn plan(&self, line: &str) -> Plan {
        shell_plan(line)
    }
    /// A line that ends by this signal.
    fn dying_line(&self, signal: i32) -> String {
        format!("kill -{signal} $$")
    }
    /// How the end by a signal is told.
    fn exit_by(&self, signal: i32) -> Exit {
        Exit::Signal(signal)
    }
    /// A condition that holds in the first attempt and not in the next; the folder is empty.
    fn first_attempt(&self, folder: &Path) -> String {
        let mark = folder.join("mark");
        format!("mkdir {} 2>/dev/null", mark.display())
    }
    /// A deadline that is over soon after the command has begun.
    fn short_deadline_seconds(&self) -> u32 {
        3
    }
    /// Whether the output of what was stopped or ran into its deadline can be read from the beginning afterwards.
    fn keeps_the_output_of_what_was_ended(&self) -> bool {
        true
    }
}

/// A plan that runs this line in `/bin/sh`, in an image where there are images.
pub fn shell_plan(line: &str) -> Plan {
    Plan {
        image: "busybox:1.36".into(),
        command: Some(vec!["/bin/sh".into(), "-c".into(), line.into()]),
        bundle: None,
        args: Args::new(),
        secret_names: Vec::new(),
        groups: Vec::new(),
        deadline_seconds: None,
        retries: 0,
        resources: None,
        max_concurrent: None,
        kubernetes: None,
        mail: None,
    }
}

/// An execution of the plan, as its row would be when CREATED is stored.
pub fn execution(subject: &impl RunnerSubject, plan: Plan) -> Execution {
    let now = Timestamp::now();
    Execution {
        id: ExecutionId::compose(now, 1),
        name: ExecutionName::generate(),
        proc_name: "conformance".parse().unwrap(),
        user: "ann@example.com".into(),
        plan,
        runner: subject.runner().kind(),
        host: None,
        state: State::Created,
        stop: None,
        created_at: now,
        updated_at: now,
        start_before: now,
        callback_url: None,
        owner: "replica-1".into(),
        fence: Fence(1),
        handle: None,
        log_open: true,
        waiting: None,
        held: false,
        late_outcome: None,
    }
}

/// Prepares an execution, and notes what the runner calls it.
pub async fn prepare(
    subject: &impl RunnerSubject,
    execution: &mut Execution,
    secrets: &Secrets,
) -> Box<dyn Prepared> {
    let launch = Launch {
        execution,
        environment: environment::merge(execution, secrets),
        bundle: None,
    };
    let prepared = subject.runner().prepare(launch).await.unwrap();
    execution.handle = prepared.handle();
    prepared
}

/// Runs a plan and returns its execution without waiting for its end.
pub async fn launch(subject: &impl RunnerSubject, plan: Plan) -> Execution {
    let mut execution = execution(subject, plan);
    let prepared = prepare(subject, &mut execution, &Secrets::new()).await;
    prepared.start().await.unwrap();
    execution
}

/// Runs a line and returns its execution without waiting for its end.
pub async fn launch_line(subject: &impl RunnerSubject, line: &str) -> Execution {
    launch(subject, subject.plan(line)).await
}

/// Follows an execution to its end.
pub async fn end(subject: &impl RunnerSubject, execution: &Execution) -> End {
    let mut events = subject.runner().watch(execution).await.unwrap();
    loop {
        let event = tokio::time::timeout(PATIENCE, events.recv())
            .await
            .expect("an end is told");
        match event.expect("the end comes before the channel closes") {
            RunEvent::Running { .. } | RunEvent::Waits { .. } => {}
            RunEvent::Ended(end) => return end,
        }
    }
}

/// Reads the output from a cursor to its end; attempts appear as lines in brackets.
pub async fn read(
    subject: &impl RunnerSubject,
    execution: &Execution,
    cursor: Option<String>,
) -> (Vec<u8>, bool) {
    let mut output = subject.runner().output(execution, cursor).await.unwrap();
    let mut bytes = Vec::new();
    loop {
        let item = tokio::time::timeout(PATIENCE, output.next(64 * 1024)).await;
        match item.expect("the output goes on or ends").unwrap() {
            OutputItem::Bytes { bytes: piece, .. } => bytes.extend_from_slice(&piece),
            OutputItem::Attempt { .. } => bytes.extend_from_slice(b"[attempt]"),
            OutputItem::Gap { .. } => bytes.extend_from_slice(b"[gap]"),
            OutputItem::End { complete } => return (bytes, complete),
        }
    }
}

/// Waits until the output contains this text.
pub async fn wait_for_output(subject: &impl RunnerSubject, execution: &Execution, text: &str) {
    let mut output = subject.runner().output(execution, None).await.unwrap();
    let mut seen = String::new();
    while !seen.contains(text) {
        let item = tokio::time::timeout(PATIENCE, output.next(1024)).await;
        match item.expect("the output goes on").unwrap() {
            OutputItem::Bytes { bytes, .. } => seen.push_str(&String::from_utf8_lossy(&bytes)),
            other => panic!("{other:?} before {text:?}, after {seen:?}"),
        }
    }
}
