//! The local runner for the suite: the real shim, in a folder of each case's own.

use std::time::Duration;

use async_trait::async_trait;
use proctor_testkit::binary;
use proctord::runner::Runner;
use proctord::runner::local::LocalRunner;
use tempfile::TempDir;

use crate::runner::subject::RunnerSubject;

pub struct LocalSubject {
    runner: LocalRunner,
    _folder: TempDir,
}

#[async_trait]
impl RunnerSubject for LocalSubject {
    async fn fresh() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("executions");
        let grace = Duration::from_secs(1);
        let runner = LocalRunner::open(root, binary("proctor-shim"), grace).unwrap();
        let runner = runner.with_retry_delay(Duration::from_millis(10));
        Self {
            runner,
            _folder: folder,
        }
    }

    fn runner(&self) -> &dyn Runner {
        &self.runner
    }
}
