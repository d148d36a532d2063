//! Redis has no disk space left. Needs the right to mount; without it the test says that it was skipped.

use proctor_testkit::redis::Server;
use proctor_testkit::{SmallDisk, wait_for_async};
use proctord::catalog::{Catalog, CatalogError};

use super::catalog::catalog_of;
use crate::catalog::procs::a_proc;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_as_such_and_recovered_from() {
    let Some(disk) = SmallDisk::mount(8) else {
        return;
    };
    let server = Server::builder().inside(disk.path()).start();
    let catalog = catalog_of(&server);
    catalog.publish(&[a_proc("before")]).await.unwrap();

    disk.fill();
    // What is in memory alone at that moment is written once there is room; what comes then is refused.
    let refused = wait_for_async("something to be refused", async || {
        match catalog
            .put_bundle("sha256:01", vec![7; 64 << 10].into())
            .await
        {
            Ok(()) => catalog
                .publish(&[a_proc("then")])
                .await
                .err()
                .ok_or("it was taken"),
            Err(error) => Ok(error),
        }
    })
    .await;
    assert!(matches!(refused, CatalogError::Full { .. }), "{refused:?}");
    let known = catalog.procs().await.unwrap();
    assert!(known.iter().any(|proc| proc.name == "before"));

    disk.make_room();
    wait_for_async("something to be taken again", async || {
        catalog.publish(&[a_proc("after")]).await
    })
    .await;
    server.kill();
    server.start_again();
    let kept = wait_for_async("the catalog to answer", async || catalog.procs().await).await;
    for name in ["before", "after"] {
        assert!(kept.iter().any(|proc| proc.name == name), "{kept:?}");
    }
}
