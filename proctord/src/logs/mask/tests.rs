use proptest::prelude::{Strategy, any};
use proptest::{collection, proptest, sample};

use super::{Masker, is_masked};
use crate::domain::environment::Secrets;

fn secrets(values: &[&str]) -> Secrets {
    let named = values.iter().zip(0..);
    named
        .map(|(value, number)| (format!("S{number}").parse().unwrap(), (*value).into()))
        .collect()
}

fn masker(values: &[&str]) -> Masker {
    Masker::new(&secrets(values))
}

/// What comes out at once when these pieces come in, and what comes at the end.
fn pieces(masker: &mut Masker, pieces: &[&[u8]]) -> (Vec<u8>, Vec<u8>) {
    let mut out = Vec::new();
    for piece in pieces {
        masker.take(piece);
        masker.give(masker.ready(), &mut out);
    }
    let mut last = Vec::new();
    masker.give(masker.taken(), &mut last);
    (out, last)
}

fn whole(values: &[&str], text: &str) -> String {
    let (mut out, last) = pieces(&mut masker(values), &[text.as_bytes()]);
    out.extend(last);
    String::from_utf8(out).unwrap()
}

/// Marks every byte that belongs to an occurrence, one value after the other: slow, and plainly right.
fn by_hand(values: &[Vec<u8>], text: &[u8]) -> Vec<u8> {
    let mut starts: Vec<(usize, usize)> = Vec::new();
    for at in 0..text.len() {
        for value in values {
            if text[at..].starts_with(value) {
                starts.push((at, at + value.len()));
            }
        }
    }
    starts.sort_unstable();
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (from, to) in starts {
        match runs.last_mut() {
            Some(last) if from < last.1 => last.1 = last.1.max(to),
            _ => runs.push((from, to)),
        }
    }
    let mut out = Vec::new();
    let mut at = 0;
    for (from, to) in runs {
        out.extend_from_slice(&text[at..from]);
        out.extend_from_slice(b"***");
        at = to;
    }
    out.extend_from_slice(&text[at..]);
    out
}

#[test]
fn values_become_stars_and_nothing_else_changes() {
    let values = ["hunter22", "hunter2222", "t22 and more"];
    for (text, masked) in [
        ("the word is hunter22.", "the word is ***."),
        ("hunter22hunter22", "******"),
        ("hunter2222!", "***!"),
        ("hunter222!", "***2!"),
        ("no hunter2 here", "no hunter2 here"),
        ("ends in hunter2", "ends in hunter2"),
        ("", ""),
    ] {
        assert_eq!(whole(&values[..2], text), masked, "{text}");
    }
}

#[test]
fn values_that_overlap_are_hidden_to_their_last_byte() {
    assert_eq!(whole(&["abcdef", "defghi"], "<abcdefghi>"), "<***>");
    assert_eq!(whole(&["bcdefg", "abcdefgh"], "<abcdefgh>"), "<***>");
    assert_eq!(whole(&["bcdefg", "abcdefgh"], "<abcdefgx>"), "<a***x>");
    assert_eq!(whole(&["aaaaaa"], "aaaaaaaaa b"), "*** b");
}

#[test]
fn short_values_stay_and_each_long_line_is_a_value() {
    assert_eq!(whole(&["short"], "short"), "short");
    let key = "-----BEGIN-----\r\nfirst line\nxyz\n-----END-----\n";
    assert_eq!(whole(&[key], "first line, xyz"), "***, xyz");
    assert_eq!(whole(&[key], key), "***");
    assert!(is_masked("123456") && is_masked("") && is_masked("1\n123456"));
    assert!(!is_masked("12345") && !is_masked("12345\n1234"));
}

#[test]
fn only_what_may_begin_a_value_is_held_back() {
    let mut masker = masker(&["s3cret-value"]);

    let (out, last) = pieces(&mut masker, &[b"password? ", b"s3cre", b"t-x s3c"]);

    assert_eq!(
        (out.as_slice(), last.as_slice()),
        (b"password? s3cret-x ".as_slice(), b"s3c".as_slice())
    );
}

/// Few different bytes, so that values occur, overlap and contain each other.
fn text(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    collection::vec(sample::select(b"ab\n".to_vec()), 0..longest)
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    collection::vec(sample::select(b"ab".to_vec()), 6..9)
}

fn named(values: &[Vec<u8>]) -> Secrets {
    let values: Vec<_> = values
        .iter()
        .map(|value| std::str::from_utf8(value).unwrap())
        .collect();
    secrets(&values)
}

proptest! {
    #[test]
    fn however_a_stream_is_cut_it_is_masked_as_a_whole(
        values in collection::vec(value(), 0..4),
        text in text(200),
        cuts in collection::vec(any::<sample::Index>(), 0..12),
    ) {
        let mut masker = Masker::new(&named(&values));
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.sort_unstable();
        let mut out = Vec::new();
        let mut at = 0;
        for cut in cuts.into_iter().chain([text.len()]) {
            masker.take(&text[at..cut]);
            masker.give(masker.ready(), &mut out);
            at = cut;
            assert!(masker.taken() - masker.given() < 9, "more is held back than a value has");
        }
        masker.give(masker.taken(), &mut out);

        for value in &values {
            assert!(!out.windows(value.len()).any(|window| window == value));
        }
        assert_eq!(out, by_hand(&values, &text));
    }

    #[test]
    fn taken_up_again_anywhere_it_goes_on_as_if_it_had_never_stopped(
        values in collection::vec(value(), 1..4),
        text in text(120),
        stops in collection::vec(any::<sample::Index>(), 0..6),
    ) {
        let mut masker = Masker::new(&named(&values));
        let mut stops: Vec<_> = stops.iter().map(|stop| stop.index(text.len() + 1)).collect();
        stops.sort_unstable();
        let mut out = Vec::new();
        for stop in stops {
            let taken = usize::try_from(masker.taken()).unwrap();
            masker.take(&text[taken.min(stop)..stop]);
            masker.give(masker.ready(), &mut out);
            masker = Masker::new(&named(&values)).resumed(masker.given(), masker.hidden());
        }
        let taken = usize::try_from(masker.taken()).unwrap();
        masker.take(&text[taken..]);
        masker.give(masker.taken(), &mut out);

        assert_eq!(out, by_hand(&values, &text));
    }

    #[test]
    fn any_bytes_without_secrets_pass_unchanged(text in collection::vec(any::<u8>(), 0..100)) {
        let mut out = Vec::new();
        let mut masker = masker(&[]);
        masker.take(&text);
        masker.give(masker.ready(), &mut out);
        assert_eq!(out, text);
    }
}
