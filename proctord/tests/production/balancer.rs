//! What stands before several replicas: each connection goes to the next one, whatever it belongs to.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use proctor_testkit::Proctord;

/// Takes turns. It ends with the process.
pub struct Balancer {
    address: String,
    carried: Arc<Mutex<Carried>>,
}

#[derive(Default)]
struct Carried {
    clients: Vec<TcpStream>,
    /// How many connections went to each replica.
    counts: Vec<usize>,
}

impl Balancer {
    /// One that stands before these.
    pub fn before(replicas: &[&Proctord]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let replicas: Vec<_> = replicas
            .iter()
            .map(|replica| replica.address().to_owned())
            .collect();
        let carried = Arc::new(Mutex::new(Carried {
            counts: vec![0; replicas.len()],
            ..Carried::default()
        }));
        let shared = Arc::clone(&carried);
        thread::spawn(move || {
            for (number, client) in listener.incoming().enumerate() {
                let turn = number % replicas.len();
                let client = client.unwrap();
                // The client of a replica that is gone is sent away, and comes again.
                if let Ok(replica) = TcpStream::connect(&replicas[turn]) {
                    let mut carried = shared.lock().unwrap();
                    carried.counts[turn] += 1;
                    carried.clients.push(client.try_clone().unwrap());
                    carry(client, replica);
                }
            }
        });
        Self { address, carried }
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// How many connections each replica was given.
    pub fn counts(&self) -> Vec<usize> {
        self.carried.lock().unwrap().counts.clone()
    }

    /// Cuts every connection that there is.
    pub fn cut(&self) {
        for client in self.carried.lock().unwrap().clients.drain(..) {
            // It may be closed already.
            let _ = client.shutdown(Shutdown::Both);
        }
    }
}

fn carry(client: TcpStream, replica: TcpStream) {
    let (other_client, other_replica) = (client.try_clone().unwrap(), replica.try_clone().unwrap());
    thread::spawn(move || pass_on(client, replica));
    thread::spawn(move || pass_on(other_replica, other_client));
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // One of them may be closed already.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
