//! A web server on loopback that answers as a test wants it to, and remembers what it was asked. Each connection is
//! one request, so that nothing of one answer can reach the next.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// What the server was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebRequest {
    pub method: String,
    /// Path and query.
    pub target: String,
    /// With names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebAnswer {
    /// Status, headers and body.
    Whole(u16, Vec<(String, String)>, Vec<u8>),
    /// Nothing, until the client goes away.
    Silence,
}

/// The server; it ends when it is dropped.
pub struct WebServer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<WebRequest>>>,
    is_over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

type Answering = dyn Fn(&WebRequest) -> WebAnswer + Send + Sync;

impl WebServer {
    /// One that answers so.
    ///
    /// # Panics
    /// Loopback has no port left.
    pub fn start(answer: impl Fn(&WebRequest) -> WebAnswer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a port");
        let address = listener.local_addr().expect("a listener has an address");
        let (asked, is_over) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let serving = Serving {
            answer: Box::new(answer),
            asked: Arc::clone(&asked),
        };
        let over = Arc::clone(&is_over);
        let accepting = std::thread::spawn(move || accept(&listener, &over, &Arc::new(serving)));
        Self {
            address,
            asked,
            is_over,
            accepting: Some(accepting),
        }
    }

    /// Host and port.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The address of a path that begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it was asked until now.
    #[must_use]
    pub fn asked(&self) -> Vec<WebRequest> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes whoever waits for the next connection; if that fails there is nobody to wake.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

impl WebAnswer {
    /// 200 with JSON.
    #[must_use]
    pub fn json(body: impl ToString) -> Self {
        Self::status(200, body)
    }

    /// A status and a text.
    #[must_use]
    pub fn status(status: u16, body: impl ToString) -> Self {
        Self::Whole(status, Vec::new(), body.to_string().into_bytes())
    }

    /// The same with one header more.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        match self {
            Self::Whole(status, mut headers, body) => {
                headers.push((name.to_owned(), value.to_owned()));
                Self::Whole(status, headers, body)
            }
            Self::Silence => Self::Silence,
        }
    }
}

impl WebRequest {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let name = name.to_lowercase();
        self.headers
            .iter()
            .find(|(other, _)| *other == name)
            .map(|(_, value)| value.as_str())
    }

    fn read(connection: &TcpStream) -> io::Result<Self> {
        let mut reader = BufReader::new(connection);
        let first = line(&mut reader)?;
        let mut words = first.split(' ').map(ToOwned::to_owned);
        let (method, target) = (words.next(), words.next());
        let mut request = Self {
            method: method.unwrap_or_default(),
            target: target.unwrap_or_default(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        loop {
            let header = line(&mut reader)?;
            let Some((name, value)) = header.split_once(':') else {
                break;
            };
            let pair = (name.to_lowercase(), value.trim().to_owned());
            request.headers.push(pair);
        }
        let length = request.header("content-length");
        let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        reader.take(length).read_to_end(&mut request.body)?;
        Ok(request)
    }
}

struct Serving {
    answer: Box<Answering>,
    asked: Arc<Mutex<Vec<WebRequest>>>,
}

impl Serving {
    fn serve(&self, mut connection: TcpStream) -> io::Result<()> {
        let request = WebRequest::read(&connection)?;
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request.clone());
        match (self.answer)(&request) {
            WebAnswer::Whole(status, headers, body) => {
                let mut head = format!("HTTP/1.1 {status} As Wanted\r\nConnection: close\r\n");
                head += &format!("Content-Length: {}\r\n", body.len());
                for (name, value) in headers {
                    head += &format!("{name}: {value}\r\n");
                }
                connection.write_all((head + "\r\n").as_bytes())?;
                connection.write_all(&body)
            }
            WebAnswer::Silence => connection.read_to_end(&mut Vec::new()).map(|_| ()),
        }
    }
}

fn accept(listener: &TcpListener, is_over: &AtomicBool, serving: &Arc<Serving>) {
    for connection in listener.incoming().flatten() {
        if is_over.load(Ordering::SeqCst) {
            break;
        }
        let serving = Arc::clone(serving);
        // A client that goes away in the middle is its own affair; the test sees what it made of that.
        std::thread::spawn(move || serving.serve(connection));
    }
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}
