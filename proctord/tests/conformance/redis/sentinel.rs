//! Sentinels: the master is asked for, and when it dies the next one is found without anybody's doing.

use proctor_testkit::redis::Server;
use proctor_testkit::{wait_for, wait_for_async};
use proctord::catalog::redis::{RedisAddress, RedisLogin, RedisSettings, RedisTarget};
use proctord::catalog::{Catalog, CatalogError};

use super::catalog::{address, open, settings};
use crate::catalog::procs::{a_proc, name};
use crate::catalog::shelf::KEYS;

const SENTINEL_PASSWORD: &str = "s3nt1nel-p4ssw0rd";

/// A master, its replica, and a sentinel that watches them.
struct Watched {
    master: Server,
    replica: Server,
    sentinel: Server,
}

impl Watched {
    fn start() -> Self {
        let master = Server::builder()
            .password("pw")
            .setting("masterauth pw")
            .setting("repl-diskless-sync-delay 0")
            .start();
        let port = master.port();
        let replica = Server::builder()
            .password("pw")
            .setting("masterauth pw")
            .setting(&format!("replicaof 127.0.0.1 {port}"))
            .start();
        wait_for("the replica to follow", || {
            let role = replica.first_database().cli(&["ROLE"]);
            if role.contains("connected") {
                Ok(())
            } else {
                Err(role)
            }
        });
        let mut sentinel = Server::sentinel().password(SENTINEL_PASSWORD);
        for line in [
            format!("sentinel monitor here 127.0.0.1 {port} 1"),
            "sentinel auth-pass here pw".into(),
            "sentinel down-after-milliseconds here 500".into(),
            "sentinel failover-timeout here 5000".into(),
        ] {
            sentinel = sentinel.setting(&line);
        }
        let sentinel = sentinel.start();
        wait_for("the sentinel to know the replica", || {
            let replicas = sentinel
                .first_database()
                .cli(&["SENTINEL", "REPLICAS", "here"]);
            if replicas.contains(&replica.port().to_string()) {
                Ok(())
            } else {
                Err(replicas)
            }
        });
        Self {
            master,
            replica,
            sentinel,
        }
    }

    /// Asks this sentinel and one that is not there.
    fn settings(&self) -> RedisSettings {
        let mut settings = settings(&self.master, 0);
        let nobody = RedisAddress {
            host: "127.0.0.1".into(),
            port: 1,
        };
        settings.target = RedisTarget::Sentinels {
            sentinels: vec![nobody, address(&self.sentinel)],
            master: "here".into(),
            login: RedisLogin {
                user: None,
                password: Some(SENTINEL_PASSWORD.into()),
            },
        };
        settings
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_master_is_killed_the_next_one_is_used() {
    let watched = Watched::start();
    let catalog = open(watched.settings(), KEYS);
    catalog.publish(&[a_proc("before")]).await.unwrap();
    wait_for("the replica to have it", || {
        let role = watched
            .replica
            .first_database()
            .cli(&["EXISTS", "proctor:3:proc:before"]);
        if role == "1" { Ok(()) } else { Err(role) }
    });

    watched.master.kill();

    wait_for_async("something to be published", async || {
        catalog.publish(&[a_proc("after")]).await
    })
    .await;
    assert_eq!(catalog.procs().await.unwrap().len(), 2);
    let kept = watched
        .replica
        .first_database()
        .cli(&["EXISTS", "proctor:3:proc:after"]);
    assert_eq!(kept, "1");

    // The old master comes back and is made a replica; nobody writes to it.
    watched.master.start_again();
    let hello = name("after");
    assert!(catalog.proc(&hello).await.unwrap().is_some());
    catalog.publish(&[a_proc("later")]).await.unwrap();
    let kept = watched
        .replica
        .first_database()
        .cli(&["EXISTS", "proctor:3:proc:later"]);
    assert_eq!(kept, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_no_sentinel_knows_and_a_wrong_password_are_told() {
    let watched = Watched::start();
    let told = async |change: fn(&mut String, &mut RedisLogin)| {
        let mut settings = watched.settings();
        if let RedisTarget::Sentinels {
            sentinels,
            master,
            login,
        } = &mut settings.target
        {
            sentinels.remove(0);
            change(master, login);
        }
        let error = open(settings, KEYS).check().await.unwrap_err();
        assert!(
            matches!(error, CatalogError::Unavailable { .. }),
            "{error:?}"
        );
        format!("{error:?}")
    };

    let unknown = told(|master, _| *master = "elsewhere".into()).await;
    assert!(unknown.contains("no master of this name"), "{unknown}");
    assert!(unknown.contains("elsewhere"), "{unknown}");
    let wrong = told(|_, login| login.password = Some("wr0ng-p4ssw0rd".into())).await;
    assert!(
        wrong.contains("authentication failed") && !wrong.contains("p4ssw0rd"),
        "{wrong}"
    );
}
