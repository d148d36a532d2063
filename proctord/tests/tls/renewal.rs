//! A certificate that is replaced while clients come and go.

use std::fs;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use proctor_testkit::{Certificate, wait_for, wait_for_async};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::support::{HERE, Service};

const REFUSED: &str = "the new certificate cannot be used";

/// The certificate that a new connection is shown.
fn shown(service: &Service) -> CertificateDer<'static> {
    let mut stream = service.connect();
    stream.flush().unwrap();
    stream.write_all(b"G").unwrap();
    let chain = stream.conn.peer_certificates().unwrap();
    chain[0].clone().into_owned()
}

fn wait_until_shown(service: &Service, certificate: &Certificate) {
    let wanted = CertificateDer::from_pem_file(&certificate.chain).unwrap();
    wait_for("the new certificate to be shown", || {
        let is_new = shown(service) == wanted;
        is_new.then_some(()).ok_or("the old one is shown")
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn new_files_are_shown_within_seconds_and_no_client_notices() {
    let service = Service::start();
    let (client, url) = (service.client(), service.url("/ping"));
    let (stop, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    let load = async || {
        while !stop.load(Ordering::Relaxed) {
            let answer = client.get(&url).send().await;
            let status = answer.map(|answer| answer.status().as_u16());
            assert_eq!(status.ok(), Some(200));
            served.fetch_add(1, Ordering::Relaxed);
        }
    };
    let replace = async || {
        for _ in 0..2 {
            let certificate = service.authority.certify(HERE);
            let before = served.load(Ordering::Relaxed);
            service.replace(&certificate);
            tokio::task::block_in_place(|| wait_until_shown(&service, &certificate));
            wait_for_async("requests to be served as well", async || {
                let served = served.load(Ordering::Relaxed) - before;
                if served > 10 { Ok(()) } else { Err(served) }
            })
            .await;
        }
        stop.store(true, Ordering::Relaxed);
    };

    tokio::join!(load(), load(), replace());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_told_once_and_the_old_one_stays() {
    let service = Service::start();
    let first = tokio::task::block_in_place(|| shown(&service));

    fs::write(service.folder.path().join("key.pem"), "no key").unwrap();
    wait_for_async("the refusal to be logged", async || {
        let log = service.proctord.log();
        if log.contains(REFUSED) {
            Ok(())
        } else {
            Err(log)
        }
    })
    .await;

    assert_eq!(tokio::task::block_in_place(|| shown(&service)), first);
    let ready = service.client().get(service.url("/readyz")).send().await;
    assert_eq!(ready.unwrap().status(), 200);

    let right = service.authority.certify(HERE);
    service.replace(&right);
    tokio::task::block_in_place(|| wait_until_shown(&service, &right));
    let log = service.proctord.log();
    assert_eq!(log.matches(REFUSED).count(), 1, "{log}");
    assert!(log.contains("key.pem holds no private key in PEM"), "{log}");
}
