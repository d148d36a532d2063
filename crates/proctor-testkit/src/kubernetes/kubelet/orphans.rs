//! Containers of a double that was killed. A shell stands by and is told of every container before it is started;
//! when its pipe ends, whoever held it is dead, and it kills what is left: the process groups, and whoever holds the
//! output of a container that was just about to start.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::Pid;

/// It keeps what it is told to know in `$outputs` and `$groups`. Signals for those who started the double are not for
/// it. A process that was being started meanwhile is found at the second time or the third.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
outputs= groups=
without() {
  kept=
  for one in $1; do [ "$one" = "$2" ] || kept="$kept $one"; done
}
while read -r word output group; do
  case $word in
    expect) outputs="$outputs $output" ;;
    started) groups="$groups $group" ;;
    ended)
      without "$outputs" "$output"; outputs=$kept
      without "$groups" "$group"; groups=$kept ;;
  esac
done
for round in 1 2 3; do
  for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
  for output in $outputs; do
    find /proc/[0-9]*/fd -lname "pipe:\[$output\]" 2>/dev/null | cut -d/ -f3 | sort -u | while read -r process; do
      kill -s KILL -- "-$process" 2>/dev/null
      kill -s KILL "$process" 2>/dev/null
    done
  done
done
"#;

/// The shell, once there is something to watch; dropped, it ends.
#[derive(Debug, Default)]
pub(crate) struct Orphans {
    shell: Mutex<Option<Shell>>,
}

#[derive(Debug)]
struct Shell {
    child: Child,
    /// Closed by its drop, or by the kernel.
    orders: Option<ChildStdin>,
}

/// The pipe of a container's output, by which its processes are known before they have a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output(u64);

impl Orphans {
    /// A container is about to be started that writes to this pipe; from now on it dies with the double.
    pub(super) fn expect(&self, pipe: impl AsFd) -> io::Result<Output> {
        let output = Output(rustix::fs::fstat(pipe)?.st_ino);
        let mut shell = self.shell();
        if shell.is_none() {
            *shell = Some(Shell::start()?);
        }
        if let Some(shell) = shell.as_mut() {
            shell.order(&format!("expect {}", output.0));
        }
        Ok(output)
    }

    /// The container has this process group.
    pub(super) fn started(&self, output: Output, group: Pid) {
        let group = group.as_raw_nonzero();
        self.tell(&format!("started {} {group}", output.0));
    }

    /// The container has ended, if it was started; from now on the numbers may be others'.
    pub(super) fn ended(&self, output: Output, group: Option<Pid>) {
        let group = group.map(|group| group.as_raw_nonzero().to_string());
        let group = group.unwrap_or_default();
        self.tell(&format!("ended {} {group}", output.0));
    }

    fn tell(&self, order: &str) {
        if let Some(shell) = self.shell().as_mut() {
            shell.order(order);
        }
    }

    fn shell(&self) -> MutexGuard<'_, Option<Shell>> {
        self.shell.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shell {
    fn start() -> io::Result<Self> {
        let mut child = Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()?;
        let orders = child.stdin.take();
        Ok(Self { child, orders })
    }

    fn order(&mut self, order: &str) {
        if let Some(orders) = &mut self.orders {
            writeln!(orders, "{order}").expect("the shell lives as long as its pipe");
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.orders = None;
        // It ends by itself now; a failure would only leave a zombie until the test ends.
        let _ended = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn what_was_expected_dies_although_nobody_told_that_it_was_started() {
        let orphans = Orphans::default();
        let (reader, writer) = io::pipe().expect("a pipe can be made");
        let output = orphans.expect(&reader).expect("a shell can be started");
        let mut child = Command::new("sleep")
            .arg("1000")
            .stdout(writer)
            .process_group(0)
            .spawn()
            .expect("it can be started");
        drop(reader);

        drop(orphans);

        let status = child.wait().expect("it is a child of ours");
        assert_eq!(status.signal(), Some(9), "{output:?}");
    }

    #[test]
    fn what_has_ended_is_left_alone() {
        let orphans = Orphans::default();
        let (reader, writer) = io::pipe().expect("a pipe can be made");
        let output = orphans.expect(&reader).expect("a shell can be started");
        let mut child = Command::new("sleep")
            .arg("1000")
            .stdout(writer)
            .process_group(0)
            .spawn()
            .expect("it can be started");
        orphans.started(output, Pid::from_child(&child));
        orphans.ended(output, Some(Pid::from_child(&child)));
        drop(reader);

        drop(orphans);

        let left = child.try_wait().expect("it is a child of ours");
        child.kill().expect("it runs still");
        child.wait().expect("it is a child of ours");
        assert_eq!(left, None);
    }
}
