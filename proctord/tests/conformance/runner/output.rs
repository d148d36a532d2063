use std::time::Duration;

use proctord::runner::OutputItem;

use super::subject::{RunnerSubject, end, launch_line, read, wait_for_output};

const MANY: &str = "i=0; while [ $i -lt 20000 ]; do echo \"line $i\"; i=$((i+1)); done";

fn many() -> Vec<u8> {
    (0..20_000)
        .flat_map(|number| format!("line {number}\n").into_bytes())
        .collect()
}

pub async fn every_byte_arrives_in_order(subject: &impl RunnerSubject) {
    let execution = launch_line(subject, &format!("{MANY}; printf 'a\\000\\377\\nno end'")).await;

    let (bytes, complete) = read(subject, &execution, None).await;

    let mut expected = many();
    expected.extend_from_slice(b"a\0\xff\nno end");
    let same = bytes
        .iter()
        .zip(&expected)
        .take_while(|(one, other)| one == other);
    assert!(
        bytes == expected,
        "{} bytes of {}, the same up to {}, told to be complete: {complete}",
        bytes.len(),
        expected.len(),
        same.count()
    );
    assert!(complete);
    end(subject, &execution).await;
}

pub async fn reading_goes_on_behind_a_cursor(subject: &impl RunnerSubject) {
    let execution = launch_line(subject, MANY).await;
    end(subject, &execution).await;
    let mut output = subject.runner().output(&execution, None).await.unwrap();
    let mut taken = Vec::new();
    let mut cursor = None;
    while taken.len() < 50_000 {
        match output.next(1000).await.unwrap() {
            OutputItem::Bytes {
                bytes,
                cursor: after,
            } => {
                taken.extend_from_slice(&bytes);
                cursor = Some(after);
            }
            other => panic!("{other:?}"),
        }
    }

    let (rest, complete) = read(subject, &execution, cursor).await;

    taken.extend_from_slice(&rest);
    assert!(taken == many(), "{} bytes of {}", taken.len(), many().len());
    assert!(complete);
}

pub async fn the_output_of_what_is_written_before_a_stop_is_complete(subject: &impl RunnerSubject) {
    let line = "trap 'echo last words; exit 1' TERM; echo begun; while :; do sleep 0.05; done";
    let execution = launch_line(subject, line).await;
    wait_for_output(subject, &execution, "begun").await;

    let stop = async {
        let grace = Duration::from_secs(30);
        subject.runner().stop(&execution, grace).await.unwrap();
    };
    let (output, ()) = tokio::join!(read(subject, &execution, None), stop);

    // A shell may say of what it waited for that it was terminated.
    let (text, complete) = (String::from_utf8_lossy(&output.0), output.1);
    assert!(
        text.starts_with("begun\n") && text.ends_with("last words\n") && complete,
        "{output:?}"
    );
    if subject.keeps_the_output_of_what_was_ended() {
        assert_eq!(read(subject, &execution, None).await, output);
    }
}
