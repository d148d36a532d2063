//! What is to happen: which executions are wished for and when, and what goes wrong meanwhile. All of it follows from
//! a seed; nothing is done here.

mod cluster;
mod disturbance;
mod wish;

use std::fmt;
use std::time::Duration;

use proctor_testkit::Random;
use proctor_testkit::kubernetes::FaultPlan;

pub use disturbance::{
    ClusterFault, Deed, Dependency, Disturbance, Lane, Machine, WITH_A_CLOCK_OF_ITS_OWN,
    WITH_A_SMALL_DISK,
};
pub use wish::{MOST_AT_ONCE, Proc, RETRIES, Wish};

/// How many replicas there are.
pub const REPLICAS: usize = 3;

/// How large a run is.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    pub executions: usize,
    /// The time in which they are wished for, and in which things go wrong.
    pub over: Duration,
}

/// What follows from a seed and a form.
#[derive(Debug)]
pub struct Plan {
    pub seed: u64,
    pub form: Form,
    pub wishes: Vec<Wish>,
    pub disturbances: Vec<Disturbance>,
    /// What goes wrong with single requests to the cluster.
    pub cluster: FaultPlan,
}

impl Plan {
    pub fn of(seed: u64, form: Form) -> Self {
        let mut random = Random::of(seed, 0);
        let wishes = wish::all(&mut random, form);
        let disturbances = disturbance::all(seed, form.over);
        Self {
            seed,
            form,
            wishes,
            disturbances,
            cluster: cluster::faults(seed),
        }
    }

    pub fn lanes(&self) -> impl Iterator<Item = Lane> {
        let replicas = (0..REPLICAS).map(Lane::Replica);
        replicas.chain([Lane::Servers])
    }

    /// What goes wrong there, one thing after the other.
    pub fn of_lane(&self, lane: Lane) -> impl Iterator<Item = &Disturbance> {
        self.disturbances.iter().filter(move |one| one.lane == lane)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {}: {} executions in {:?}",
            self.seed, self.form.executions, self.form.over
        )?;
        for wish in &self.wishes {
            writeln!(f, "{wish}")?;
        }
        for disturbance in &self.disturbances {
            writeln!(f, "{disturbance}")?;
        }
        write!(f, "requests to the cluster: {:?}", self.cluster)
    }
}
