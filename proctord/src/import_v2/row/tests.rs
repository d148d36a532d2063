use jiff::Timestamp;
use proctor_api::Status;

use super::{Facts, Row, STATUSES};
use crate::domain::name::ExecutionName;
use crate::store::{Imported, ImportedLog};

const NAME: &str = "proctor-8ad2dbf8-7c6c-4b41-a7e6-0b8f1b8b4d4c";

fn whole() -> Row {
    Row {
        id: 1 << 62,
        job_name: Some("say-hello".into()),
        name: Some(NAME.into()),
        user_email: Some("ann@example.com".into()),
        image_tag: Some("hello:1".into()),
        args: Some("eyJXSE8iOiJ3b3JsZCJ9".into()),
        output: None,
        status: Some("FINISHED".into()),
        created_at: Some(1_570_075_258_083_798),
        updated_at: Some(1_570_075_267_500_000),
    }
}

fn imported(row: Row) -> Imported {
    let facts = Facts {
        groups: vec!["ops".into()],
        ..Facts::default()
    };
    row.into_imported(&facts, ImportedLog::default())
}

fn reason(row: Row) -> String {
    imported(row).legacy.reason.unwrap_or_default()
}

#[test]
fn a_whole_row_has_a_place_for_everything() {
    let imported = imported(whole());

    assert_eq!(imported.legacy.v2_id, 1 << 62);
    assert_eq!(imported.legacy.status, Status::Finished);
    assert_eq!(imported.legacy.reason, None);
    assert_eq!(imported.name.as_str(), NAME);
    assert_eq!(imported.proc_name.as_str(), "say-hello");
    assert_eq!(imported.user, "ann@example.com");
    assert_eq!(imported.plan.image, "hello:1");
    assert_eq!(imported.plan.args["WHO"], "world");
    assert_eq!(imported.plan.groups, ["ops"]);
    assert_eq!(
        imported.created_at.to_string(),
        "2019-10-03T04:00:58.083798Z"
    );
    assert_eq!(imported.updated_at.to_string(), "2019-10-03T04:01:07.5Z");
}

#[test]
fn every_status_of_version_2_is_kept_and_no_other() {
    for status in STATUSES {
        let row = Row {
            status: Some(status.as_str().into()),
            ..whole()
        };
        let imported = imported(row);
        assert_eq!(imported.legacy.status, status);
        assert_eq!(imported.legacy.reason, None);
    }
    for other in [Some("SUCCEEDED"), Some(""), Some("finished"), None] {
        let row = Row {
            status: other.map(ToOwned::to_owned),
            ..whole()
        };
        let imported = imported(row);
        assert_eq!(imported.legacy.status, Status::Lost);
        let reason = imported.legacy.reason.unwrap();
        assert!(
            reason.contains(&format!("{:?}", other.unwrap_or_default())),
            "{reason}"
        );
    }
}

#[test]
fn an_empty_row_is_an_execution_all_the_same() {
    let row = Row {
        id: 7,
        ..Row::default()
    };

    let imported = imported(row);

    assert_eq!(imported.proc_name.as_str(), "v2.");
    assert_eq!(imported.name, ExecutionName::of_v2(7));
    assert_eq!(imported.created_at, Timestamp::UNIX_EPOCH);
    let reason = imported.legacy.reason.unwrap();
    assert_eq!(reason.split("; ").count(), 3, "{reason}");
}

#[test]
fn what_has_no_place_is_told() {
    let odd = |change: fn(&mut Row)| {
        let mut row = whole();
        change(&mut row);
        row
    };
    let long = "x".repeat(255);

    let renamed = imported(odd(|row| row.job_name = Some("say hello/ü".into())));
    let cut = imported(odd(|row| row.job_name = Some("x".repeat(255))));

    assert_eq!(renamed.proc_name.as_str(), "v2.say-hello--");
    assert!(renamed.legacy.reason.unwrap().contains("\"say hello/ü\""));
    assert_eq!(cut.proc_name.as_str().len(), 128);
    assert!(cut.legacy.reason.unwrap().contains(&long));
    assert!(reason(odd(|row| row.name = Some("job-1".into()))).contains("\"job-1\""));
    assert!(reason(odd(|row| row.args = Some("{".into()))).contains("args"));
    assert!(reason(odd(|row| row.created_at = None)).contains("created"));
    assert!(reason(odd(|row| row.created_at = Some(i64::MAX))).contains("created"));
    assert_eq!(reason(odd(|row| row.name = None)), "");
    assert_eq!(reason(odd(|row| row.updated_at = None)), "");
}
