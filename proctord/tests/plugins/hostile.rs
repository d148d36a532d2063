//! Plugins that begin well and then misbehave: the call fails and names the plugin, and the next ones are answered.

use std::fs::rename;

use futures::future::join_all;
use proctor_testkit::wait_for_async;
use proctord::plugins::{Plugin, PluginError};
use tokio::join;

use crate::library::{Library, ask, failure, hosts_of};

/// It answers, or will soon.
async fn recovers(plugin: &Plugin) {
    wait_for_async("the plugin to answer again", async || {
        match ask(plugin, "right").await {
            Ok(Some(user)) if user.email == "c@example.org" => Ok(()),
            other => Err(other),
        }
    })
    .await;
}

/// It breaks down over this token, which is told like this, and comes back.
async fn breaks_down(plugin: &Plugin, token: &str, how: &str) {
    let error = failure(plugin, token).await;
    assert!(
        matches!(error, PluginError::Crashed { .. }),
        "{token}: {error}"
    );
    let told = error.to_string();
    assert!(
        told.contains("InC") && told.contains(how),
        "{token}: {told}"
    );
    recovers(plugin).await;
}

#[tokio::test]
async fn what_ends_its_process_is_told_and_it_comes_back() {
    let library = Library::in_c(&[]);
    for (token, how) in [
        ("segfault", "killed by signal 11"),
        ("deep", "killed by signal 6"),
        ("abort", "killed by signal 6"),
        ("free twice", "killed by signal 6"),
        ("exit", "ended with code 3"),
    ] {
        // Each has one of its own: with every end the next start comes later.
        breaks_down(&library.start().await, token, how).await;
    }
}

#[tokio::test]
async fn one_that_breaks_down_again_and_again_comes_back_each_time() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;

    for restarts in 1..=3 {
        breaks_down(&plugin, "abort", "killed by signal 6").await;
        assert_eq!(plugin.restarts(), restarts);
        assert!(!plugin.is_away());
    }
}

#[tokio::test]
async fn a_panic_that_nobody_catches_ends_its_process() {
    let library = Library::panicking();
    let plugin = library.start().await;

    let told = failure(&plugin, "right").await.to_string();

    assert!(
        told.contains("the plugin Panics broke down") && told.contains("killed by signal 6"),
        "{told}"
    );
    wait_for_async("the plugin to be there again", async || {
        if plugin.restarts() > 0 {
            Ok(())
        } else {
            Err(plugin.is_away())
        }
    })
    .await;
}

#[tokio::test]
async fn what_hangs_is_ended_and_it_comes_back() {
    let library = Library::in_c(&[]);
    for token in ["hang", "freeze"] {
        let plugin = library.start().await;

        let error = failure(&plugin, token).await;

        assert!(matches!(error, PluginError::TimedOut { .. }), "{error}");
        assert!(error.to_string().contains("InC"), "{error}");
        recovers(&plugin).await;
    }
}

/// One that has much to do is not one that hangs.
#[tokio::test]
async fn a_crowd_that_waits_too_long_costs_nobody_else_the_plugin() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;

    // More than it gets done in two deadlines, the one of waiting and that of a call.
    let crowd = (0..400).map(|_| ask(&plugin, "nap"));
    let answers = join_all(crowd).await;

    let answered = answers.iter().filter(|answer| answer.is_ok()).count();
    let turned_away = answers
        .iter()
        .filter(|answer| matches!(answer, Err(PluginError::Busy { .. })))
        .count();
    assert!(answered > 0 && turned_away > 0, "{answered} {turned_away}");
    assert_eq!(plugin.restarts(), 0);
    recovers(&plugin).await;
    assert_eq!(plugin.restarts(), 0);
}

#[tokio::test]
async fn a_call_that_hangs_ends_the_process_only_when_it_answers_no_others() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;
    let others = async {
        loop {
            assert!(ask(&plugin, "right").await.unwrap().is_some());
            tokio::task::yield_now().await;
        }
    };

    let hung = tokio::select! {
        hung = ask(&plugin, "hang") => hung,
        () = others => unreachable!(),
    };

    assert!(
        matches!(hung, Err(PluginError::TimedOut { .. })),
        "{hung:?}"
    );
    assert!(ask(&plugin, "right").await.unwrap().is_some());
    assert_eq!(plugin.restarts(), 0);
    wait_for_async("its process to be ended", async || {
        match plugin.restarts() {
            0 => Err(plugin.is_away()),
            _ => Ok(()),
        }
    })
    .await;
}

