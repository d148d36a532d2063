//! A way to the database that loses one answer when it is told to: what was asked is done there, and whoever
//! asked never hears of it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Lets everything through until it is armed. It ends with the process.
pub struct Proxy {
    port: u16,
    armed: Arc<Mutex<Option<Armed>>>,
}

/// What is waited for.
struct Armed {
    /// Words that must come one after the other on one connection, the next one last.
    words: Vec<&'static str>,
    /// The connection on which the first of them came.
    connection: Option<usize>,
}

impl Proxy {
    /// One that leads to this port.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let armed = Arc::new(Mutex::new(None));
        let shared = Arc::clone(&armed);
        thread::spawn(move || {
            for (number, client) in listener.incoming().enumerate() {
                let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                connect(number, client.unwrap(), server, Arc::clone(&shared));
            }
        });
        Self { port: own, armed }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Has it lose an answer, and the connection with it: to the request that holds the last of these words,
    /// after requests on the same connection that held those before it.
    pub fn lose_answer_to(&self, words: &[&'static str]) {
        *self.armed.lock().unwrap() = Some(Armed {
            words: words.iter().rev().copied().collect(),
            connection: None,
        });
    }

    /// Whether it has.
    pub fn has_lost(&self) -> bool {
        self.armed.lock().unwrap().is_none()
    }
}

impl Armed {
    /// Takes notice of a request, and tells whether its answer is to be lost.
    fn hears(&mut self, number: usize, request: &[u8]) -> bool {
        let holds = |word: &str| {
            let mut parts = request.windows(word.len());
            parts.any(|part| part == word.as_bytes())
        };
        let is_it = self
            .connection
            .is_none_or(|connection| connection == number);
        if is_it && self.words.last().is_some_and(|word| holds(word)) {
            self.words.pop();
            self.connection = Some(number);
        }
        self.words.is_empty()
    }
}

fn connect(number: usize, client: TcpStream, server: TcpStream, armed: Arc<Mutex<Option<Armed>>>) {
    let lost = Arc::new(AtomicBool::new(false));
    let (from_client, to_client) = (client.try_clone().unwrap(), client);
    let (from_server, to_server) = (server.try_clone().unwrap(), server);
    let losing = Arc::clone(&lost);
    thread::spawn(move || {
        carry(from_client, to_server, |bytes| {
            let mut armed = armed.lock().unwrap();
            if armed
                .as_mut()
                .is_some_and(|armed| armed.hears(number, bytes))
            {
                *armed = None;
                losing.store(true, Ordering::SeqCst);
            }
            true
        });
    });
    thread::spawn(move || carry(from_server, to_client, |_| !lost.load(Ordering::SeqCst)));
}

/// Carries bytes on as long as they may pass, then closes both ends.
fn carry(mut from: TcpStream, mut to: TcpStream, may_pass: impl Fn(&[u8]) -> bool) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if !may_pass(&buffer[..length]) || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // One of them may be closed already.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
