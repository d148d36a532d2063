//! One proctord of several, with ways of its own to everything that it needs, so that each way can fail by itself.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use proctor_testkit::kubernetes::Kubernetes;
use proctor_testkit::{Proctord, ProctordBuilder, Proxy, SmallDisk, Way, postgres, redis};
use rustix::process::Signal;

use super::NAMESPACE;
use super::clock::Clock;
use crate::plan::{Dependency, WITH_A_CLOCK_OF_ITS_OWN, WITH_A_SMALL_DISK};

/// Enough for what is spilled of many logs, and soon full.
const SMALL_MEBIBYTES: u32 = 16;

pub struct Replica {
    builder: ProctordBuilder,
    postgres: Proxy,
    redis: Proxy,
    cluster: Proxy,
    process: Mutex<Option<Proctord>>,
    /// Where its data folder is, if that can be filled.
    disk: Option<SmallDisk>,
    /// By which it goes, if that is not everybody's.
    clock: Option<Clock>,
}

impl Replica {
    pub fn new(
        number: usize,
        folder: &Path,
        postgres: &postgres::Server,
        redis: &redis::Server,
        double: &Kubernetes,
    ) -> Self {
        let to_postgres = Proxy::to(postgres.port());
        let to_redis = Proxy::to(redis.port());
        let to_cluster = Proxy::to(port_of(double.url()));
        let database = postgres.url().replace(
            &format!(":{}/", postgres.port()),
            &format!(":{}/", to_postgres.port()),
        );
        let kubeconfig = kubeconfig(number, folder, double, to_cluster.port());
        let data = folder.join(format!("replica-{number}"));
        let disk = (number == WITH_A_SMALL_DISK).then(|| SmallDisk::mount(SMALL_MEBIBYTES));
        let disk = disk.flatten();
        if let Some(disk) = &disk {
            // What it logs stays beside it.
            symlink(disk.path(), &data).unwrap();
        }
        let clock = (number == WITH_A_CLOCK_OF_ITS_OWN).then(|| Clock::of_its_own(folder));
        let clock = clock.flatten();
        let builder = Proctord::production_at(&data)
            .env("PROCTOR_DATABASE_URL", &database)
            .env("PROCTOR_POSTGRES_MAX_CONNECTIONS", "10")
            .env("PROCTOR_POSTGRES_PATIENCE", "2s")
            .env(
                "PROCTOR_REDIS_ADDRESS",
                &format!("127.0.0.1:{}", to_redis.port()),
            )
            .env("PROCTOR_REDIS_PASSWORD", redis.password().unwrap())
            .env("PROCTOR_REDIS_PATIENCE", "2s")
            .env("PROCTOR_RUNNER", "kubernetes")
            .env("PROCTOR_KUBE_CONFIG", kubeconfig.to_str().unwrap())
            .env("PROCTOR_KUBE_JOB_KEEP", "1s")
            .env("PROCTOR_LEASE_LIFETIME", "2s");
        let builder = match &clock {
            Some(clock) => clock.given_to(builder),
            None => builder,
        };
        Self {
            builder,
            postgres: to_postgres,
            redis: to_redis,
            cluster: to_cluster,
            process: Mutex::new(None),
            disk,
            clock,
        }
    }

    pub fn migrate(&self) {
        let ran = self.builder.run(&["migrate"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }

    /// Starts it unless it runs, with a fail point or without.
    pub fn start(&self, armed: Option<&str>) {
        let mut process = self.process();
        if process.as_mut().is_some_and(Proctord::is_alive) {
            return;
        }
        let builder = match armed {
            Some(point) => self.builder.clone().env("PROCTOR_FAIL_POINTS", point),
            None => self.builder.clone(),
        };
        if let Some(dead) = process.take() {
            dead.kill();
        }
        match builder.try_start() {
            Ok(started) => *process = Some(started),
            Err((status, log)) => panic!("a replica ended with {status} at its start: {log}"),
        }
    }

    pub fn kill(&self) {
        if let Some(process) = self.process().take() {
            process.kill();
        }
    }

    /// Stops it where it stands.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        if let Some(process) = self.process().as_mut()
            && process.is_alive()
        {
            process.signal(signal);
        }
    }

    pub fn set(&self, dependency: Dependency, way: Way) {
        let proxy = match dependency {
            Dependency::Postgres => &self.postgres,
            Dependency::Redis => &self.redis,
            Dependency::Cluster => &self.cluster,
        };
        proxy.set(way);
    }

    /// Takes all the room of its data folder, if that can be done.
    pub fn fill_disk(&self) {
        if let Some(disk) = &self.disk {
            disk.fill();
        }
    }

    /// Gives it back.
    pub fn make_room(&self) {
        if let Some(disk) = &self.disk {
            disk.make_room();
        }
    }

    /// Has its clock be so many seconds off, if that can be done.
    pub fn set_clock(&self, seconds: i64) {
        if let Some(clock) = &self.clock {
            clock.set(seconds);
        }
    }

    /// Every way is open, and it runs. One that lives is to recover by itself.
    pub fn heal(&self) {
        for proxy in [&self.postgres, &self.redis, &self.cluster] {
            proxy.set(Way::Open);
        }
        self.tend();
    }

    /// Has it run again if it has crashed or frozen itself at a fail point.
    pub fn tend(&self) {
        self.thaw();
        self.start(None);
    }

    /// Where it can be asked, if it runs as far as anybody knows.
    pub fn address(&self) -> Option<String> {
        // Whoever starts it holds it; it cannot be asked meanwhile.
        let process = self.process.try_lock().ok()?;
        process.as_ref().map(|process| process.address().to_owned())
    }

    fn process(&self) -> MutexGuard<'_, Option<Proctord>> {
        self.process.lock().unwrap()
    }
}

/// As that of the double, but by way of this port.
fn kubeconfig(number: usize, folder: &Path, double: &Kubernetes, port: u16) -> PathBuf {
    let direct = format!(":{}", port_of(double.url()));
    let url = double.url().replace(&direct, &format!(":{port}"));
    let text = double.kubeconfig_text(NAMESPACE);
    let path = folder.join(format!("kubeconfig-{number}"));
    fs::write(&path, text.replace(double.url(), &url)).unwrap();
    path
}

fn port_of(url: &str) -> u16 {
    let (_, port) = url.rsplit_once(':').unwrap();
    port.parse().unwrap()
}
