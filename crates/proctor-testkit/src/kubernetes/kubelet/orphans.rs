//! Containers of a double that was killed. A shell stands by and is told of every process group that runs; when
//! its pipe ends without a word, whoever held it is dead, and it kills what is left.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::Pid;

/// It keeps the groups in `$groups`; signals for those who started the double are not for it.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
groups=
while read -r word group; do
  kept=
  for one in $groups; do [ "$one" = "$group" ] || kept="$kept $one"; done
  groups=$kept
  [ "$word" = watch ] && groups="$groups $group"
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
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

impl Orphans {
    /// From now on this process group dies with the double.
    pub(super) fn watch(&self, group: Pid) {
        let mut shell = self.shell();
        if shell.is_none() {
            *shell = Some(Shell::start().expect("a shell can be started"));
        }
        if let Some(shell) = shell.as_mut() {
            shell.order("watch", group);
        }
    }

    /// The group has ended; from now on its number may be another's.
    pub(super) fn forget(&self, group: Pid) {
        if let Some(shell) = self.shell().as_mut() {
            shell.order("forget", group);
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
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()?;
        let orders = child.stdin.take();
        Ok(Self { child, orders })
    }

    fn order(&mut self, word: &str, group: Pid) {
        if let Some(orders) = &mut self.orders {
            let group = group.as_raw_nonzero();
            writeln!(orders, "{word} {group}").expect("the shell lives as long as its pipe");
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
