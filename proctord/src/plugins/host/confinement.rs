//! What is taken from the process of a plugin before the library is loaded: descriptors that it was not given, memory
//! without end, core files, new privileges. It guards against mistakes; a library that means harm is not held by it.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, RawFd};
use std::os::unix::net::UnixStream;

use rustix::process::{
    Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit,
};
use rustix::stdio::dup2_stdin;
use rustix::thread::set_no_new_privs;

/// The most memory that the plugin may have for its data: what it allocates, and the stacks of its threads.
const MOST_DATA: u64 = 1024 * 1024 * 1024;

/// Confines this process; the socket that it was given as its standard input. Nothing else may have run in it before.
pub(super) fn confine() -> io::Result<UnixStream> {
    close_inherited()?;
    // Should the service end in a way that leaves the socket open, this ends all the same.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    set_no_new_privs(true)?;
    limit(Resource::Core, 0)?;
    limit(Resource::Data, MOST_DATA)?;
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    // A library that reads its standard input must not take what is said to us.
    dup2_stdin(File::open("/dev/null")?)?;
    Ok(socket)
}

/// Lowers a limit for good; one that is lower already stays.
fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let maximum = getrlimit(resource).maximum;
    let most = maximum.map_or(most, |maximum| maximum.min(most));
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    Ok(setrlimit(resource, limit)?)
}

/// Closes what the service itself had inherited open: all that is ours is marked to be closed anyway.
#[expect(
    unsafe_code,
    reason = "a descriptor without an owner cannot be closed otherwise"
)]
fn close_inherited() -> io::Result<()> {
    for fd in inherited()? {
        // SAFETY: this is the first thing that the process does, so nothing in it owns a descriptor beyond the three
        // standard ones; that of the folder that was listed is closed, which the kernel says and nobody minds.
        unsafe { rustix::io::close(fd) };
    }
    Ok(())
}

fn inherited() -> io::Result<Vec<RawFd>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let number = entry?
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        found.extend(number.filter(|number: &RawFd| *number > 2));
    }
    Ok(found)
}
