//! A container's process: started in a group of its own with its output in the Pod's log, ended with its group.

use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};

use super::container::Container;
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::log::PodLog;

/// How long output may still come after the group has been killed: who left the group can hold the pipe for ever.
const LAST_OUTPUT: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Process {
    cluster: Arc<Cluster>,
    pid: Pid,
    exit_code: Arc<Mutex<Option<i32>>>,
}

impl Process {
    pub(super) fn start(
        cluster: &Arc<Cluster>,
        uid: &str,
        container: &Container,
    ) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let child = Command::new(&container.program)
            .args(&container.args)
            .current_dir(&container.workdir)
            .env_clear()
            .envs(container.environment.0.iter().cloned())
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .process_group(0)
            .spawn()?;
        let pid = Pid::from_child(&child);
        let exit_code = Arc::new(Mutex::new(None));
        let (shared, told) = (Arc::clone(cluster), Arc::clone(&exit_code));
        let log = cluster.open_log(uid);
        thread::spawn(move || {
            let code = follow(child, pid, reader, log);
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(code);
            shared.write(|_| ());
        });
        Ok(Self {
            cluster: Arc::clone(cluster),
            pid,
            exit_code,
        })
    }

    /// The exit code, once the process and its output have ended.
    pub(super) fn exit_code(&self) -> Option<i32> {
        *self
            .exit_code
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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

    /// Asks the first process to end, as a kubelet does.
    pub(super) fn terminate(&self) {
        // It may have ended already.
        let _told = kill_process(self.pid, Signal::TERM);
    }

    pub(super) fn kill(&self) {
        // It may have ended already.
        let _told = kill_process_group(self.pid, Signal::KILL);
    }
}

/// Reads the output until the process has ended; its group ends with it.
fn follow(mut child: Child, pid: Pid, reader: io::PipeReader, log: Arc<PodLog>) -> i32 {
    let (tell, read_whole) = mpsc::channel();
    thread::spawn(move || {
        read(reader, &log);
        // Nobody waits any more if it took too long.
        let _told = tell.send(());
    });
    // The process stays a zombie until its group is dead, so that the group's number stays its own.
    let _ended = waitid(
        WaitId::Pid(pid),
        WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
    );
    let _killed = kill_process_group(pid, Signal::KILL);
    let status = child.wait().expect("a child of ours can be waited for");
    let _complete = read_whole.recv_timeout(LAST_OUTPUT);
    exit_code(status)
}

fn read(mut reader: io::PipeReader, log: &PodLog) {
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
