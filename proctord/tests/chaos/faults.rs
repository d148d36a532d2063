//! Has things go wrong as the plan says, each lane by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proctor_testkit::{ServerProcess, Way};
use tokio::task::JoinSet;

use crate::plan::{ClusterFault, Deed, Disturbance, Lane, Machine, Plan};
use crate::scene::{Replica, Scene};

/// How soon a replica that has crashed at a fail point is found and started again.
pub const PATROL: Duration = Duration::from_millis(500);

/// Carries the plan out; returns when the last thing has gone wrong.
pub async fn disturb(scene: &Arc<Scene>, plan: &Plan, began: Instant) {
    let mut lanes = JoinSet::new();
    for lane in plan.lanes() {
        let disturbances: Vec<_> = plan.of_lane(lane).cloned().collect();
        let scene = Arc::clone(scene);
        lanes.spawn(async move {
            for disturbance in disturbances {
                wait_until(&scene, lane, began + disturbance.at).await;
                carry_out(&scene, disturbance).await;
            }
        });
    }
    while let Some(ended) = lanes.join_next().await {
        ended.unwrap();
    }
}

/// Waits for a moment of the plan. A replica that crashes meanwhile is started again.
async fn wait_until(scene: &Arc<Scene>, lane: Lane, moment: Instant) {
    loop {
        let left = moment.saturating_duration_since(Instant::now());
        tokio::time::sleep(left.min(PATROL)).await;
        if left.is_zero() {
            return;
        }
        if let Lane::Replica(number) = lane {
            with_replica(scene, number, |replica| replica.start(None)).await;
        }
    }
}

async fn carry_out(scene: &Arc<Scene>, disturbance: Disturbance) {
    let lasting = disturbance.lasting;
    match disturbance.lane {
        Lane::Replica(number) => disturb_replica(scene, number, disturbance.deed, lasting).await,
        Lane::Servers => disturb_servers(scene, disturbance.deed, lasting).await,
    }
}

async fn disturb_replica(scene: &Arc<Scene>, number: usize, deed: Deed, lasting: Duration) {
    // It may have frozen itself at a fail point.
    with_replica(scene, number, Replica::thaw).await;
    match deed {
        Deed::Kill { armed } => {
            with_replica(scene, number, Replica::kill).await;
            tokio::time::sleep(lasting).await;
            with_replica(scene, number, move |replica| {
                replica.start(armed.as_deref());
            })
            .await;
        }
        Deed::Freeze => {
            with_replica(scene, number, Replica::freeze).await;
            tokio::time::sleep(lasting).await;
            with_replica(scene, number, Replica::thaw).await;
        }
        Deed::Way(dependency, way) => {
            let replica = &scene.replicas[number];
            replica.set(dependency, way);
            tokio::time::sleep(lasting).await;
            replica.set(dependency, Way::Open);
        }
        Deed::FullDisk => {
            with_replica(scene, number, Replica::fill_disk).await;
            tokio::time::sleep(lasting).await;
            with_replica(scene, number, Replica::make_room).await;
        }
        Deed::Clock(seconds) => {
            let replica = &scene.replicas[number];
            replica.set_clock(seconds);
            tokio::time::sleep(lasting).await;
            replica.set_clock(0);
        }
        other => unreachable!("{other:?} is nothing that happens to a replica"),
    }
}

async fn disturb_servers(scene: &Arc<Scene>, deed: Deed, lasting: Duration) {
    match deed {
        Deed::Restart(machine) => {
            with_machine(scene, machine, ServerProcess::kill).await;
            tokio::time::sleep(lasting).await;
            with_machine(scene, machine, ServerProcess::start_again).await;
        }
        Deed::Pause(machine) => {
            with_machine(scene, machine, ServerProcess::pause).await;
            tokio::time::sleep(lasting).await;
            with_machine(scene, machine, ServerProcess::resume).await;
        }
        Deed::Cluster(fault) => disturb_cluster(scene, fault),
        other => unreachable!("{other:?} is nothing that happens to the servers"),
    }
}

fn disturb_cluster(scene: &Scene, fault: ClusterFault) {
    let double = &scene.double;
    match fault {
        ClusterFault::CutStreams => double.cut(),
        ClusterFault::EndLogs => double.end_logs(),
        ClusterFault::HangLogs => double.hang_logs(),
        ClusterFault::HangWatches => double.hang_watches(),
        ClusterFault::ForgetHistory => double.compact(),
        ClusterFault::Throttle(requests) => double.throttle(requests),
        ClusterFault::Fail(requests) => double.fail(requests),
        ClusterFault::Hang(requests) => double.hang(requests),
        ClusterFault::LoseAnswers(requests) => double.cut_after(requests),
    }
}

/// Starting and killing wait for a process.
async fn with_replica(
    scene: &Arc<Scene>,
    number: usize,
    deed: impl FnOnce(&Replica) + Send + 'static,
) {
    let replica = Arc::clone(&scene.replicas[number]);
    let done = tokio::task::spawn_blocking(move || deed(&replica));
    done.await.unwrap();
}

async fn with_machine(scene: &Arc<Scene>, machine: Machine, deed: fn(&ServerProcess)) {
    let scene = Arc::clone(scene);
    let done = tokio::task::spawn_blocking(move || match machine {
        Machine::Postgres => deed(&scene.postgres),
        Machine::Redis => deed(&scene.redis),
    });
    done.await.unwrap();
}
