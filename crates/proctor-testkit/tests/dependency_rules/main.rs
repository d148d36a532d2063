//! The rules that hold this workspace together: who may depend on whom, what is banned, which licences are
//! taken, and the few habits of the house that a machine can check. A broken rule names what breaks it. Each
//! rule also has a test that shows it broken by something made up.

mod bans;
mod house;
mod layers;
mod licences;
mod made_up;
mod modules;
mod sources;
mod workspace;

use workspace::Workspace;

/// Fails with every offender, so that one run tells all.
fn assert_none(rule: &str, offenders: &[String]) {
    assert!(
        offenders.is_empty(),
        "{rule}:\n- {}",
        offenders.join("\n- ")
    );
}

#[test]
fn crates_depend_only_on_those_below_them() {
    assert_none(
        "who may depend on whom (layers.rs)",
        &layers::offenders(Workspace::this()),
    );
}

#[test]
fn modules_of_proctord_use_only_those_below_them() {
    let root = Workspace::this().root();
    assert_none(
        "which module of proctord may use which (modules.rs)",
        &modules::offenders(&root.join("proctord/src")),
    );
}

#[test]
fn nothing_banned_is_in_the_graph() {
    assert_none(
        "banned crates (bans.rs)",
        &bans::offenders(Workspace::this()),
    );
}

#[test]
fn every_licence_is_one_that_we_take() {
    assert_none(
        "licences (licences.rs)",
        &licences::offenders(Workspace::this(), licences::EXCEPTIONS),
    );
}

#[test]
fn everything_comes_from_the_registry_or_from_here() {
    assert_none(
        "where crates come from (sources.rs)",
        &sources::offenders(Workspace::this()),
    );
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    assert_none(
        "lints (house.rs)",
        &house::without_lints(&Workspace::this().manifests()),
    );
}

#[test]
fn no_file_is_too_long_and_every_module_says_what_it_is() {
    assert_none(
        "files (house.rs)",
        &house::unkempt_files(&Workspace::this().folders()),
    );
}
