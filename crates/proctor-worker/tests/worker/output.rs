//! Output arrives byte for byte, from any offset, for any number of readers, and always ends.

use std::fs;
use std::time::Duration;

use proctor_worker::{Output, WorkerError};

use crate::support::{
    Bench, all_output, command, end, joined, line_of, name, outcome, read_all, sh, wait_for, within,
};

/// Bytes without a pattern, the same in each run.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut noise: Vec<u8> = std::iter::repeat_with(&mut next)
        .flatten()
        .take(length)
        .collect();
    noise.truncate(length);
    noise
}

async fn cat(content: &[u8]) {
    let bench = Bench::new();
    let name = name("job");
    let work = bench.worker.make_folder(&name).await.expect("a folder");
    fs::write(work.join("input"), content).expect("the input");

    let live = tokio::spawn(read_all(bench.worker.output(&name, 0)));
    let (outcome, after) = bench.run(command(&["cat", "input"])).await;

    let live = joined(&live.await.expect("the reader ends"));
    assert!(
        after == content && live == content,
        "{} and {}",
        after.len(),
        live.len()
    );
    assert_eq!(outcome.output_bytes, content.len() as u64);
    assert_eq!(outcome.output_lost_bytes, 0);
}

#[tokio::test]
async fn twenty_megabytes_of_noise_come_through() {
    cat(&noise(20_000_000)).await;
}

#[tokio::test]
async fn a_line_of_ten_megabytes_comes_through() {
    let mut line = vec![b'x'; 10_000_000];
    line.push(b'\n');
    cat(&line).await;
}

#[tokio::test]
async fn a_million_lines_come_through() {
    let (_, output) = Bench::new().run(command(&["seq", "1000000"])).await;

    let expected: String = (1..=1_000_000)
        .map(|number| format!("{number}\n"))
        .collect();
    assert!(output == expected.as_bytes(), "{} bytes", output.len());
}

#[tokio::test]
async fn stdout_and_stderr_keep_their_order() {
    let script = "for i in 1 2 3; do echo out$i; echo err$i >&2; done";

    let (_, output) = Bench::new().run(sh(script)).await;

    assert_eq!(output, b"out1\nerr1\nout2\nerr2\nout3\nerr3\n");
}

#[tokio::test]
async fn output_arrives_while_the_command_runs() {
    let bench = Bench::new();
    let name = name("job");
    let job = bench
        .start(
            &name,
            sh("echo one; while ! test -e two; do sleep 0.01; done; echo two"),
        )
        .await;
    let mut reader = bench.worker.output(&name, 0);

    let first = within("output", reader.next(1024))
        .await
        .expect("it is read");
    assert_eq!(
        first,
        Output::Bytes {
            offset: 0,
            bytes: "one\n".into()
        }
    );

    // Nothing to read: the call waits, and giving it up loses nothing.
    let nothing = tokio::time::timeout(Duration::from_millis(50), reader.next(1024)).await;
    assert!(nothing.is_err(), "{nothing:?}");
    fs::write(bench.folder(&name).join("work/two"), "").expect("a file");
    let second = within("output", reader.next(2)).await.expect("it is read");
    assert_eq!(
        second,
        Output::Bytes {
            offset: 4,
            bytes: "tw".into()
        }
    );
    let third = within("output", reader.next(1024))
        .await
        .expect("it is read");
    assert_eq!(
        third,
        Output::Bytes {
            offset: 6,
            bytes: "o\n".into()
        }
    );
    for _ in 0..2 {
        let last = within("the end", reader.next(1024))
            .await
            .expect("it is read");
        assert_eq!(
            last,
            Output::End {
                bytes: 8,
                lost_bytes: Some(0)
            }
        );
    }
    end(&job).await;
}

#[tokio::test]
async fn a_reader_may_begin_anywhere() {
    let bench = Bench::new();
    bench.run(sh("printf 0123456789")).await;
    let from = |offset| read_all(bench.worker.output(&name("job"), offset));

    let end = Output::End {
        bytes: 10,
        lost_bytes: Some(0),
    };
    assert_eq!(
        from(7).await,
        [
            Output::Bytes {
                offset: 7,
                bytes: "789".into()
            },
            end.clone()
        ]
    );
    assert_eq!(from(10).await, std::slice::from_ref(&end));
    assert_eq!(from(u64::MAX).await, [end]);
}

