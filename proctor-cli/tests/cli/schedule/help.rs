use crate::run::User;

/// The help of each command, as it is kept beside this file.
const PAGES: [(&[&str], &str); 5] = [
    (&["schedule"], include_str!("help/schedule.txt")),
    (&["schedule", "create"], include_str!("help/create.txt")),
    (&["schedule", "update"], include_str!("help/update.txt")),
    (&["schedule", "run"], include_str!("help/run.txt")),
    (&["schedule", "history"], include_str!("help/history.txt")),
];

#[tokio::test]
async fn the_help_is_what_is_kept_of_it() {
    let user = User::new();
    for (words, page) in PAGES {
        let help = user
            .run(&[words, &["--help"]].concat())
            .await
            .expect_code(0);
        let lines: Vec<&str> = help.stdout().lines().map(str::trim_end).collect();
        assert_eq!(lines.join("\n") + "\n", page, "{words:?}");
    }
}

#[tokio::test]
async fn without_a_word_the_help_is_shown() {
    let ended = User::new().run(&["schedule"]).await.expect_code(2);
    ended.expect_said("Usage: proctor schedule");
}
