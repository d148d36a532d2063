//! The process of one plugin: it loads the library, makes the plugin and answers the calls that come over its
//! standard input, a socket, until that ends. Whatever the library does to it, nobody else is harmed.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;

use proctor_plugin::Kind;
use rustix::process::{Signal, set_parent_process_death_signal};
use serde_json::value::RawValue;

use super::choice::choose;
use super::frame::{self, Answer, Message, Request};
use super::library::{Instance, Library};

/// What the process is to load.
#[derive(Debug)]
pub struct Wanted {
    pub file: PathBuf,
    /// Kind and name; without it nothing is made of what was loaded.
    pub plugin: Option<(Kind, Option<String>)>,
}

/// Runs until whoever started it lets go of the socket.
///
/// # Errors
/// The socket broke.
pub fn run(wanted: &Wanted) -> io::Result<()> {
    // Should the service die in a way that leaves the socket open, this ends all the same.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let mut socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let library = match Library::load(&wanted.file) {
        Ok(library) => library,
        Err(why) => return frame::write(&mut socket, &Message::Unusable(why)),
    };
    frame::write(&mut socket, &Message::Loaded(library.manifest().clone()))?;
    let Some((kind, name)) = &wanted.plugin else {
        return Ok(());
    };
    let made = choose(library.manifest(), *kind, name.as_deref())
        .and_then(|entry| library.create(&entry.name));
    match made {
        Ok(instance) => {
            frame::write(&mut socket, &Message::Ready)?;
            serve(socket, &instance)
        }
        Err(why) => frame::write(&mut socket, &Message::Unusable(why)),
    }
}

/// Answers each call in a thread of its own; the service bounds how many there are.
fn serve(mut socket: UnixStream, instance: &Instance<'_>) -> io::Result<()> {
    let answers = Mutex::new(socket.try_clone()?);
    thread::scope(|scope| {
        while let Some(request) = frame::read::<Request>(&mut socket)? {
            let answers = &answers;
            let answering = move || answer(instance, &request, answers);
            thread::Builder::new().spawn_scoped(scope, answering)?;
        }
        // Calls that hang must not hold this process: nobody waits for their answers any more.
        #[expect(
            clippy::disallowed_methods,
            reason = "threads of the plugin may never end, and nothing here wants to be dropped"
        )]
        std::process::exit(0)
    })
}

fn answer(instance: &Instance<'_>, request: &Request, answers: &Mutex<UnixStream>) {
    let said = instance.call(&request.method, request.request.get());
    let answer = match said.and_then(json) {
        Ok(answer) => Answer::Answered(answer),
        Err(why) => Answer::Failed(why),
    };
    let number = request.number;
    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(error) = frame::write(&mut *answers, &Message::Answer { number, answer }) {
        // The service lets a call go that is not answered in time.
        eprintln!("the answer to call {number} was not sent: {error}");
    }
}

fn json(text: String) -> Result<Box<RawValue>, String> {
    RawValue::from_string(text).map_err(|error| format!("its answer is no JSON: {error}"))
}