#[tokio::test]
async fn a_thousand_readers_see_the_same_with_one_inotify_instance() {
    let bench = Bench::new();
    let name = name("job");
    let job = bench
        .start(
            &name,
            sh("while ! test -e go; do sleep 0.01; done; seq 20000"),
        )
        .await;

    let readers: Vec<_> = (0..1000)
        .map(|_| tokio::spawn(read_all(bench.worker.output(&name, 0))))
        .collect();
    fs::write(bench.folder(&name).join("work/go"), "").expect("a file");

    let expected: String = (1..=20_000).map(|number| format!("{number}\n")).collect();
    for reader in readers {
        assert!(joined(&reader.await.expect("a reader ends")) == expected.as_bytes());
    }
    end(&job).await;
}

#[tokio::test]
async fn readers_that_come_at_the_very_end_get_everything() {
    for round in 0..50 {
        let bench = Bench::new();
        let name = name("job");
        let job = bench.start(&name, sh("echo last")).await;
        let reader = tokio::spawn(read_all(bench.worker.output(&name, 0)));
        let (_, output) = tokio::join!(end(&job), all_output(&bench.worker, &name));
        let live = joined(&reader.await.expect("the reader ends"));
        assert_eq!(
            (output.as_slice(), live.as_slice()),
            (b"last\n".as_slice(), b"last\n".as_slice()),
            "{round}"
        );
    }
}

#[tokio::test]
async fn a_cut_file_ends_with_the_loss_told() {
    let bench = Bench::new();
    let name = name("job");
    let job = bench
        .start(&name, sh("printf 0123456789; exec sleep 1000"))
        .await;
    let log = bench.folder(&name).join("out.log");
    wait_for("output", || {
        (fs::metadata(&log).ok()?.len() == 10).then_some(())
    })
    .await;
    let reader = tokio::spawn(read_all(bench.worker.output(&name, 0)));

    fs::File::options()
        .write(true)
        .open(&log)
        .and_then(|file| file.set_len(4))
        .expect("a cut");
    job.stop(Duration::ZERO).await.expect("it is stopped");

    let last = reader.await.expect("the reader ends").pop();
    assert_eq!(
        last,
        Some(Output::End {
            bytes: 4,
            lost_bytes: Some(6)
        })
    );
    assert_eq!(outcome(&job).await.output_bytes, 10);
}

#[tokio::test]
async fn a_deleted_file_ends_with_the_loss_told() {
    let bench = Bench::new();
    bench.run(sh("printf 0123456789")).await;
    fs::remove_file(bench.folder(&name("job")).join("out.log")).expect("it is there");

    let seen = read_all(bench.worker.output(&name("job"), 0)).await;

    assert_eq!(
        seen,
        [Output::End {
            bytes: 0,
            lost_bytes: Some(10)
        }]
    );
}

#[tokio::test]
async fn a_removed_job_ends_its_readers() {
    let bench = Bench::new();
    let name = name("job");
    bench.worker.make_folder(&name).await.expect("a folder");
    let mut reader = bench.worker.output(&name, 0);
    let waiting = tokio::spawn(async move { reader.next(1024).await });

    bench.worker.remove(&name).await.expect("it is removed");

    let error = within("the reader ends", waiting)
        .await
        .expect("no panic")
        .expect_err("no job");
    assert!(matches!(error, WorkerError::Absent { .. }), "{error:?}");
}

#[tokio::test]
async fn main_may_close_its_output_and_run_on() {
    let bench = Bench::new();
    let name = name("job");
    let job = bench
        .start(
            &name,
            sh("echo before; exec >&- 2>&-; echo $$ > pid; exec sleep 1000"),
        )
        .await;
    line_of(&bench.folder(&name).join("work/pid")).await;
    let mut reader = bench.worker.output(&name, 7);

    let early = tokio::time::timeout(Duration::from_millis(300), reader.next(10)).await;

    assert!(early.is_err(), "the output has not ended: {early:?}");
    job.stop(Duration::from_secs(10))
        .await
        .expect("it is stopped");
    let last = within("the end", reader.next(10))
        .await
        .expect("it is read");
    assert_eq!(
        last,
        Output::End {
            bytes: 7,
            lost_bytes: Some(0)
        }
    );
    end(&job).await;
}
