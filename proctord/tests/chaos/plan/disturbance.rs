//! What goes wrong, and when: one thing after the other with each replica, and beside them with the servers.

use std::fmt;
use std::time::Duration;

use proctor_testkit::{Random, Way};

use super::REPLICAS;

/// Named points at which a replica that was started again crashes or freezes itself.
const FAIL_POINTS: [&str; 19] = [
    "accept.stored",
    "finish.admitted",
    "finish.closed",
    "finish.pumped",
    "finish.stored",
    "kubernetes.created",
    "kubernetes.discarded",
    "kubernetes.resumed",
    "kubernetes.secret",
    "kubernetes.stopped",
    "kubernetes.stopping",
    "launch.created",
    "launch.prepared",
    "launch.started",
    "log.read",
    "log.stored",
    "stop.stored",
    "sweep.discarded",
    "sweep.found",
];

/// By how many seconds a clock may be off. One that jumps ahead by more than ten takes Pods that are shown late for gone;
/// docs/RELIABILITY.md has that among what is open.
const CLOCKS_OFF: [i64; 4] = [-7_200, -600, -5, 5];

/// The replica whose data folder is on a small disk.
pub const WITH_A_SMALL_DISK: usize = REPLICAS - 1;

/// The replica that can be told another time.
pub const WITH_A_CLOCK_OF_ITS_OWN: usize = 0;

/// With whom something goes wrong. Things of one lane come one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    Replica(usize),
    Servers,
}

/// What a replica needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependency {
    Postgres,
    Redis,
    Cluster,
}

/// A server that all replicas share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    Postgres,
    Redis,
}

/// What the cluster does to everybody at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterFault {
    CutStreams,
    EndLogs,
    HangLogs,
    HangWatches,
    ForgetHistory,
    Throttle(usize),
    Fail(usize),
    Hang(usize),
    LoseAnswers(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Killed, and started again afterwards, with a fail point or without.
    Kill {
        armed: Option<String>,
    },
    /// Stopped where it stands for longer than its lease.
    Freeze,
    /// Its way to something.
    Way(Dependency, Way),
    /// Nothing more can be written into its data folder.
    FullDisk,
    /// Its clock is so many seconds off, however the others' go.
    Clock(i64),
    /// A server is killed, and started again afterwards.
    Restart(Machine),
    /// A server hangs.
    Pause(Machine),
    Cluster(ClusterFault),
}

/// Something that goes wrong for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disturbance {
    pub lane: Lane,
    pub at: Duration,
    pub lasting: Duration,
    pub deed: Deed,
}

/// All of them, by lane and time; none lasts longer than `over`.
pub fn all(seed: u64, over: Duration) -> Vec<Disturbance> {
    let replicas = (0..REPLICAS).map(Lane::Replica);
    let lanes = replicas.chain([Lane::Servers]).zip(1..);
    lanes
        .flat_map(|(lane, number)| of_lane(lane, Random::of(seed, number), over))
        .collect()
}

fn of_lane(lane: Lane, mut random: Random, over: Duration) -> Vec<Disturbance> {
    let mut found = Vec::new();
    let mut at = Duration::ZERO;
    loop {
        at += Duration::from_millis(random.between(1_000, 5_000));
        let (deed, longest) = match lane {
            Lane::Replica(number) => of_replica(&mut random, number),
            Lane::Servers => of_servers(&mut random),
        };
        let lasting = longest.mul_f64(0.3 + 0.7 * random.fraction());
        if at + lasting > over {
            return found;
        }
        found.push(Disturbance {
            lane,
            at,
            lasting,
            deed,
        });
        at += lasting;
    }
}

/// What goes wrong with a replica, and for how long at most.
fn of_replica(random: &mut Random, number: usize) -> (Deed, Duration) {
    let seconds = Duration::from_secs;
    let off = random.one_of(&CLOCKS_OFF);
    match random.between(0, 12) {
        0..=3 => {
            let armed = random.is_within(0.6).then(|| fail_point(random));
            (Deed::Kill { armed }, seconds(3))
        }
        4..=5 => (Deed::Freeze, seconds(5)),
        6..=7 if number == WITH_A_SMALL_DISK => (Deed::FullDisk, seconds(5)),
        6..=7 if number == WITH_A_CLOCK_OF_ITS_OWN => (Deed::Clock(off), seconds(5)),
        _ => {
            use Dependency::{Cluster, Postgres, Redis};
            let to = random.one_of(&[Postgres, Postgres, Cluster, Cluster, Redis]);
            let slow = Way::Slow(Duration::from_millis(random.between(5, 100)));
            let way = random.one_of(&[Way::Cut, Way::Stalled, Way::Deaf, slow]);
            (Deed::Way(to, way), seconds(5))
        }
    }
}

fn fail_point(random: &mut Random) -> String {
    let point = random.one_of(&FAIL_POINTS);
    let action = random.one_of(&["crash", "crash", "pause"]);
    format!("{point}={action}")
}

fn of_servers(random: &mut Random) -> (Deed, Duration) {
    let seconds = Duration::from_secs;
    let requests = usize::try_from(random.between(1, 12)).unwrap_or(1);
    match random.between(0, 12) {
        0 => (Deed::Restart(Machine::Postgres), seconds(2)),
        1 => (Deed::Restart(Machine::Redis), seconds(2)),
        2 => (Deed::Pause(Machine::Postgres), seconds(3)),
        3 => (Deed::Pause(Machine::Redis), seconds(3)),
        _ => {
            use ClusterFault::{
                CutStreams, EndLogs, Fail, ForgetHistory, Hang, HangLogs, HangWatches, LoseAnswers,
                Throttle,
            };
            let fault = random.one_of(&[
                CutStreams,
                EndLogs,
                HangLogs,
                HangWatches,
                ForgetHistory,
                Throttle(requests),
                Fail(requests),
                Hang(requests),
                LoseAnswers(requests),
            ]);
            (Deed::Cluster(fault), seconds(2))
        }
    }
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:8.3} {:?}: {:?} for {:?}",
            self.at.as_secs_f64(),
            self.lane,
            self.deed,
            self.lasting
        )
    }
}
