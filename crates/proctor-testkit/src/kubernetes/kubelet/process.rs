//! A container's process: started in a group of its own with its output in the Pod's log, ended with its group.

use std::fs;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};

use super::container::Container;
use super::orphans::Output;
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::log::PodLog;

/// How long output may still come after the group has been killed: who left the group can hold the pipe for ever.
const LAST_OUTPUT: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Process {
    cluster: Arc<Cluster>,
    shared: Arc<Shared>,
}

/// What the process and the thread that follows it know.
#[derive(Debug)]
struct Shared {
    pid: Pid,
    output: Output,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    /// From then on its number may be another's.
    is_reaped: bool,
    exit_code: Option<i32>,
}

impl Process {
    pub(super) fn start(
        cluster: &Arc<Cluster>,
        uid: &str,
        container: &Container,
    ) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let output = cluster.orphans.expect(&reader)?;
        let child = match spawn(container, writer) {
            Ok(child) => child,
            Err(error) => {
                cluster.orphans.ended(output, None);
                return Err(error);
            }
        };
        let pid = Pid::from_child(&child);
        cluster.orphans.started(output, pid);
        let shared = Arc::new(Shared {
            pid,
            output,
            progress: Mutex::default(),
        });
        let process = Self {
            cluster: Arc::clone(cluster),
            shared: Arc::clone(&shared),
        };
        let (cluster, log) = (Arc::clone(cluster), cluster.open_log(uid));
        thread::spawn(move || follow(child, &shared, reader, log, &cluster));
        Ok(process)
    }

    /// The exit code, once the process and its output have ended.
    pub(super) fn exit_code(&self) -> Option<i32> {
        self.shared.progress().exit_code
    }

    pub(super) fn wait(&self) -> i32 {
        let mut state = self.cluster.state();
        loop {
            if let Some(code) = self.exit_code() {
                return code;
            }
            state = self.cluster.wait(state, None);
        }
    }

    /// Asks the first process to end, as a kubelet does. In a container it is number 1, which the kernel spares
    /// every signal that it does not catch.
    pub(super) fn terminate(&self) {
        let progress = self.shared.progress();
        if !progress.is_reaped && catches_term(self.shared.pid) {
            // It may have ended already.
            let _told = kill_process(self.shared.pid, Signal::TERM);
        }
    }

    pub(super) fn kill(&self) {
        let progress = self.shared.progress();
        if !progress.is_reaped {
            // It may have ended already.
            let _told = kill_process_group(self.shared.pid, Signal::KILL);
        }
    }
}

fn spawn(container: &Container, output: PipeWriter) -> io::Result<Child> {
    Command::new(&container.program)
        .args(&container.args)
        .current_dir(&container.workdir)
        .env_clear()
        .envs(container.environment.0.iter().cloned())
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .process_group(0)
        .spawn()
}

impl Shared {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the exit status of a process that has ended.
    fn reap(&self, child: &mut Child) -> ExitStatus {
        let mut progress = self.progress();
        let status = child.wait().expect("a child of ours can be waited for");
        progress.is_reaped = true;
        status
    }
}

fn catches_term(pid: Pid) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero()));
    let status = status.unwrap_or_default();
    let mut lines = status.lines();
    let caught = lines.find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let term = 1 << (Signal::TERM.as_raw() - 1);
    caught.is_some_and(|mask| mask & term != 0)
}

/// Reads the output until the process has ended; its group ends with it.
fn follow(
    mut child: Child,
    shared: &Shared,
    reader: PipeReader,
    log: Arc<PodLog>,
    cluster: &Cluster,
) {
    let (tell, read_whole) = mpsc::channel();
    thread::spawn(move || {
        read(reader, &log);
        // Nobody waits any more if it took too long.
        let _told = tell.send(());
    });
    // The process stays a zombie until its group is dead, so that the group's number stays its own.
    let _ended = waitid(
        WaitId::Pid(shared.pid),
        WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
    );
    let _killed = kill_process_group(shared.pid, Signal::KILL);
    cluster.orphans.ended(shared.output, Some(shared.pid));
    let status = shared.reap(&mut child);
    let _complete = read_whole.recv_timeout(LAST_OUTPUT);
    shared.progress().exit_code = Some(exit_code(status));
    cluster.write(|_| ());
}

fn read(mut reader: PipeReader, log: &PodLog) {
    let mut buffer = [0; 64 << 10];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return log.flush(),
            Ok(length) => log.append(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return log.flush(),
        }
    }
}

/// As a container runtime gives it: a signal's number is added to 128.
fn exit_code(status: ExitStatus) -> i32 {
    status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(255)
}
