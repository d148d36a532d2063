use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{Config, Examined, Layers, Origin, Purpose, Reader};
use crate::catalog::redis::RedisTarget;
use crate::runner::kubernetes::Access;

mod access;
mod outgoing;

const KEY: &str = "first:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn examine(pairs: &[(&str, &str)], purpose: Purpose) -> Examined {
    Config::examine(Layers::environment(variables(pairs)), purpose)
}

fn load(pairs: &[(&str, &str)]) -> Config {
    examine(pairs, Purpose::Dev).loaded().unwrap().config
}

/// With this config file in the folder.
fn examine_file(text: &str, pairs: &[(&str, &str)], purpose: Purpose) -> Examined {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.yaml"), text).unwrap();
    let mut examined = Config::examine(Layers::of(variables(pairs), folder.path()), purpose);
    let place = format!("{}/", folder.path().display());
    for text in examined.mistakes.iter_mut().chain(&mut examined.warnings) {
        *text = text.replace(&place, "");
    }
    examined
}

fn value(examined: &Examined, name: &str) -> String {
    let setting = examined
        .settings
        .iter()
        .find(|setting| setting.name == name);
    setting.unwrap().value.clone()
}

#[test]
fn nothing_set_is_a_configuration_for_dev() {
    let config = load(&[("PATH", "/bin"), ("PROCTOR_APP_PORT", "")]);

    assert_eq!(config.http.address().to_string(), "127.0.0.1:5001");
    assert_eq!(config.execution.launch_wait, Duration::from_secs(1));
    assert_eq!(config.execution.max_concurrent, None);
    assert!(config.postgres.is_none() && config.redis.is_none());
}

#[test]
fn values_are_read_in_their_units() {
    let config = load(&[
        ("PROCTOR_APP_PORT", "0"),
        ("PROCTOR_ALLOWED_HOSTS", "a.example, b.example:80,"),
        ("PROCTOR_LAUNCH_WAIT", "250ms"),
        ("PROCTOR_STOP_GRACE", "30"),
        ("PROCTOR_LOG_LEVEL", "WARNING"),
        ("PROCTOR_LOG_LIMIT", "10MiB"),
        ("PROCTOR_DATABASE_URL", "postgres://ann@db/proctor"),
        ("PROCTOR_POSTGRES_CONNECTIONS_MAX_LIFETIME", "30"),
        ("PROCTOR_POSTGRES_MAX_CONNECTIONS", "0"),
        ("PROCTOR_POSTGRES_PATIENCE", "3s"),
    ]);

    assert_eq!(config.http.port, 0);
    assert_eq!(config.http.allowed_hosts, ["a.example", "b.example:80"]);
    assert_eq!(config.execution.launch_wait, Duration::from_millis(250));
    assert_eq!(config.execution.stop_grace, Duration::from_secs(30));
    assert_eq!(config.log.level, "warn");
    assert_eq!(config.log.limit_bytes, 10 << 20);
    let postgres = config.postgres.unwrap();
    assert_eq!(postgres.max_lifetime, Some(Duration::from_secs(30 * 60)));
    assert_eq!(postgres.max_connections.get(), 20);
    assert_eq!(postgres.patience, Duration::from_secs(3));
}

