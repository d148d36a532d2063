//! How a double is to be: what a test can set before it starts, and what it is where a test sets nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::web::Data;
use tempfile::TempDir;

use super::Kubernetes;
use super::clock::Clock;
use super::cluster::Cluster;
use super::controllers::Controllers;
use super::faults::FaultPlan;
use super::log::Rotation;
use super::resources::Resources;
use super::scripted::Script;
use super::server::Server;

/// How many changes of each kind are remembered for watches, unless a test says otherwise.
const HISTORY_LENGTH: usize = 10_000;

/// As a real API server reminds a quiet watch of the revision.
const BOOKMARK_INTERVAL: Duration = Duration::from_secs(60);

/// As a real Job controller waits.
const RETRY_DELAY: Duration = Duration::from_secs(10);

/// As recorded: a second until the kubelet tells that a Pod is over, another until the Job controller has counted it.
const END_DELAY: Duration = Duration::from_secs(2);

/// As a real kubelet waits before it pulls an image again.
const PULL_DELAY: Duration = Duration::from_secs(10);

/// How a double is to be.
#[derive(Debug, Default)]
pub struct KubernetesBuilder {
    settings: Settings,
}

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) port: u16,
    pub(crate) history_length: usize,
    pub(crate) retry_delay: Duration,
    pub(crate) pod_delay: Duration,
    pub(crate) images: Option<PathBuf>,
    pub(crate) clock: Clock,
    pub(crate) script: Option<Script>,
    pub(crate) end_delay: Duration,
    pub(crate) bookmark_interval: Duration,
    pub(crate) longest_lag: usize,
    pub(crate) pull_delay: Duration,
    pub(crate) node_capacity: Resources,
    pub(crate) streaming_lists: bool,
    pub(crate) log_rotation: Option<Rotation>,
    pub(crate) faults: Option<FaultPlan>,
    pub(crate) records_requests: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            history_length: HISTORY_LENGTH,
            retry_delay: RETRY_DELAY,
            pod_delay: Duration::ZERO,
            images: None,
            clock: Clock::Real,
            script: None,
            end_delay: END_DELAY,
            bookmark_interval: BOOKMARK_INTERVAL,
            longest_lag: usize::MAX,
            pull_delay: PULL_DELAY,
            node_capacity: Resources {
                cpu_millis: 64_000,
                memory_bytes: 256 << 30,
            },
            streaming_lists: true,
            log_rotation: None,
            faults: None,
            records_requests: false,
        }
    }
}

impl KubernetesBuilder {
    /// The port on loopback; 0 is any that is free.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.settings.port = port;
        self
    }

    /// How many changes of its kind a watch can lag behind before it is told that they are gone.
    #[must_use]
    pub fn history_length(mut self, changes: usize) -> Self {
        self.settings.history_length = changes;
        self
    }

    /// How long a Job waits before its second Pod; before each further one twice as long.
    #[must_use]
    pub fn retry_delay(mut self, delay: Duration) -> Self {
        self.settings.retry_delay = delay;
        self
    }

    /// How long the Job controller takes for its first look at a Job that was let run, and how long it then goes by what
    /// it saw: a Job that was suspended meanwhile gets its Pod all the same, which is ended afterwards.
    #[must_use]
    pub fn pod_delay(mut self, delay: Duration) -> Self {
        self.settings.pod_delay = delay;
        self
    }

    /// How long after its container's end a Pod is over and its Job comes to its condition. Of the two seconds that
    /// were recorded a real Job controller takes one; here the kubelet takes both.
    #[must_use]
    pub fn end_delay(mut self, delay: Duration) -> Self {
        self.settings.end_delay = delay;
        self
    }

    /// How long the kubelet waits before it pulls an image a second time; before each further time twice as long.
    #[must_use]
    pub fn pull_delay(mut self, delay: Duration) -> Self {
        self.settings.pull_delay = delay;
        self
    }

    /// Rotates a log that has grown over so many bytes, looking at it this often; a real kubelet is told 10 MiB and
    /// 10 seconds. A follower that has missed a whole file gets nothing more and is not told the end.
    #[must_use]
    pub fn log_rotation(mut self, largest_bytes: usize, every: Duration) -> Self {
        self.settings.log_rotation = Some(Rotation {
            largest_bytes,
            every,
        });
        self
    }

    /// Lets requests go wrong from the start, as a plan says. If the test fails, the plan's seed is told.
    #[must_use]
    pub fn faults(mut self, plan: FaultPlan) -> Self {
        self.settings.faults = Some(plan);
        self
    }

    /// Keeps every request with its headers and its body, for [`Kubernetes::requests`].
    #[must_use]
    pub fn records_requests(mut self) -> Self {
        self.settings.records_requests = true;
        self
    }

    /// As a server whose storage cannot stream lists: a watch that asks for one is told so and ends.
    #[must_use]
    pub fn without_streaming_lists(mut self) -> Self {
        self.settings.streaming_lists = false;
        self
    }

    /// What a single Pod may ask of the node. What others have taken already does not count.
    #[must_use]
    pub fn node_capacity(mut self, cpus: u32, memory_bytes: u64) -> Self {
        self.settings.node_capacity = Resources {
            cpu_millis: u64::from(cpus) * 1_000,
            memory_bytes,
        };
        self
    }

    /// The folder of the images: `registry.example/x/NAME:tag` is its folder NAME.
    #[must_use]
    pub fn images(mut self, folder: &Path) -> Self {
        self.settings.images = Some(folder.to_owned());
        self
    }

    /// Whose time its time stamps, deadlines, retries and expiries go by.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Runs nothing: each Pod takes the course that the script gives it.
    #[must_use]
    pub fn scripted(mut self, script: Script) -> Self {
        self.settings.script = Some(script);
        self
    }

    /// How often a watch is told the revision that it has come to.
    #[must_use]
    pub fn bookmark_interval(mut self, interval: Duration) -> Self {
        self.settings.bookmark_interval = interval;
        self
    }

    /// How many changes a watch can lag behind before it is closed without a word; none is unless a test says so.
    #[must_use]
    pub fn longest_lag(mut self, changes: usize) -> Self {
        self.settings.longest_lag = changes;
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// It cannot be started, which names the reason.
    #[must_use]
    pub fn start(self) -> Kubernetes {
        let cluster = Data::new(Cluster::new(self.settings));
        Kubernetes {
            server: Server::start(cluster.clone()),
            _controllers: Controllers::start(cluster.clone().into_inner()),
            cluster,
            folder: TempDir::new().expect("a folder for the kubeconfig can be made"),
        }
    }
}
