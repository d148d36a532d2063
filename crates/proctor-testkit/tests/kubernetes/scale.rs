//! Many Jobs at once: what a write costs when there are ten thousand, and all of them run to their ends by a script.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use proctor_testkit::kubernetes::{Clock, Course, Kubernetes, Script};
use proctor_testkit::wait_for;
use serde_json::{Value, json};

use crate::client::{Api, JOBS, PODS, each_event, suspended_job};

const MANY: usize = 10_000;
const LABEL: &str = "proctor/execution";

fn number(object: &Value) -> usize {
    let label = object["metadata"]["labels"][LABEL].as_str().unwrap();
    label.trim_start_matches('a').parse().unwrap()
}

async fn create(api: &Api, number: usize) {
    let mut job = suspended_job(&format!("a{number}"));
    job["spec"]["backoffLimit"] = 1.into();
    job["spec"]["activeDeadlineSeconds"] = 60.into();
    assert_eq!(api.post(JOBS, &job).await.0, 201);
}

async fn resume(api: &Api, number: usize) {
    let resume = json!({"spec": {"suspend": false}});
    let path = format!("{JOBS}/a{number}");
    assert_eq!(api.patch(&path, &resume).await.0, 200);
}

/// Does this for every number of a range, a few at a time.
async fn each(numbers: std::ops::Range<usize>, act: impl AsyncFn(usize)) {
    let workers = (0..8).map(|worker| {
        let numbers = numbers.clone().skip(worker).step_by(8);
        async {
            for number in numbers {
                act(number).await;
            }
        }
    });
    join_all(workers).await;
}

#[tokio::test]
async fn a_write_costs_the_same_with_ten_thousand_jobs_as_with_none() {
    let script = Script::new(|_| Course::never_ends());
    let api = Api::of(
        Kubernetes::builder()
            .scripted(script)
            .clock(Clock::Virtual)
            .start(),
    );
    let looks = async |numbers: std::ops::Range<usize>| {
        let (count, before, begun) = (numbers.len() as f64, api.double.looks(), Instant::now());
        each(numbers, async |number| {
            create(&api, number).await;
            resume(&api, number).await;
        })
        .await;
        let rate = count / begun.elapsed().as_secs_f64();
        println!("{rate:.0} Jobs created and resumed per second");
        api.double.looks() - before
    };

    let first = looks(0..100).await;
    looks(100..MANY - 100).await;
    let last = looks(MANY - 100..MANY).await;

    assert_eq!(first, last);
    assert!(last <= 100 * 20, "{last} looks for a hundred Jobs");
}

/// What a Job comes to: its condition's reason, its counters of failures and successes, and how its containers ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    reason: String,
    failed: u64,
    succeeded: u64,
    containers: Vec<(String, i64)>,
}

fn course(number: usize, retry: usize) -> Course {
    let course = match (number % 8, retry) {
        (0, _) => Course::exits(3),
        (1, _) => Course::runs_out_of_memory(),
        (2, 0) => Course::exits(1),
        (3, 0) => Course::is_evicted(),
        (4, _) => Course::never_ends(),
        _ => Course::exits(0),
    };
    let seconds = Duration::from_secs(number as u64 % 11);
    let line = format!("{number}\n");
    course.pulls(seconds / 2).prints(line).runs(seconds)
}

/// The script's ledger: what is to become of a Job.
fn expected(number: usize) -> End {
    let (reason, containers): (_, &[(&str, i64)]) = match number % 8 {
        0 => ("BackoffLimitExceeded", &[("Error", 3), ("Error", 3)]),
        1 => (
            "BackoffLimitExceeded",
            &[("OOMKilled", 137), ("OOMKilled", 137)],
        ),
        2 => ("CompletionsReached", &[("Error", 1), ("Completed", 0)]),
        3 => ("CompletionsReached", &[("Error", 143), ("Completed", 0)]),
        4 => ("DeadlineExceeded", &[("Error", 143)]),
        _ => ("CompletionsReached", &[("Completed", 0)]),
    };
    let succeeded = containers.iter().filter(|(_, code)| *code == 0).count() as u64;
    End {
        reason: reason.to_owned(),
        failed: containers.len() as u64 - succeeded,
        succeeded,
        containers: containers
            .iter()
            .map(|(reason, code)| ((*reason).to_owned(), *code))
            .collect(),
    }
}

