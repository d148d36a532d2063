use super::{MailPayload, of};
use crate::deliveries::log_end::LastLines;

fn payload() -> MailPayload {
    let text = r#"{"execution":{"id":77,"job_name":"backup","name":"proctor-1","image_tag":"i:1",
        "created_at":"2026-11-20T12:00:00Z","updated_at":"2026-11-20T12:01:03Z","status":"FAILED",
        "user_email":"worker@proctor","args":{"A":"1","B":"<b>\r\nBcc: x@example.com"},"exit_code":3,
        "started_at":"2026-11-20T12:00:01Z","finished_at":"2026-11-20T12:01:03.5Z"},"schedule":9}"#;
    serde_json::from_str(text).unwrap()
}

#[test]
fn it_has_version_2_s_lines_and_what_came_since() {
    let log = LastLines {
        is_complete: true,
        lines: "one\n\u{1b}[31mtwo\n".into(),
    };

    let mail = of(&payload(), &log);

    assert_eq!(mail.subject, "backup | scheduled execution FAILED");
    assert_eq!(
        mail.text,
        "Proc execution details:\n\nName:\tbackup\nArgs:\tA=\"1\",B=\"<b>\r\nBcc: x@example.com\"\nID:\t77\n\
         Status:\tFAILED\nSchedule:\t9\nStart:\t2026-11-20T12:00:01Z\nEnd:\t2026-11-20T12:01:03Z\n\
         Duration:\t1m 2s 500ms\nExit code:\t3\n\nLast lines of the log:\n\none\n\u{fffd}[31mtwo\n\n\n\
         This is an auto-generated email\n"
    );
    assert!(mail.html.contains("&lt;b&gt;") && !mail.html.contains("<b>"));
}

#[test]
fn a_log_that_is_not_whole_is_said_to_be_so_and_none_is_left_out() {
    let log = LastLines {
        is_complete: false,
        lines: "one\n".into(),
    };
    let mail = of(&payload(), &log);
    assert!(mail.text.contains("of which something is missing"));

    let mail = of(&payload(), &LastLines::default());
    assert!(!mail.text.contains("log") && !mail.html.contains("<pre>"));
}
