//! Many at once.

use std::sync::Arc;

use proctor_testkit::redis::Server;
use proctord::catalog::Catalog;
use proctord::domain::name::VariableName;
use tokio::task::JoinSet;

use super::catalog::{open, settings};
use crate::catalog::procs::{a_proc, name};
use crate::catalog::secrets::exposed;
use crate::catalog::shelf::KEYS;

#[tokio::test(flavor = "multi_thread")]
async fn different_secrets_of_one_proc_set_by_many_replicas_are_all_kept() {
    let server = Server::shared();
    let database = server.database();
    let mut setters = JoinSet::new();
    for replica in 0..8 {
        let catalog = Arc::new(open(settings(server, database.number()), KEYS));
        for number in 0..25 {
            let catalog = catalog.clone();
            setters.spawn(async move {
                let secret: VariableName = format!("S{replica}_{number}").parse().unwrap();
                let value = format!("{replica} {number}");
                let hello = name("say-hello");
                catalog
                    .set_secret(&hello, &secret, value.into())
                    .await
                    .unwrap();
            });
        }
    }
    while let Some(set) = setters.join_next().await {
        set.unwrap();
    }

    let catalog = open(settings(server, database.number()), KEYS);
    let values = exposed(&catalog, &name("say-hello")).await;

    assert_eq!(values.len(), 200);
    assert_eq!(values["S3_14"], "3 14");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_of_one_moment_while_procs_come_and_go() {
    let server = Server::shared();
    let database = server.database();
    let (writer, reader) = (
        open(settings(server, database.number()), KEYS),
        open(settings(server, database.number()), KEYS),
    );
    let procs = ["a", "b", "c"].map(a_proc);
    let writes = async {
        for _ in 0..50 {
            writer.publish(&procs).await.unwrap();
            for (name, _) in &procs {
                let stay = proctord::catalog::SecretsOfProc::Stay;
                assert!(writer.unpublish(name, stay).await.unwrap());
            }
        }
    };
    let reads = async {
        for _ in 0..200 {
            let names: Vec<_> = reader.procs().await.unwrap();
            let names: Vec<_> = names.iter().map(|proc| proc.name.as_str()).collect();
            // They go from the front, and come together.
            assert!(["a", "b", "c"].ends_with(&names), "{names:?}");
        }
    };

    futures::join!(writes, reads);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_outlives_the_thread_that_needed_it_first() {
    let server = Server::start();
    let catalog = Arc::new(open(settings(&server, 0), KEYS));
    let connections = || {
        let told = server.first_database().cli(&["INFO", "stats"]);
        let line = told
            .lines()
            .find(|line| line.starts_with("total_connections_received"));
        line.unwrap()
            .trim()
            .split_once(':')
            .unwrap()
            .1
            .parse::<u32>()
            .unwrap()
    };

    let first = Arc::clone(&catalog);
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(first.check()).unwrap();
    });
    thread.join().unwrap();
    let before = connections();
    catalog.check().await.unwrap();

    // The one that is new is that of asking.
    assert_eq!(connections(), before + 1);
}
