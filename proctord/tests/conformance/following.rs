//! Followers of logs that another replica writes: two replicas with a store each on one Postgres, and what becomes
//! of those who follow when the writer changes, the store is away, or very many follow.

mod scene;

use std::num::NonZeroU32;
use std::time::Instant;

use jiff::SignedDuration;
use proctord::logs::Hold;
use proctord::store::StoreError;

use crate::store::sample::{append, gap, log_end, noise, replica};
use scene::{Followed, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn each_byte_event_and_end_comes_once_and_in_order() {
    let scene = Scene::new().await;
    let (here, elsewhere) = (scene.replica(), scene.replica());
    let execution = here.accepted().await;
    let _writing = here.logs.write_here(&execution, Hold::Host);
    let followed = [&here, &elsewhere].map(|on| Followed::on(on, &execution));

    let mut expected = Vec::new();
    for number in 0..50 {
        let line = format!("line {number}\n");
        let mut next = append(&execution, expected.len() as u64, line.as_bytes());
        if number % 10 == 3 {
            next.events.push(gap(next.offset, "at the begin"));
            next.events.push(gap(next.end() - 1, "within"));
        }
        here.logs.append(next).await.unwrap();
        expected.extend_from_slice(line.as_bytes());
        if number % 7 == 0 {
            for one in &followed {
                one.has(expected.len()).await;
            }
        }
    }
    let end = log_end(expected.len() as u64);
    let finish = here.logs.finish(execution.id, execution.fence, end);
    finish.await.unwrap();

    for one in followed {
        let seen = one.ended().await;
        assert!(seen.bytes == expected);
        assert_eq!(seen.events, (0..11).collect::<Vec<_>>());
    }
    assert_eq!(here.lookouts(), 0, "it writes what is followed there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_logs_are_one_query_ten_times_a_second_and_no_logs_are_none() {
    let scene = Scene::new().await;
    let (here, elsewhere) = (scene.replica(), scene.replica());
    let mut followed = Vec::new();
    for _ in 0..100 {
        let execution = here.accepted().await;
        followed.push((Followed::on(&elsewhere, &execution), execution));
    }
    elsewhere.looked(1).await;
    let began = Instant::now();

    elsewhere.looked(20).await;

    let per_second = 20.0 / began.elapsed().as_secs_f64();
    println!("100 logs that are written elsewhere: {per_second:.1} queries a second");
    assert!(per_second < 11.0, "{per_second}");
    assert_eq!(here.lookouts(), 0, "nobody follows anything there");
    for (followed, execution) in followed {
        let end = log_end(0);
        let finish = here.logs.finish(execution.id, execution.fence, end);
        finish.await.unwrap();
        assert_eq!(followed.ended().await.events, [0]);
    }
}

/// The one that wrote before learns it by its fence, and its followers go on.
#[tokio::test(flavor = "multi_thread")]
async fn followers_go_on_wherever_the_execution_goes() {
    let scene = Scene::new().await;
    let (old, new, third) = (scene.replica(), scene.replica(), scene.replica());
    let execution = old.accepted().await;
    let _old_writing = old.logs.write_here(&execution, Hold::Host);
    let followed = [&old, &new, &third].map(|on| Followed::on(on, &execution));
    let first = old.logs.append(append(&execution, 0, b"old "));
    first.await.unwrap();
    for one in &followed {
        one.has(4).await;
    }

    let other = replica("replica-2");
    let lease = SignedDuration::from_mins(1);
    new.store.renew_lease(&other, lease).await.unwrap();
    let adopted = new.store.adopt_silent(&other, NonZeroU32::MIN).await;
    let adopted = adopted.unwrap().remove(0);
    let _new_writing = new.logs.write_here(&adopted, Hold::Host);
    let second = new.logs.append(append(&adopted, 4, b"new "));
    second.await.unwrap();
    let refused = old.logs.append(append(&execution, 4, b"lost")).await;
    let finish = new.logs.finish(adopted.id, adopted.fence, log_end(8));
    finish.await.unwrap();

    assert!(
        matches!(refused, Err(StoreError::FenceLost(_))),
        "{refused:?}"
    );
    for one in followed {
        let seen = one.ended().await;
        assert_eq!(seen.bytes, b"old new ");
        assert_eq!(seen.events, [0]);
    }
}

/// Even if the new owner never has anything to say.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_just_before_an_adoption_is_told_where_it_is_adopted() {
    let scene = Scene::new().await;
    let (old, mut new) = (scene.replica(), scene.replica());
    let execution = old.accepted().await;
    let followed = Followed::on(&new, &execution);
    let first = old.logs.append(append(&execution, 0, b"first "));
    first.await.unwrap();
    followed.has(6).await;
    new.look_away().await;

    let last = old.logs.append(append(&execution, 6, b"last words"));
    last.await.unwrap();
    let _writing = new.logs.write_here(&execution, Hold::Host);
    new.look_out();

    followed.has(16).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_delays_followers_and_cuts_nobody_off() {
    let scene = Scene::new().await;
    let (here, elsewhere) = (scene.replica(), scene.replica());
    let execution = here.accepted().await;
    let followed = Followed::on(&elsewhere, &execution);
    let first = here.logs.append(append(&execution, 0, b"before "));
    first.await.unwrap();
    followed.has(7).await;
    elsewhere.looked(2).await;

    scene.server.stop();
    elsewhere.looked(3).await;
    scene.server.start_again();
    let second = here.logs.append(append(&execution, 7, b"after"));
    second.await.unwrap();
    let finish = here.logs.finish(execution.id, execution.fence, log_end(12));
    finish.await.unwrap();

    let seen = followed.ended().await;
    assert_eq!(String::from_utf8(seen.bytes).unwrap(), "before after");
    assert_eq!(seen.errors, 0, "nobody who had everything was disturbed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_longer_kept_is_a_gap_there_as_well() {
    let limit = 256 * 1024;
    let scene = Scene::keeping(limit).await;
    let (here, elsewhere) = (scene.replica(), scene.replica());
    let execution = here.accepted().await;
    let followed = Followed::on(&elsewhere, &execution);
    let first = here.logs.append(append(&execution, 0, b"head "));
    first.await.unwrap();
    followed.has(5).await;

    let noise = noise(4 << 20);
    let flood = here.logs.append(append(&execution, 5, &noise));
    flood.await.unwrap();
    let length = 5 + noise.len() as u64;
    let finish = here
        .logs
        .finish(execution.id, execution.fence, log_end(length));
    finish.await.unwrap();

    let seen = followed.ended().await;
    assert_eq!(seen.missing + seen.bytes.len() as u64, length);
    assert!(seen.missing > length - 2 * limit, "{}", seen.missing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_followers_elsewhere_cost_one_read_for_each_piece() {
    let scene = Scene::new().await;
    let (here, elsewhere) = (scene.replica(), scene.replica());
    let execution = here.accepted().await;
    let followed: Vec<_> = (0..1000)
        .map(|_| Followed::on(&elsewhere, &execution))
        .collect();
    let first = here.logs.append(append(&execution, 0, b"first "));
    first.await.unwrap();
    for one in &followed {
        one.has(6).await;
    }
    elsewhere.looked(2).await;
    let before = scene.chunk_reads();

    let noise = noise(512 * 1024);
    let second = here.logs.append(append(&execution, 6, &noise));
    second.await.unwrap();
    let length = 6 + noise.len() as u64;
    let finish = here
        .logs
        .finish(execution.id, execution.fence, log_end(length));
    finish.await.unwrap();

    let expected = [b"first ".as_slice(), &noise].concat();
    for one in followed {
        let seen = one.ended().await;
        assert!(seen.bytes == expected);
        assert_eq!(seen.events, [0]);
        assert_eq!(seen.errors, 0, "a crowd waits for its turn to read");
    }
    let reads = scene.chunk_reads() - before;
    println!("{reads} reads of {length} bytes for 1,000 followers");
    assert!(reads < 20, "{reads} reads");
}
