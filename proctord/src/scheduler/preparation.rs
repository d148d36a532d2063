//! What due schedules are to run, found out before anything is claimed: no unit of work of the store waits for a catalog
//! or a plugin. What is asked of those is asked once for all schedules of one look.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use proctor_api::{Metadata, Mistake};

use super::Parts;
use super::moments::KnownMoments;
use super::owners::{OwnerError, Owners, Right};
use crate::catalog::{Catalog, CatalogError};
use crate::domain::execution::{Plan, RunnerKind};
use crate::domain::name::{ExecutionName, ProcName, VariableName};
use crate::domain::schedule::{Held, RUN_AS, Schedule};
use crate::runner::Runner;
use crate::store::{Aim, NewExecution, Prepared, Replica};
use crate::submission::{Means, START_WITHIN, examine, refusal, unknown};
use crate::telemetry::chain;

/// What is published under a name, and which of its secrets are set.
type Published = Option<(Metadata, BTreeSet<VariableName>)>;

/// What is known in one look.
pub(super) struct Preparation<'a> {
    parts: &'a Parts,
    owners: &'a Owners,
    moments: &'a KnownMoments,
    /// `None` for what could not be found out; it is not asked again in this look.
    published: HashMap<ProcName, Option<Published>>,
    rights: HashMap<(String, ProcName), Option<Right>>,
    /// The last thing that could not be found out.
    trouble: Option<String>,
}

impl<'a> Preparation<'a> {
    pub(super) fn new(parts: &'a Parts, owners: &'a Owners, moments: &'a KnownMoments) -> Self {
        Self {
            parts,
            owners,
            moments,
            published: HashMap::new(),
            rights: HashMap::new(),
            trouble: None,
        }
    }

    /// In words, what could not be found out.
    pub(super) fn trouble(self) -> Option<String> {
        self.trouble
    }

    /// Those of these for which everything could be found out; the others stay due.
    pub(super) async fn prepare(&mut self, due: &[Schedule], is_held: bool) -> Vec<Prepared> {
        let mut prepared = Vec::with_capacity(due.len());
        for schedule in due {
            let moments = match self.moments.of(schedule) {
                Ok(moments) => moments,
                Err(error) => {
                    self.trouble = Some(format!("schedule {}: {error}", schedule.id));
                    continue;
                }
            };
            let stays_held = matches!(schedule.held, Some(Held::ByDocument(_)));
            let aim = if is_held || stays_held {
                Some(Aim::Pass)
            } else {
                self.aim(schedule).await
            };
            prepared.extend(aim.map(|aim| Prepared {
                id: schedule.id,
                version: schedule.version,
                covered_until: schedule.covered_until,
                moments,
                aim,
            }));
        }
        prepared
    }

    async fn aim(&mut self, schedule: &Schedule) -> Option<Aim> {
        let name = &schedule.definition.proc_name;
        self.learn_published(name).await;
        let groups = match self.published.get(name)? {
            None => return None,
            Some(Some((metadata, _))) => metadata.authorized_groups.clone(),
            Some(None) => Vec::new(),
        };
        self.learn_right(schedule, &groups).await;
        let published = self.published.get(name)?.as_ref()?.as_ref();
        let key = (schedule.owner.clone(), name.clone());
        let refused = match self.rights.get(&key)?.as_ref()? {
            Right::Given => None,
            Right::Refused(reason) => Some(Mistake::new("", reason.clone())),
            Right::Unknown(held) => return Some(Aim::Hold(held.clone())),
        };
        let means = Means {
            runner: self.parts.runner.as_ref(),
            defaults: self.parts.defaults,
        };
        let (mut new, _) = execution_of(means, &self.parts.replica, schedule, published);
        if let Some(refused) = refused {
            new.refusal = refusal(&[refused]);
        }
        Some(Aim::Run(Box::new(new)))
    }

    async fn learn_published(&mut self, name: &ProcName) {
        if self.published.contains_key(name) {
            return;
        }
        let found = look_up(self.parts.catalog.as_ref(), name).await;
        let found = found.inspect_err(|error| {
            self.trouble = Some(format!("{name}: {}", chain(error)));
        });
        self.published.insert(name.clone(), found.ok());
    }

    async fn learn_right(&mut self, schedule: &Schedule, groups: &[String]) {
        let name = &schedule.definition.proc_name;
        let key = (schedule.owner.clone(), name.clone());
        if self.rights.contains_key(&key) {
            return;
        }
        // Ninety days are long beside what clocks differ by.
        let found: Result<Right, OwnerError> = self
            .owners
            .right(&schedule.owner, groups, Timestamp::now())
            .await;
        let found = found.inspect_err(|error| {
            self.trouble = Some(format!("{}: {}", schedule.owner, chain(error)));
        });
        self.rights.insert(key, found.ok());
    }
}

/// What is published under a name now, and which of its secrets are set.
pub(crate) async fn look_up(
    catalog: &dyn Catalog,
    name: &ProcName,
) -> Result<Published, CatalogError> {
    let Some(metadata) = catalog.proc(name).await? else {
        return Ok(None);
    };
    Ok(Some((metadata, catalog.secret_names(name).await?)))
}

/// An execution of a schedule, by what is published now, and everything that forbids it.
pub(crate) fn execution_of(
    means: Means<'_>,
    replica: &Replica,
    schedule: &Schedule,
    published: Option<&(Metadata, BTreeSet<VariableName>)>,
) -> (NewExecution, Vec<Mistake>) {
    let definition = &schedule.definition;
    let (mut plan, mistakes) = match published {
        Some((metadata, set)) => examine(means, metadata, &definition.args, set),
        None => (
            Plan::of(&Metadata::default(), [].into(), means.defaults),
            vec![unknown(&definition.proc_name)],
        ),
    };
    plan.mail = Some(definition.mail_order(schedule.id));
    let runner = Runner::kind(means.runner);
    let new = NewExecution {
        name: ExecutionName::generate(),
        proc_name: definition.proc_name.clone(),
        user: RUN_AS.to_owned(),
        plan,
        runner,
        host: (runner == RunnerKind::Local).then(|| replica.host.clone()),
        callback_url: None,
        start_within: START_WITHIN,
        refusal: refusal(&mistakes),
        owner: replica.id.clone(),
    };
    (new, mistakes)
}