#[test]
fn every_mistake_is_told_at_once() {
    let examined = examine_file(
        "launch:\n  wait: soon\n\nstop.grace: -1s\n",
        &[
            ("PROCTOR_APP_PORT", "70000"),
            ("PROCTOR_LOG_LEVEL", "chatty"),
            ("PROCTOR_LOG_LIMIT", "99999999999GiB"),
            ("PROCTOR_MIN_CLIENT_VERSION", "newest"),
            ("PROCTOR_MAX_CONNECTIONS", "0"),
            ("PROCTOR_REDIS_ADDRESS", "nowhere"),
            ("PROCTOR_POSTGRES_HOST", "db"),
            ("PROCTOR_RUNNER", "agent"),
            ("PROCTOR_KUBE_CONFIG", "/nowhere/kubeconfig"),
            ("PROCTOR_DEFAULT_NAMESPACE", "Procs"),
            ("PROCTOR_JOB_POD_ANNOTATIONS", "{\"team\": 1}"),
            ("PROCTOR_KUBE_SERVICE_ACCOUNT_NAME", "Nobody"),
        ],
        Purpose::Start,
    );

    let error = examined.loaded().unwrap_err();
    for part in [
        "PROCTOR_APP_PORT must be",
        "PROCTOR_LOG_LEVEL must be",
        "PROCTOR_LOG_LIMIT must be",
        "PROCTOR_MIN_CLIENT_VERSION must be",
        "PROCTOR_MAX_CONNECTIONS must be",
        "PROCTOR_REDIS_ADDRESS must be a host with a port",
        "PROCTOR_POSTGRES_USER and PROCTOR_POSTGRES_DATABASE are not set",
        "config.yaml:2: launch.wait (PROCTOR_LAUNCH_WAIT) must be a duration",
        "config.yaml:4: stop.grace (PROCTOR_STOP_GRACE) must be a duration",
        "proctord secrets new-key",
        "PROCTOR_RUNNER: the runner agent is not in this version; set it to kubernetes or local",
        "/nowhere/kubeconfig cannot be read",
        "PROCTOR_DEFAULT_NAMESPACE must be the name of a namespace",
        "PROCTOR_JOB_POD_ANNOTATIONS must be a JSON object of texts",
        "PROCTOR_KUBE_SERVICE_ACCOUNT_NAME must be a name as Kubernetes has them",
    ] {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
    assert_eq!(error.mistakes.len(), 15, "{error}");
}

#[test]
fn annotations_that_no_job_could_bear_stop_the_start() {
    let annotations = r#"{"a b": "x", "proctor.dev/stage": "ended", "Example.org/team": "fine"}"#;
    let settings = [("PROCTOR_JOB_POD_ANNOTATIONS", annotations)];

    let error = examine_file("", &settings, Purpose::Dev)
        .loaded()
        .unwrap_err();

    let told = error.to_string();
    assert_eq!(error.mistakes.len(), 2, "{told}");
    assert!(
        told.contains(r#"the key "a b" must be 1 to 63 letters"#),
        "{told}"
    );
    assert!(
        told.contains(r#"the key "proctor.dev/stage" is Proctor's own"#),
        "{told}"
    );
}

#[test]
fn the_environment_stands_over_the_file_and_the_file_over_defaults() {
    let file =
        "app:\n  port: 6001\nredis.address: cache:6379\nREDIS:\n  Database: 3\nlog.level: debug\n";
    let examined = examine_file(
        file,
        &[
            ("PROCTOR_REDIS_ADDRESS", "other:6380"),
            ("PROCTOR_LOG_LEVEL", ""),
        ],
        Purpose::Dev,
    );

    assert_eq!(examined.warnings, Vec::<String>::new());
    let origin = |name| {
        let setting = examined
            .settings
            .iter()
            .find(|setting| setting.name == name);
        setting.unwrap().origin.clone()
    };
    assert_eq!(origin("PROCTOR_REDIS_ADDRESS"), Origin::Environment);
    assert!(matches!(
        origin("PROCTOR_APP_PORT"),
        Origin::File { line: 2, .. }
    ));
    assert_eq!(origin("PROCTOR_STOP_GRACE"), Origin::Default);
    assert_eq!(value(&examined, "PROCTOR_STOP_GRACE"), "10s");
    let config = examined.loaded().unwrap().config;
    assert_eq!(
        (config.http.port, config.log.level.as_str()),
        (6001, "debug")
    );
    let redis = config.redis.unwrap();
    assert_eq!(redis.database, 3);
    assert!(matches!(redis.target, RedisTarget::Server(at) if at.host == "other"));
}

#[test]
fn the_first_file_that_there_is_counts() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let write = |place: &Path, port: u16| {
        fs::create_dir_all(place).unwrap();
        fs::write(place.join("config.yaml"), format!("app.port: {port}")).unwrap();
    };
    let (home, told) = (at("home"), at("told"));
    let environment = variables(&[
        ("HOME", home.to_str().unwrap()),
        ("CONFIG_LOCATION", told.to_str().unwrap()),
    ]);
    let port = || {
        let layers = Layers::of(environment.clone(), &at("here"));
        Config::examine(layers, Purpose::Dev)
            .loaded()
            .unwrap()
            .config
            .http
            .port
    };

    assert_eq!(port(), 5001);
    write(&told, 3);
    assert_eq!(port(), 3);
    write(&home.join(".proctor"), 2);
    assert_eq!(port(), 2);
    write(&at("here"), 1);
    assert_eq!(port(), 1);
}

#[test]
fn a_file_that_cannot_be_understood_is_told_with_its_line() {
    for (text, told) in [
        ("app:\n  port: [\n", "config.yaml:2:9: unclosed bracket '['"),
        ("- app\n", "config.yaml must be a map"),
        (
            "app.port: 1\napp:\n  port: 2\n",
            "config.yaml:3: app.port says again what app.port says in line 1",
        ),
        (
            "app.port: 1\nAPP.PORT: 2\n",
            "config.yaml:2: APP.PORT says again",
        ),
        (
            "a:\n- [b]\n",
            "config.yaml:1: a must be a value or a list of values",
        ),
    ] {
        let mistakes = examine_file(text, &[], Purpose::Dev).mistakes;
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert!(mistakes[0].starts_with(told), "{told}: {mistakes:?}");
        assert!(!mistakes[0].contains(" at line "), "{mistakes:?}");
        let file = examine_file(text, &[], Purpose::Dev).file;
        assert!(file.unwrap().ends_with("config.yaml"), "{text}");
    }
    for empty in ["", "# nothing\n", "app:\n"] {
        assert_eq!(
            examine_file(empty, &[], Purpose::Dev).mistakes,
            Vec::<String>::new()
        );
    }
}

#[test]
fn unknown_names_are_one_warning_and_service_links_count_as_unset() {
    let examined = examine_file(
        "app.prot: 2\n",
        &[
            ("PROCTOR_COLOUR", "red"),
            ("PROCTOR_APP_PORT", "tcp://10.0.0.1:5001"),
        ],
        Purpose::Dev,
    );

    assert_eq!(examined.warnings.len(), 2, "{:?}", examined.warnings);
    assert!(
        examined.warnings[1].ends_with("PROCTOR_COLOUR, app.prot (config.yaml:1)"),
        "{:?}",
        examined.warnings
    );
    assert_eq!(examined.loaded().unwrap().config.http.port, 5001);
}

#[test]
fn an_environment_of_version_2_is_taken_with_one_warning() {
    let mut pairs = vec![
        ("PROCTOR_POSTGRES_USER", "proctor"),
        ("PROCTOR_POSTGRES_PASSWORD", "hunter2"),
        ("PROCTOR_POSTGRES_HOST", "db"),
        ("PROCTOR_POSTGRES_PORT", "0"),
        ("PROCTOR_POSTGRES_DATABASE", "proctord"),
        ("PROCTOR_POSTGRES_MAX_CONNECTIONS", "50"),
        ("PROCTOR_POSTGRES_CONNECTIONS_MAX_LIFETIME", "0"),
        ("PROCTOR_REDIS_ADDRESS", "cache:6379"),
        ("PROCTOR_REDIS_MAX_ACTIVE_CONNECTIONS", "0"),
        ("PROCTOR_LOG_LEVEL", "DEBUG"),
        ("PROCTOR_AUTH_ENABLED", "false"),
        ("PROCTOR_AUTH_PLUGIN_BINARY", "/plugins/auth.so"),
        ("PROCTOR_AUTH_PLUGIN_EXPORTED", "GateAuth"),
        ("PROCTOR_AUTH_REQUIRED_ADMIN_GROUP", "proctor.admin"),
        ("PROCTOR_SECRET_KEYS", KEY),
        ("PROCTOR_KUBE_CONFIG", "in-cluster"),
        ("PROCTOR_KUBE_CONTEXT", "default"),
        ("PROCTOR_DEFAULT_NAMESPACE", "default"),
        ("PROCTOR_KUBE_JOB_ACTIVE_DEADLINE_SECONDS", "60"),
        ("PROCTOR_KUBE_JOB_RETRIES", "0"),
        ("PROCTOR_KUBE_SERVICE_ACCOUNT_NAME", "default"),
        ("PROCTOR_JOB_POD_ANNOTATIONS", "{\"key.one\": \"true\"}"),
    ];
    pairs.extend(super::v2::UNUSED.map(|name| (name, "1")));

    let loaded = examine(&pairs, Purpose::Start).loaded().unwrap();

    assert_eq!(loaded.warnings.len(), 1, "{:?}", loaded.warnings);
    assert!(loaded.warnings[0].contains("PROCTOR_KUBE_POD_LIST_WAIT_TIME"));
    let kubernetes = loaded.config.kubernetes;
    assert_eq!(kubernetes.defaults.deadline_seconds, Some(60));
    let settings = kubernetes.settings(Duration::from_secs(10), "/spill".into());
    assert_eq!(settings.access, Access::InCluster);
    assert_eq!(settings.annotations["key.one"], "true");
    let postgres = loaded.config.postgres.unwrap();
    assert_eq!(postgres.max_lifetime, None);
    let options = postgres.options();
    assert_eq!((options.get_host(), options.get_port()), ("db", 5432));
}

#[test]
fn a_url_stands_over_parts_and_takes_the_password_that_it_lacks() {
    let named = |url| {
        examine(
            &[
                ("PROCTOR_DATABASE_URL", url),
                ("PROCTOR_POSTGRES_HOST", "other"),
                ("PROCTOR_POSTGRES_PASSWORD", "canary-outside"),
                ("PROCTOR_POSTGRES_TLS", "verify-full"),
            ],
            Purpose::Migrate,
        )
    };
    let (with, without) = (
        named("postgres://ann:canary-inside@db:5433/proctor"),
        named("postgres://ann@db:5433/proctor"),
    );

    assert_eq!(
        value(&with, "PROCTOR_DATABASE_URL"),
        "postgres://ann:<hidden>@db:5433/proctor"
    );
    assert!(with.warnings[0].contains("PROCTOR_DATABASE_URL stands, not PROCTOR_POSTGRES_HOST"));
    for (examined, password) in [(with, "canary-inside"), (without, "canary-outside")] {
        let postgres = examined.loaded().unwrap().config.postgres.unwrap();
        assert!(!format!("{postgres:?}").contains("canary"), "{postgres:?}");
        let options = postgres.options();
        assert_eq!((options.get_host(), options.get_port()), ("db", 5433));
        let shown = format!("{options:?}");
        assert!(
            shown.contains(password) && shown.contains("VerifyFull"),
            "{shown}"
        );
    }
}

#[test]
fn what_is_secret_is_in_no_mistake_setting_or_debug_text() {
    let examined = examine(
        &[
            ("PROCTOR_DATABASE_URL", "mysql://ann:canary-1@db/proctor"),
            ("PROCTOR_POSTGRES_PASSWORD", "canary-2"),
            ("PROCTOR_REDIS_ADDRESS", "cache:6379"),
            ("PROCTOR_REDIS_PASSWORD", "canary-3"),
            ("PROCTOR_REDIS_SENTINEL_PASSWORD", "canary-4"),
            ("PROCTOR_SECRET_KEYS", "first:canary-5"),
        ],
        Purpose::Start,
    );

    assert_eq!(examined.mistakes.len(), 2, "{:?}", examined.mistakes);
    let shown = format!("{examined:?}");
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn keys_come_from_a_variable_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    let path = file.to_str().unwrap();
    let examined = |pairs: &[(&str, &str)]| {
        let mistakes = examine(pairs, Purpose::Dev).mistakes;
        mistakes.join("; ")
    };

    assert!(examined(&[("PROCTOR_SECRET_KEYS_FILE", path)]).contains("cannot be read"));
    fs::write(&file, format!("{KEY}\n")).unwrap();
    let both = [
        ("PROCTOR_SECRET_KEYS_FILE", path),
        ("PROCTOR_SECRET_KEYS", KEY),
    ];
    assert!(examined(&both).contains("must not be set both"));
    for one in both {
        let keys = load(&[one]).secrets.unwrap().keys().unwrap();
        assert_eq!(format!("{keys:?}"), r#"["first"]"#);
    }
}

#[test]
fn sentinels_need_the_name_that_they_watch() {
    let sentinels = ("PROCTOR_REDIS_SENTINELS", "a:26379, [::1]:26380");
    let mistakes = examine(&[sentinels], Purpose::Dev).mistakes;
    assert!(
        mistakes[0].contains("PROCTOR_REDIS_SENTINEL_MASTER"),
        "{mistakes:?}"
    );

    let redis = load(&[sentinels, ("PROCTOR_REDIS_SENTINEL_MASTER", "main")])
        .redis
        .unwrap();

    let RedisTarget::Sentinels { sentinels, .. } = redis.target else {
        panic!("{redis:?}");
    };
    assert_eq!(
        (sentinels[1].host.as_str(), sentinels[1].port),
        ("::1", 26380)
    );
}

#[test]
fn the_sample_file_names_exactly_the_variables_that_are_read() {
    let sample = include_str!("../../../.env.sample");
    let named: BTreeMap<_, _> = sample
        .lines()
        .map(|line| line.trim_start_matches("# "))
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| name.starts_with("PROCTOR_"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let as_sampled = Config::examine(Layers::environment(named.clone()), Purpose::Dev);
    let untouched = examine(&[], Purpose::Dev);

    assert_eq!(as_sampled.warnings, Vec::<String>::new());
    assert_eq!(as_sampled.mistakes, Vec::<String>::new());
    assert_eq!(
        format!("{:?}", as_sampled.config),
        format!("{:?}", untouched.config)
    );
    let mut reader = Reader::new(Layers::default());
    Config::read(&mut reader);
    for name in reader.read_names() {
        assert!(named.contains_key(name), "{name} is not in .env.sample");
    }
}

#[test]
fn a_kubeconfig_is_the_user_s_own_or_the_one_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, "").unwrap();
    let access = |config, context| {
        let pairs = [
            ("PROCTOR_KUBE_CONFIG", config),
            ("PROCTOR_KUBE_CONTEXT", context),
        ];
        let loaded = examine(&pairs, Purpose::Dev).loaded().unwrap();
        let kubernetes = loaded.config.kubernetes;
        kubernetes.settings(Duration::ZERO, "/spill".into()).access
    };

    let own = access("out-of-cluster", "default");
    let named = access(file.to_str().unwrap(), "staging");

    let (path, context) = (None, None);
    assert_eq!(own, Access::Kubeconfig { path, context });
    let (path, context) = (Some(file.clone()), Some("staging".to_owned()));
    assert_eq!(named, Access::Kubeconfig { path, context });
}

#[test]
fn history_is_kept_for_a_day_at_least_or_for_ever() {
    let keep = |text| load(&[("PROCTOR_HISTORY_RETENTION", text)]).history.keep;

    let days = |days: i64| Some(jiff::SignedDuration::from_hours(24 * days));
    assert_eq!(keep(""), days(90));
    assert_eq!(keep("24h"), days(1));
    assert_eq!(keep("0"), None);
    let short = examine(&[("PROCTOR_HISTORY_RETENTION", "23h")], Purpose::Dev);
    assert_eq!(
        short.mistakes,
        ["PROCTOR_HISTORY_RETENTION must be at least 24h, or 0 to keep everything"]
    );
}
