//! What was measured, beside what was promised.

use std::collections::BTreeMap;
use std::fmt;

use super::rows::Spread;
use super::stretch::Stretch;

/// Each running execution may take so much memory beside its log.
const BYTES_PER_EXECUTION: u64 = 64 * 1024;

/// How many objects proctord lists at once.
const PAGE: usize = 500;

/// With fewer executions, what is needed once weighs more than they do.
const ENOUGH_TO_WEIGH: usize = 1_000;

/// What was measured.
#[derive(Debug)]
pub struct Report {
    pub(super) jobs: usize,
    /// How many watches of Jobs and of Pods were open while all ran.
    pub(super) watches: [usize; 2],
    pub(super) launch: Stretch,
    pub(super) hold: Stretch,
    /// How many changes of Pods proctord was told meanwhile.
    pub(super) events: usize,
    pub(super) end: Stretch,
    pub(super) bare_per_second: f64,
    pub(super) memory: Memory,
    pub(super) until_running: Spread,
    pub(super) until_told: Spread,
    pub(super) outcomes: BTreeMap<String, usize>,
    pub(super) whole_logs: usize,
    pub(super) ran_once: usize,
}

/// In bytes.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) idle: u64,
    pub(super) running: u64,
    pub(super) ended: u64,
    pub(super) of_the_double: u64,
}

impl Report {
    /// What was promised and is not so, in words.
    #[must_use]
    pub fn broken_promises(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let mut promise = |is_kept: bool, text: String| {
            if !is_kept {
                broken.push(text);
            }
        };
        let jobs = self.jobs;
        promise(
            self.watches == [1, 1],
            format!(
                "one watch of Jobs and one of Pods are open, not {:?}",
                self.watches
            ),
        );
        for request in ["create jobs", "patch jobs", "get pods/log"] {
            let asked = self.launch.asked(request);
            promise(
                asked == jobs,
                format!("a launch asks to {request} once, not {asked} times for {jobs}"),
            );
        }
        let about_one = self
            .hold
            .requests
            .iter()
            .filter(|(request, _)| is_about_one(request));
        let about_one: Vec<_> = about_one.collect();
        promise(
            about_one.is_empty(),
            format!("an event of a Pod asks nothing of the cluster, but there were {about_one:?}"),
        );
        let asked = self.end.asked("get jobs");
        // A watch that was left behind may list once more, page by page.
        let listed = self.end.asked("list pods");
        promise(
            asked == 0 && listed <= jobs.div_ceil(PAGE) * 2,
            format!(
                "the watches tell the end, but {asked} Jobs were asked for, and Pods {listed} times"
            ),
        );
        let succeeded = BTreeMap::from([("SUCCEEDED".to_owned(), jobs)]);
        promise(
            self.outcomes == succeeded,
            format!("all succeed, but they came to {:?}", self.outcomes),
        );
        promise(
            self.ran_once == jobs,
            format!("each runs once, but only {} of {jobs} did", self.ran_once),
        );
        promise(
            self.whole_logs == jobs,
            format!(
                "each log is whole, but only {} of {jobs} are",
                self.whole_logs
            ),
        );
        promise(
            jobs < ENOUGH_TO_WEIGH || self.bytes_per_execution() < BYTES_PER_EXECUTION,
            format!(
                "a running execution takes {} bytes",
                self.bytes_per_execution()
            ),
        );
        broken
    }

    fn bytes_per_execution(&self) -> u64 {
        self.memory.running.saturating_sub(self.memory.idle) / self.jobs as u64
    }
}

/// Whether a request is about a single object or what belongs to it, and no list of all and no watch.
fn is_about_one(request: &str) -> bool {
    let (verb, resource) = request.split_once(' ').unwrap_or((request, ""));
    let is_of_ours = ["jobs", "pods", "pods/log", "secrets", "events"].contains(&resource);
    is_of_ours && !matches!((verb, resource), ("watch", _) | ("list", "jobs"))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let jobs = self.jobs;
        let launched = jobs as f64 / self.launch.wall.as_secs_f64();
        let memory = &self.memory;
        writeln!(
            f,
            "{jobs} executions running at once on a double of a cluster"
        )?;
        writeln!(
            f,
            "watches open        {} of Jobs, {} of Pods",
            self.watches[0], self.watches[1]
        )?;
        for (word, stretch) in [
            ("launch", &self.launch),
            ("hold", &self.hold),
            ("end", &self.end),
        ] {
            let (wall, cpu) = (stretch.wall.as_secs_f64(), stretch.cpu.as_secs_f64());
            let each = cpu * 1000.0 / jobs as f64;
            writeln!(
                f,
                "{word:<19} {wall:.1} s, {cpu:.1} s of CPU ({each:.2} ms each)"
            )?;
            for (request, count) in &stretch.requests {
                let each = *count as f64 / jobs as f64;
                writeln!(f, "    {request:<40} {count:>7} {each:>7.3} each")?;
            }
        }
        writeln!(f, "events while held   {} of Pods", self.events)?;
        writeln!(
            f,
            "launches            {launched:.0}/s, {:.2} of {:.0}/s of a bare POST and PATCH (target 0.5)",
            launched / self.bare_per_second,
            self.bare_per_second,
        )?;
        writeln!(f, "accepted to RUNNING {}", self.until_running)?;
        writeln!(
            f,
            "ended to stored     {} (target p50 100 ms)",
            self.until_told
        )?;
        writeln!(
            f,
            "memory              {} idle, {} with all running, {} after their ends; {} bytes each (target {BYTES_PER_EXECUTION})",
            Megabytes(memory.idle),
            Megabytes(memory.running),
            Megabytes(memory.ended),
            self.bytes_per_execution(),
        )?;
        writeln!(f, "    the double      {}", Megabytes(memory.of_the_double))?;
        writeln!(f, "outcomes            {:?}", self.outcomes)?;
        write!(
            f,
            "ran once            {}; whole logs {}",
            self.ran_once, self.whole_logs
        )
    }
}

struct Megabytes(u64);

impl fmt::Display for Megabytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} MB", self.0 as f64 / 1e6)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |percent| self.percentile(percent).as_millis();
        write!(
            f,
            "p50 {} ms, p99 {} ms, longest {} ms",
            millis(50),
            millis(99),
            millis(100)
        )
    }
}
