//! Real replicas on real servers fire real moments while each of them is killed, stopped where it stands and struck at
//! named points by chance: each moment has one row, each row one execution, each execution ran once, and people were told.

mod check;
mod disturbance;
mod plan;
mod replica;
mod stage;
mod verdict;

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

pub use plan::Form;
pub use verdict::Verdict;

use plan::REPLICAS;
use replica::Suffered;
use stage::{Stage, Wanted};

/// What is there when a storm is over.
pub struct Storm {
    pub stage: Stage,
    wanted: Vec<Wanted>,
    suffered: Vec<Suffered>,
    seed: u64,
    took: Duration,
}

impl Storm {
    /// Returns when everything has come to rest.
    pub async fn over(seed: u64, form: Form) -> Self {
        let began = Instant::now();
        let (stage, replicas) = Stage::open().await;
        let wishes = plan::wishes(seed, form);
        let wanted = stage.create(&replicas[0], form, wishes).await;
        let until = Instant::now() + form.lasting();
        let mut lanes = JoinSet::new();
        for (number, replica) in replicas.into_iter().enumerate() {
            lanes.spawn(disturbance::disturb(replica, seed, number, until));
        }
        let mut replicas = Vec::with_capacity(REPLICAS);
        while let Some(replica) = lanes.join_next().await {
            replicas.push(replica.unwrap());
        }
        stage.calm().await;
        Self {
            stage,
            wanted,
            suffered: replicas.iter().map(|replica| replica.suffered).collect(),
            seed,
            took: began.elapsed(),
        }
    }

    pub async fn verdict(&self) -> Verdict {
        let mut verdict = check::check(&self.stage, &self.wanted).await;
        verdict.seed = self.seed;
        verdict.took = self.took;
        verdict.suffered.clone_from(&self.suffered);
        verdict
    }
}
