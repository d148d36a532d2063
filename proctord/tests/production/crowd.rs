use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rustix::process::Signal;

use crate::site::Site;

/// More than wait before a socket of the standard library, fewer than a kernel allows.
const CLIENTS: usize = 400;

/// As long as nobody is turned away, connecting takes no time at all.
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn clients_that_come_at_once_wait_for_their_turn() {
    let site = Site::new();
    let proctord = site.proctord().start();
    let address: SocketAddr = proctord.address().parse().unwrap();

    proctord.signal(Signal::STOP);
    let connect = |number| {
        TcpStream::connect_timeout(&address, PATIENCE).map_err(|error| format!("{number}: {error}"))
    };
    let clients: Result<Vec<_>, _> = (0..CLIENTS).map(connect).collect();
    proctord.signal(Signal::CONT);

    for mut client in clients.unwrap() {
        let request = "GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        client.write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(client).read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), "HTTP/1.1 200 OK");
    }
}
