//! What a test orders the cluster to do: nodes that go away, containers that run out of memory, Pods that are
//! evicted, quotas, namespaces and tokens. What goes wrong with requests is ordered beside it.

use super::Kubernetes;
use super::eviction;
use super::kind::Kind;
use super::ledger::Ledger;
use super::nodes::Processes;
use super::scripted::Gate;
use super::state::{Key, State};

impl Kubernetes {
    /// What has really happened so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.cluster.ledger.copy()
    }

    /// The kernel kills the container of this Pod for taking more memory than it may. Memory itself is not watched:
    /// a limit of address space would refuse memory instead of killing, which is not what a container meets.
    pub fn run_out_of_memory(&self, namespace: &str, pod: &str) {
        let key = Key::new(Kind::Pod, namespace, pod);
        self.cluster.write(|state| {
            let uid = state.get(&key).map(|pod| pod["metadata"]["uid"].clone());
            if let Some(uid) = uid.as_ref().and_then(|uid| uid.as_str()) {
                state.nodes.run_out_of_memory(uid);
            }
        });
    }

    /// Evicts a Pod as the eviction API does; it ends within its grace.
    ///
    /// # Panics
    /// There is no such Pod.
    pub fn evict(&self, namespace: &str, pod: &str) {
        let key = Key::new(Kind::Pod, namespace, pod);
        let evicted = self.cluster.write(|state| eviction::evict(state, &key));
        assert!(evicted.is_ok(), "there is no Pod {pod} in {namespace}");
    }

    /// Lets a namespace hold so many Pods that have not ended and no more; none takes the quota away.
    pub fn set_quota(&self, namespace: &str, pods: Option<usize>) {
        self.cluster
            .write(|state| state.quotas.set(namespace, pods));
    }

    /// The kubelet stops answering: Pods stay as they were last told, deleted ones stay too, logs cannot be had and
    /// open ones end as if they were whole. New Pods wait for a node.
    pub fn lose_node(&self) {
        self.cluster.write(|state| state.nodes.lose());
        self.cluster.faults.end_logs();
    }

    /// Every node that was lost is back, with its processes or without them; scripted Pods go on in any case.
    pub fn return_node(&self, processes: Processes) {
        self.cluster.write(|state| {
            state.nodes.bring_back(processes);
            look_at(state, Kind::Pod);
        });
    }

    /// The node is taken out of the cluster and another one takes its place. Its Pods have failed and are removed
    /// without its word, as the collector of Pods does it; their processes go on until the node is back, but for
    /// scripted ones.
    pub fn give_up_node(&self) {
        self.cluster.write(|state| {
            let former = state.nodes.replace();
            eviction::collect(state, &former);
            look_at(state, Kind::Pod);
        });
    }

    /// Nobody looks at Jobs any more, as if no controller manager ran.
    pub fn stop_job_controller(&self) {
        self.cluster.write(|state| state.no_job_controller = true);
    }

    /// Jobs are looked at again, as they are by now.
    pub fn start_job_controller(&self) {
        self.cluster.write(|state| {
            state.no_job_controller = false;
            look_at(state, Kind::Job);
            look_at(state, Kind::Pod);
        });
    }

    /// Pods that are to go were told so this many seconds earlier.
    pub fn age_deletions(&self, seconds: i64) {
        self.cluster.write(|state| {
            let moment = state.seconds_from_now(-seconds);
            let pods = state.of_kind(Kind::Pod);
            let deleted = pods.filter(|(_, pod)| !pod["metadata"]["deletionTimestamp"].is_null());
            for key in deleted.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
                state.modify(&key, |pod| {
                    pod["metadata"]["deletionTimestamp"] = moment.clone().into();
                });
            }
        });
    }

    /// Lets the scripted containers go on that stand before this gate, and those that come to it later.
    pub fn open(&self, gate: &Gate) {
        self.cluster.write(|state| {
            gate.open();
            look_at(state, Kind::Pod);
        });
    }

    /// From now on a request without this token is 401.
    pub fn require_token(&self, token: &str) {
        self.cluster.access.require_token(token);
    }

    /// Nothing can be created in this namespace any more: it is not there.
    pub fn remove_namespace(&self, name: &str) {
        self.cluster.access.remove_namespace(name);
    }

    /// A namespace that was removed is there again, as another one.
    pub fn add_namespace(&self, name: &str) {
        self.cluster.access.add_namespace(name);
    }
}

/// Whoever could do nothing for objects of this kind can now: a controller, the scheduler, or a kubelet.
fn look_at(state: &mut State, kind: Kind) {
    let keys = state.of_kind(kind).map(|(key, _)| key.clone());
    for key in keys.collect::<Vec<_>>() {
        state.agenda.touch(key);
    }
}
