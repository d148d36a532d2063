//! What becomes of those who ask when the plugin is not there: nobody is let in for that.

use std::fs;

use proctor_testkit::{Proctord, wait_for, wait_for_async};
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::site::{Proof, Site, authenticating, send};

/// The processes that a process has started and that run this command of proctord's.
fn plugin_hosts(parent: u32) -> Vec<Pid> {
    let tasks = fs::read_dir(format!("/proc/{parent}/task")).unwrap();
    let mut hosts = Vec::new();
    for task in tasks {
        let children = task.unwrap().path().join("children");
        let children = fs::read_to_string(children).unwrap_or_default();
        for child in children.split_whitespace() {
            let words = fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap_or_default();
            if words.split('\0').any(|word| word == "plugin-host") {
                hosts.push(Pid::from_raw(child.parse().unwrap()).unwrap());
            }
        }
    }
    hosts
}

#[tokio::test]
async fn without_its_plugin_the_service_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("nothing.so");
    fs::write(&nothing, "no library").unwrap();
    for (name, value) in [
        ("PROCTOR_AUTH_PLUGIN_BINARY", nothing.to_str().unwrap()),
        ("PROCTOR_AUTH_PLUGIN_BINARY", "/nowhere/auth.so"),
        ("PROCTOR_AUTH_PLUGIN_BINARY", ""),
        ("PROCTOR_AUTH_PLUGIN_EXPORTED", "Another"),
        ("TOKEN_PLUGIN_FILE", "/nowhere/users.toml"),
        ("PROCTOR_NOTIFICATION_PLUGIN_BINARY", "/nowhere/news.so"),
    ] {
        let builder = authenticating(Proctord::at(&folder.path().join("data")), folder.path());

        let (status, log) = builder.env(name, value).start_and_fail();

        assert!(!status.success(), "{name}={value}");
        let named = if value.is_empty() { name } else { value };
        assert!(log.contains(named), "{name}={value}: {log}");
    }
}

#[tokio::test]
async fn while_the_plugin_is_away_nobody_comes_in_and_then_everybody_again() {
    let site = Site::with(&[("PROCTOR_AUTH_CACHE_LIFETIME", "0")]);
    assert_eq!(site.get("all", "/whoami").await.status, 200);

    let host = wait_for("the plugin's process", || {
        plugin_hosts(site.proctord.pid())
            .pop()
            .ok_or("it is not there")
    });
    kill_process(host, Signal::KILL).unwrap();

    let seen = wait_for_async("somebody to be turned away", async || {
        // It is started again at once: whoever asks meanwhile is turned away, and never let in unproven.
        let nobody = site.request(Method::GET, "/whoami", Proof::Bearer("nobody"));
        let nobody = send(nobody).await;
        assert!(matches!(nobody.status, 401 | 503), "{nobody:?}");
        if nobody.status == 401 {
            for host in plugin_hosts(site.proctord.pid()) {
                kill_process(host, Signal::KILL).unwrap();
            }
            return Err(nobody);
        }
        Ok(nobody)
    })
    .await;
    assert!(!seen.body.contains("plugin-host"), "{seen:?}");

    wait_for_async("the plugin to be there again", async || {
        let answer = site.get("all", "/whoami").await;
        match answer.status {
            200 => Ok(()),
            _ => Err(answer),
        }
    })
    .await;
    let nobody = send(site.request(Method::GET, "/whoami", Proof::Bearer("nobody"))).await;
    assert_eq!(nobody.status, 401, "{nobody:?}");
}

#[tokio::test]
async fn a_plugin_that_is_gone_for_longer_is_told_by_the_probe() {
    let site = Site::with(&[("PROCTOR_AUTH_CACHE_LIFETIME", "0")]);
    assert_eq!(site.get("all", "/readyz").await.status, 200);

    // Without its file it cannot be made again.
    fs::remove_file(site.folder.path().join("users.toml")).unwrap();
    for host in plugin_hosts(site.proctord.pid()) {
        kill_process(host, Signal::KILL).unwrap();
    }

    wait_for_async("the probe to tell", async || {
        let answer = site.get("all", "/readyz").await;
        let told = answer
            .body
            .contains("plugin for authentication is not there");
        if answer.status == 503 && told {
            Ok(())
        } else {
            Err(answer)
        }
    })
    .await;
    let answer = site.ask("all", Method::GET, "/whoami", &json!({})).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.json()["type"], "/problems/unavailable", "{answer:?}");
}
