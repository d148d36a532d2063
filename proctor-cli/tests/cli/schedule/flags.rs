use super::{NEEDED, user};

/// Flags that cannot be, and what is said to them.
const WRONG: [(&[&str], &str); 20] = [
    (
        &["-c", "61 * * * *"],
        "invalid value '61 * * * *' for '--cron <CRON>': minute: 61 is not between 0 and 59",
    ),
    (
        &["-c", "0 0 31 2 *"],
        "invalid value '0 0 31 2 *' for '--cron <CRON>': no year has such a day",
    ),
    (
        &["-c", "5 0 0 * * *"],
        "invalid value '5 0 0 * * *' for '--cron <CRON>': `5 0 0 * * *` has six fields",
    ),
    (
        &["--at", "soon"],
        "invalid value 'soon' for '--at <TIME>': not a time such as 2026-12-24T18:00:00Z",
    ),
    (
        &["--at", "2026-12-24T18:00"],
        "--at: `2026-12-24T18:00` has no offset",
    ),
    (
        &["--at", "2026-03-29T02:30", "--time-zone", "Europe/Berlin"],
        "--at: `2026-03-29T02:30` is a time that the clock of Europe/Berlin leaves out",
    ),
    (
        &["--at", "2026-12-24T18:00Z", "-c", "@daily"],
        "the argument '--at <TIME>' cannot be used with '--cron <CRON>'",
    ),
    (
        &[
            "--at",
            "2026-12-24T18:00Z",
            "--not-after",
            "2027-01-01T00:00Z",
        ],
        "the argument '--at <TIME>' cannot be used with '--not-after <TIME>'",
    ),
    (
        &["-c", "@daily", "--time-zone", "Europe/Bonn"],
        "invalid value 'Europe/Bonn' for '--time-zone <ZONE>': `Europe/Bonn` is not the name of a time zone",
    ),
    (
        &[
            "-c",
            "@daily",
            "--not-before",
            "2027-01-01T00:00Z",
            "--not-after",
            "2026-01-01T00:00Z",
        ],
        "--not-after: 2026-01-01T00:00:00Z is before 2027-01-01T00:00:00Z",
    ),
    (
        &["-c", "@daily", "--overlap", "queue"],
        "invalid value 'queue' for '--overlap <RULE>'",
    ),
    (
        &["-c", "@daily", "--misfire", "twice"],
        "invalid value 'twice' for '--misfire <RULE>'",
    ),
    (
        &["-c", "@daily", "--misfire-limit", "3"],
        "--misfire-limit: 3 means nothing unless --misfire is all",
    ),
    (
        &["-c", "@daily", "--misfire", "all", "--misfire-limit", "101"],
        "invalid value '101' for '--misfire-limit <N>': 101 is not in 1..=100",
    ),
    (
        &["-c", "@daily", "--misfire-after", "0"],
        "invalid value '0' for '--misfire-after <TIME>': a moment may be late by 1 s at least",
    ),
    (
        &["-c", "@daily", "--misfire-after", "late"],
        "invalid value 'late' for '--misfire-after <TIME>': not a time such as 10, 10s or 2m",
    ),
    (
        &["-c", "@daily", "--jitter", "-1"],
        "unexpected argument '-1' found",
    ),
    (
        &["-c", "@daily", "--notify-on", "success"],
        "invalid value 'success' for '--notify-on <ENDS>'",
    ),
    (&[], "<--cron <CRON>|--at <TIME>>"),
    (&["-c", "@daily", "DAY"], "DAY: not of the form ARG=VALUE"),
];

#[tokio::test]
async fn every_flag_is_checked_before_anything_is_sent() {
    let (user, stub) = user().await;

    for (flags, text) in WRONG {
        let words = [&["schedule", "report"], flags, &NEEDED[..]].concat();
        user.run(&words).await.expect_code(2).expect_said(text);
    }

    assert!(stub.requests().is_empty());
}

#[tokio::test]
async fn group_addresses_and_tags_are_needed_and_say_something() {
    let (user, stub) = user().await;
    let wrong = [
        (
            ["-g", " "],
            "invalid value ' ' for '--group <GROUP>': is empty",
        ),
        (["-T", ""], "invalid value '' for '--tags <TAGS>': is empty"),
        (
            ["-n", "ann@example.org,bob"],
            "invalid value 'ann@example.org,bob' for '--notify <EMAILS>': `bob` is no address",
        ),
    ];
    for (flag, text) in wrong {
        let others = NEEDED.chunks(2).filter(|other| other[0] != flag[0]);
        let others: Vec<&str> = others.flatten().copied().collect();
        let words = [&["schedule", "report", "-c", "@daily"], &others[..]].concat();

        let missing = user.run(&words).await.expect_code(2);
        missing.expect_said("the following required arguments were not provided");
        let wrong = user.run(&[&words[..], &flag].concat()).await.expect_code(2);
        wrong.expect_said(text);
    }
    assert!(stub.requests().is_empty());
}

#[tokio::test]
async fn an_id_is_a_number() {
    let (user, stub) = user().await;
    for command in [
        "describe", "update", "pause", "resume", "run", "next", "history", "remove",
    ] {
        let ended = user
            .run(&["schedule", command, "seven"])
            .await
            .expect_code(2);
        ended.expect_said("invalid value 'seven' for '<ID>': not the id of a schedule");
    }
    user.run(&["schedule", "next", "77", "--count", "101"])
        .await
        .expect_code(2);
    assert!(stub.requests().is_empty());
}
