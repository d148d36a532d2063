//! The life of a shim, top to bottom: take the folder, get the spec, wait for `go`, run, write the result.

mod attempts;
mod claim;
mod clock;
mod command;
mod descendants;
mod ending;
mod exec;
mod exec_failure;
mod handshake;
mod note;
mod output;
mod process;
mod requests;
mod reserve;
mod signals;
mod supervisor;
mod waiting;

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Instant;

use proctor_shim::protocol::PATIENCE;
use proctor_shim::{Answer, Folder, Refusal, failpoint};

use command::Command;
use handshake::Handshake;
pub use note::note;
use signals::Signals;
use supervisor::Supervisor;

/// Why a shim leaves without having run anything, or without a result.
#[derive(Debug)]
pub struct Failure {
    doing: String,
    source: io::Error,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.doing, self.source)
    }
}

/// Says what was tried on what, for `map_err`.
fn failed(doing: &str, path: &Path) -> impl FnOnce(io::Error) -> Failure + use<> {
    let doing = format!("failed to {doing} {}", path.display());
    move |source| Failure { doing, source }
}

/// Runs one job from its folder to its result.
pub fn run(folder: &Folder) -> Result<(), Failure> {
    process::stand_alone().map_err(failed("become a session for", folder.path()))?;
    let signals = Signals::take().map_err(failed("take the signals for", folder.path()))?;
    let mut handshake = Handshake::new(&signals);
    let mut claim = match claim::take(folder) {
        Ok(Ok(claim)) => claim,
        Ok(Err(refusal)) => {
            handshake.answer(&Answer::Refused(refusal));
            return Ok(());
        }
        Err(failure) => return refuse(&mut handshake, failure),
    };
    failpoint::hit("shim.locked");
    let Some(spec) = handshake.spec() else {
        return Ok(());
    };
    let command = match spec.and_then(|spec| Command::new(spec, folder)) {
        Ok(command) => command,
        Err(failure) => return refuse(&mut handshake, failure),
    };
    // From before the worker can know: a shim that freezes here must not run long after it was given up.
    let until = Instant::now() + PATIENCE;
    handshake.answer(&Answer::Ready(true));
    failpoint::hit("shim.ready");
    if !handshake.wait_for_go(until) {
        return Ok(());
    }
    failpoint::hit("shim.go");
    let mut supervisor = match Supervisor::new(folder, command, &signals) {
        Ok(supervisor) => supervisor,
        Err(failure) => return refuse(&mut handshake, failure),
    };
    match supervisor.start(&mut claim) {
        Ok(started) => handshake.answer(&Answer::Started(started)),
        Err(failure) => return refuse(&mut handshake, failure),
    }
    handshake.close();
    let outcome = supervisor.run();
    failpoint::hit("shim.ended");
    claim.finish(&outcome)?;
    failpoint::hit("shim.result");
    Ok(())
}

fn refuse(handshake: &mut Handshake<'_>, failure: Failure) -> Result<(), Failure> {
    let reason = failure.to_string();
    handshake.answer(&Answer::Refused(Refusal::Failed(reason)));
    Err(failure)
}