#[tokio::test]
async fn one_that_takes_nothing_holds_nobody_up() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;
    // More than fits into the socket.
    let long = "x".repeat(600 * 1024);

    let (frozen, first, second) = join!(
        ask(&plugin, "freeze"),
        ask(&plugin, &long),
        ask(&plugin, &long)
    );

    for answer in [frozen, first, second] {
        // The last one may have been waiting for its turn when the process was given up.
        let error = answer.unwrap_err();
        assert!(
            matches!(
                error,
                PluginError::TimedOut { .. } | PluginError::Away { .. }
            ),
            "{error}"
        );
    }
    recovers(&plugin).await;
}

#[tokio::test]
async fn answers_that_mean_nothing_are_refused_and_it_goes_on() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;

    for (token, what) in [
        ("garbage", "no JSON"),
        ("other json", "means nothing"),
        ("not utf-8", "no UTF-8"),
        ("nothing", "no JSON"),
        ("1 MB", "means nothing"),
        ("100 MB", "104857600 bytes"),
        ("unknown code", "whatever this is"),
        ("fail", "the directory is away"),
    ] {
        let told = failure(&plugin, token).await.to_string();

        assert!(
            told.contains("InC") && told.contains(what),
            "{token}: {told}"
        );
        assert!(ask(&plugin, "right").await.unwrap().is_some(), "{token}");
    }
    let no_method = plugin.call::<_, ()>("lookup", &()).await.unwrap_err();
    assert!(
        no_method.to_string().contains("no method lookup"),
        "{no_method}"
    );
    assert_eq!(plugin.restarts(), 0);
}

#[tokio::test]
async fn what_is_told_of_a_failure_is_bounded() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;

    let told = failure(&plugin, "long failure").await.to_string();

    assert!(told.len() < 3000 && told.ends_with('…'), "{}", told.len());
}

#[tokio::test]
async fn a_request_that_is_too_long_is_not_sent() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;

    let error = failure(&plugin, &"x".repeat(1024 * 1024)).await;

    assert!(matches!(error, PluginError::TooLong { .. }), "{error}");
    assert!(ask(&plugin, "right").await.unwrap().is_some());
    assert_eq!(plugin.restarts(), 0);
}

#[tokio::test]
async fn one_that_closes_what_is_not_its_own_or_writes_to_it_is_ended() {
    let library = Library::in_c(&[]);
    for token in ["close", "scribble"] {
        let plugin = library.start().await;

        let error = failure(&plugin, token).await;

        assert!(error.to_string().contains("InC"), "{error}");
        recovers(&plugin).await;
    }
}

#[tokio::test]
async fn what_it_prints_and_reads_does_not_mix_with_what_is_said() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;

    assert!(ask(&plugin, "print").await.unwrap().is_some());
    assert!(ask(&plugin, "right").await.unwrap().is_some());
}

#[tokio::test]
async fn its_memory_has_an_end() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;

    let told = failure(&plugin, "memory").await.to_string();

    assert!(told.contains("there is no more memory"), "{told}");
}

#[tokio::test]
async fn calls_do_not_wait_for_each_other() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;

    let (hung, answered) = join!(ask(&plugin, "hang"), ask(&plugin, "right"));

    assert!(
        matches!(hung, Err(PluginError::TimedOut { .. })),
        "{hung:?}"
    );
    assert!(answered.unwrap().is_some());
}

#[tokio::test]
async fn while_it_is_away_calls_are_refused_at_once_and_then_answered_again() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;
    let elsewhere = library.file.with_extension("elsewhere");
    rename(&library.file, &elsewhere).unwrap();

    let crashed = failure(&plugin, "abort").await;
    let away = failure(&plugin, "right").await;

    assert!(matches!(crashed, PluginError::Crashed { .. }), "{crashed}");
    assert!(matches!(away, PluginError::Away { .. }), "{away}");
    assert!(away.to_string().contains("InC"), "{away}");
    assert!(plugin.is_away());
    rename(&elsewhere, &library.file).unwrap();
    recovers(&plugin).await;
    assert!(!plugin.is_away());
}

#[tokio::test]
async fn its_process_ends_with_the_last_who_could_call_it() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;
    let other = plugin.clone();
    drop(plugin);

    assert!(ask(&other, "right").await.unwrap().is_some());
    assert_eq!(hosts_of(&library.file).len(), 1);
    drop(other);

    wait_for_async("the process to end", async || {
        let hosts = hosts_of(&library.file);
        if hosts.is_empty() { Ok(()) } else { Err(hosts) }
    })
    .await;
}
