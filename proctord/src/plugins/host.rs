//! The process of one plugin: it loads the library, makes the plugin and answers the calls that come over its
//! standard input, a socket, until that ends. Whatever the library does to it, nobody else is harmed.

mod confinement;
mod leash;

use std::io;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;

use proctor_plugin::Kind;
use serde_json::value::RawValue;

use super::choice::choose;
use super::frame::{self, Answer, Message, Request};
use super::library::{Instance, Library};

/// The most characters of a plugin's own words that are told: they are for a log.
const MOST_WORDS: usize = 2000;

/// What the process is to load.
#[derive(Debug)]
pub struct Wanted {
    pub file: PathBuf,
    /// Kind and name; without it nothing is made of what was loaded.
    pub plugin: Option<(Kind, Option<String>)>,
}

/// Runs until whoever started it lets go of the socket. Nothing else may have run in this process before.
///
/// # Errors
/// The process cannot be confined, or the socket broke.
pub fn run(wanted: &Wanted) -> io::Result<()> {
    let mut socket = confinement::confine()?;
    leash::watch(&socket)?;
    let library = match Library::load(&wanted.file) {
        Ok(library) => library,
        Err(why) => return frame::write(&mut socket, &Message::Unusable(bounded(why))),
    };
    frame::write(&mut socket, &Message::Loaded(library.contents().clone()))?;
    let Some((kind, name)) = &wanted.plugin else {
        return Ok(());
    };
    let made = choose(&library.contents().manifest, *kind, name.as_deref())
        .and_then(|entry| library.create(&entry.name));
    match made {
        Ok(instance) => {
            frame::write(&mut socket, &Message::Ready)?;
            serve(socket, &instance)
        }
        Err(why) => frame::write(&mut socket, &Message::Unusable(bounded(why))),
    }
}

/// Answers each call in a thread of its own; the service bounds how many there are.
fn serve(mut socket: UnixStream, instance: &Instance<'_>) -> io::Result<()> {
    let answers = Mutex::new(socket.try_clone()?);
    thread::scope(|scope| {
        while let Some(request) = next(&mut socket) {
            let answers = &answers;
            let number = request.number;
            let answering = move || answer(instance, &request, answers);
            if let Err(error) = thread::Builder::new().spawn_scoped(scope, answering) {
                let why = format!("there is no thread for it: {error}");
                reply(answers, number, Answer::Failed(why));
            }
        }
        // Calls that hang must not hold this process: nobody waits for their answers any more.
        leash::end();
    });
    Ok(())
}

/// The next call; `None` when there will be none.
fn next(socket: &mut UnixStream) -> Option<Request> {
    match frame::read(socket) {
        Ok(request) => request,
        Err(error) => {
            // The service takes this into its log.
            eprintln!("the service cannot be understood any more: {error}");
            None
        }
    }
}

fn answer(instance: &Instance<'_>, request: &Request, answers: &Mutex<UnixStream>) {
    let said = instance.call(&request.method, request.request.get());
    let answer = match said.and_then(json) {
        Ok(answer) => Answer::Answered(answer),
        Err(why) => Answer::Failed(bounded(why)),
    };
    reply(answers, request.number, answer);
}

fn reply(answers: &Mutex<UnixStream>, number: u64, answer: Answer) {
    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(error) = frame::write(&mut *answers, &Message::Answer { number, answer }) {
        // The service lets a call go that is not answered in time.
        eprintln!("the answer to call {number} was not sent: {error}");
    }
}

fn json(text: String) -> Result<Box<RawValue>, String> {
    RawValue::from_string(text).map_err(|error| format!("its answer is no JSON: {error}"))
}

fn bounded(words: String) -> String {
    match words.char_indices().nth(MOST_WORDS) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}
