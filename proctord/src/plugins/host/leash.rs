//! Ends the process of a plugin when the service lets go of the socket, whatever the plugin does at the time: hangs
//! while it is loaded, or never returns from a call.

use std::io;
use std::os::unix::net::UnixStream;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Signal, getpid, kill_process};

/// Watches the socket from now on.
pub(super) fn watch(socket: &UnixStream) -> io::Result<()> {
    let socket = socket.try_clone()?;
    let watching = move || {
        wait_for_hangup(&socket);
        end();
    };
    thread::Builder::new()
        .name("leash".to_owned())
        .spawn(watching)?;
    Ok(())
}

/// Returns when the other side has gone, or when it cannot be known.
fn wait_for_hangup(socket: &UnixStream) {
    loop {
        // Without wishes it tells of hang-ups and errors alone.
        let mut socket = [PollFd::new(socket, PollFlags::empty())];
        match poll(&mut socket, None) {
            Err(Errno::INTR) => {}
            Ok(_) | Err(_) => return,
        }
    }
}

/// Ends this process at once: what a library does at a regular end could hang, and nothing here is worth it.
pub(super) fn end() {
    // A process may always end itself.
    let _ = kill_process(getpid(), Signal::KILL);
}