/// What a watch of Jobs and a watch of Pods have told.
#[derive(Debug, Default)]
struct Seen {
    jobs: BTreeMap<usize, Vec<(String, u64, u64)>>,
    pods: BTreeMap<usize, BTreeMap<u64, (String, i64)>>,
    /// How many of them have ended.
    ended: usize,
}

impl Seen {
    fn job(&mut self, job: &Value) {
        let status = &job["status"];
        let conditions = status["conditions"].as_array().into_iter().flatten();
        let ends = conditions.filter(|one| one["type"] == "Complete" || one["type"] == "Failed");
        let count = |counter: &str| status[counter].as_u64().unwrap_or_default();
        for end in ends {
            let reason = end["reason"].as_str().unwrap().to_owned();
            let told = (reason, count("failed"), count("succeeded"));
            let ends = self.jobs.entry(number(job)).or_default();
            if ends.last() != Some(&told) {
                self.ended += usize::from(ends.is_empty());
                ends.push(told);
            }
        }
    }

    fn pod(&mut self, pod: &Value) {
        let terminated = &pod["status"]["containerStatuses"][0]["state"]["terminated"];
        if let Some(code) = terminated["exitCode"].as_i64() {
            let reason = terminated["reason"].as_str().unwrap().to_owned();
            // The first of a Job's Pods was created at the smaller revision; a name says nothing about the order.
            let created: jiff::Timestamp = pod["metadata"]["creationTimestamp"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            let at = created.as_second() as u64;
            let pods = self.pods.entry(number(pod)).or_default();
            let is_new = pods.insert(at, (reason, code)).is_none();
            self.ended += usize::from(is_new);
        }
    }

    fn end(&self, number: usize) -> Option<End> {
        let [(reason, failed, succeeded)] = self.jobs.get(&number)?.as_slice() else {
            return None;
        };
        Some(End {
            reason: reason.clone(),
            failed: *failed,
            succeeded: *succeeded,
            containers: self.pods.get(&number)?.values().cloned().collect(),
        })
    }
}

/// A line of what the kernel tells of this process.
fn told_of_process(word: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(word)).unwrap();
    line.trim_start_matches(word).trim().to_owned()
}

#[test]
fn ten_thousand_jobs_come_to_their_ends_and_one_pair_of_watches_sees_each() {
    let script = Script::new(|pod| course(number(pod.object), pod.retry));
    let double = Kubernetes::builder()
        .scripted(script)
        .clock(Clock::Virtual)
        .start();
    let (url, api) = (double.url().to_owned(), Api::of(double));
    let begun = Instant::now();
    let ended = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));

    let seen = std::thread::scope(|scope| {
        let watch = |path: &'static str, note: fn(&mut Seen, &Value), ended: &Arc<AtomicUsize>| {
            let url = format!("{url}{path}?watch=1&labelSelector={LABEL}&resourceVersion=1");
            let ended = Arc::clone(ended);
            scope.spawn(move || {
                let mut seen = Seen::default();
                run(each_event(&url, |event| {
                    note(&mut seen, &event["object"]);
                    ended.store(seen.ended, Ordering::Relaxed);
                }));
                seen
            })
        };
        let jobs = watch(JOBS, Seen::job, &ended[0]);
        let pods = watch(PODS, Seen::pod, &ended[1]);
        run(each(0..MANY, async |number| {
            create(&api, number).await;
            resume(&api, number).await;
        }));
        println!("{MANY} Jobs resumed after {:?}", begun.elapsed());
        let threads: usize = told_of_process("Threads:").parse().unwrap();
        assert!(threads < 500, "{threads} threads for {MANY} Pods");
        for _ in 0..120 {
            api.double.advance(Duration::from_secs(1));
            api.double.settle();
        }
        // What was not read by then would be lost with the cut.
        let containers = (0..MANY).map(|number| expected(number).containers.len());
        let all = [MANY, containers.sum()];
        wait_for("both watches to tell of every end", || {
            let told = [0, 1].map(|kind: usize| ended[kind].load(Ordering::Relaxed));
            if told == all {
                Ok(())
            } else {
                Err((told, all))
            }
        });
        api.double.cut();
        Seen {
            jobs: jobs.join().unwrap().jobs,
            pods: pods.join().unwrap().pods,
            ended: MANY,
        }
    });

    for number in 0..MANY {
        assert_eq!(seen.end(number), Some(expected(number)), "Job a{number}");
    }
    let (elapsed, memory) = (begun.elapsed(), told_of_process("VmRSS:"));
    println!("{MANY} Jobs at their ends after {elapsed:?}, {memory} with the test itself");
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(future)
}
