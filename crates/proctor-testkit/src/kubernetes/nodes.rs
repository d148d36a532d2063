//! The nodes: what fits on one, whether its kubelet answers, and what happens to containers behind everybody's back.
//! New Pods go to the latest node; a former one matters only to the processes that still run there. No object is
//! changed here.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::resources::{self, Resources};

#[derive(Debug)]
pub(crate) struct Nodes {
    latest: usize,
    machines: HashMap<String, Machine>,
    capacity: Resources,
    out_of_memory: HashSet<String>,
}

#[derive(Debug, Default)]
struct Machine {
    is_lost: bool,
    restarts: usize,
}

/// What became of the processes of a node that was away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processes {
    /// Only the kubelet was away.
    WentOn,
    /// The machine has started anew.
    Gone,
}

impl Default for Nodes {
    fn default() -> Self {
        Self {
            latest: 1,
            machines: HashMap::new(),
            capacity: Resources {
                cpu_millis: u64::MAX,
                memory_bytes: u64::MAX,
            },
            out_of_memory: HashSet::new(),
        }
    }
}

impl Nodes {
    /// The node that new Pods go to.
    pub(crate) fn latest(&self) -> String {
        format!("node{}", self.latest)
    }

    pub(crate) fn set_capacity(&mut self, capacity: Resources) {
        self.capacity = capacity;
    }

    /// Why a Pod fits nowhere, in the words of the scheduler.
    pub(crate) fn refusal(&self, pod: &Value) -> Option<String> {
        let preemption = "no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not \
                          helpful for scheduling.";
        if !self.answers(&self.latest()) {
            let taint = "1 node(s) had untolerated taint(s)";
            return Some(format!("0/1 nodes are available: {taint}. {preemption}"));
        }
        let asked = resources::requests(&pod["spec"]);
        let missing: Vec<_> = [
            ("cpu", asked.cpu_millis > self.capacity.cpu_millis),
            ("memory", asked.memory_bytes > self.capacity.memory_bytes),
        ]
        .into_iter()
        .filter(|(_, is_missing)| *is_missing)
        .map(|(what, _)| format!("1 Insufficient {what}"))
        .collect();
        (!missing.is_empty()).then(|| {
            let missing = missing.join(", ");
            format!("0/1 nodes are available: {missing}. {preemption}")
        })
    }

    /// Whether the kubelet of a node can be reached and reaches the API server.
    pub(crate) fn answers(&self, node: &str) -> bool {
        self.machines
            .get(node)
            .is_none_or(|machine| !machine.is_lost)
    }

    /// How often a node has started anew, and lost its processes by it.
    pub(crate) fn restarts(&self, node: &str) -> usize {
        self.machines.get(node).map_or(0, |found| found.restarts)
    }

    pub(crate) fn lose(&mut self) {
        self.machines.entry(self.latest()).or_default().is_lost = true;
    }

    /// Every node that was away answers again; one that was given up ends what it still runs.
    pub(crate) fn bring_back(&mut self, processes: Processes) {
        for machine in self.machines.values_mut().filter(|one| one.is_lost) {
            machine.is_lost = false;
            machine.restarts += usize::from(processes == Processes::Gone);
        }
    }

    /// Puts another node in the place of the latest one; returns the name of the one that is given up.
    pub(crate) fn replace(&mut self) -> String {
        let former = self.latest();
        self.machines.entry(former.clone()).or_default().is_lost = true;
        self.latest += 1;
        former
    }

    /// The container of the Pod with this uid has taken more memory than it may.
    pub(crate) fn run_out_of_memory(&mut self, uid: &str) {
        self.out_of_memory.insert(uid.to_owned());
    }

    pub(crate) fn is_out_of_memory(&self, uid: &str) -> bool {
        self.out_of_memory.contains(uid)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pod_that_asks_for_more_than_there_is_fits_nowhere() {
        let mut nodes = Nodes::default();
        nodes.set_capacity(Resources {
            cpu_millis: 64_000,
            memory_bytes: 256 << 30,
        });
        let asking = |cpu: &str, memory: &str| {
            let requests = json!({"cpu": cpu, "memory": memory});
            nodes.refusal(&json!({"spec": {"containers": [{"resources": {"requests": requests}}]}}))
        };

        assert_eq!(asking("64", "256Gi"), None);
        let told = asking("500", "1Ti").expect("it is too much");
        let wanted = "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory. ";
        assert!(told.starts_with(wanted), "{told}");
    }

    #[test]
    fn a_node_that_was_given_up_stays_silent_until_it_is_back() {
        let mut nodes = Nodes::default();
        nodes.lose();
        assert!(!nodes.answers("node1"));

        assert_eq!(nodes.replace(), "node1");
        assert_eq!(nodes.latest(), "node2");
        assert!(nodes.answers("node2") && !nodes.answers("node1"));

        nodes.bring_back(Processes::Gone);
        assert!(nodes.answers("node1"));
        assert_eq!((nodes.restarts("node1"), nodes.restarts("node2")), (1, 0));
    }
}
