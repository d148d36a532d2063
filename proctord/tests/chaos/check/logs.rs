//! Logs: what is stored is what the runs wrote, but for what it says is missing; what followers have is what is
//! stored.

use super::{Flaw, Verdict};
use crate::history::{Ending, History, Log, Run, Stored, Told};
use crate::plan::{Proc, Wish};

/// What the runs of an execution wrote.
struct Written {
    bytes: Vec<u8>,
    /// What follows, if a run was ended from outside, up to nobody knows where.
    perhaps: Vec<u8>,
}

pub fn check(history: &History, verdict: &mut Verdict) {
    let (mut gaps, mut incomplete, mut breaks) = (0, 0, 0);
    for (told, id, stored) in history.accepted() {
        let written = Written::by(id, &told.wish, &history.runs.of(id));
        let log = &stored.log;
        if let Err(text) = written.is_kept_by(log) {
            verdict.found(Flaw::BrokenLog, format!("{id}: {text}"));
        }
        check_end(id, stored, verdict);
        check_copy(id, told, stored, verdict);
        gaps += log.gaps.len();
        if !log.is_complete() {
            incomplete += 1;
            let (status, gaps) = (stored.status, &log.gaps);
            verdict.told(format!("{id}, {status}: its log is not complete: {gaps:?}"));
        }
        breaks += told.copy.as_ref().map_or(0, |copy| copy.breaks);
    }
    for id in &history.uneven_logs {
        verdict.found(Flaw::BrokenLog, format!("{id}: its chunks make no whole"));
    }
    verdict.asides.push(("gaps", gaps));
    verdict.asides.push(("logs not complete", incomplete));
    verdict.asides.push(("followers cut off", breaks));
}

fn check_end(id: u64, stored: &Stored, verdict: &mut Verdict) {
    let Some(end) = &stored.log.end else {
        return verdict.found(Flaw::Stuck, format!("{id}: its log has no end"));
    };
    let length = u64::try_from(stored.log.bytes.len()).unwrap_or_default();
    let told = (end.status, end.exit_code, end.bytes);
    let known = (stored.status, stored.exit_code, length);
    if told != known {
        let text = format!("{id}: its log ends with {told:?}, and it is {known:?}");
        verdict.found(Flaw::BrokenLog, text);
    }
}

fn check_copy(id: u64, told: &Told, stored: &Stored, verdict: &mut Verdict) {
    if !told.wish.is_followed {
        return;
    }
    let Some(copy) = told.copy.as_ref().filter(|copy| copy.end.is_some()) else {
        return verdict.found(
            Flaw::Stuck,
            format!("{id}: its follower was never told the end"),
        );
    };
    if copy.bytes != stored.log.bytes || copy.end != stored.log.end || !copy.leaps.is_empty() {
        let (had, is) = (copy.bytes.len(), stored.log.bytes.len());
        let leaps = &copy.leaps;
        let text = format!("{id}: its follower has {had} bytes, stored are {is}; {leaps:?}");
        verdict.found(Flaw::BrokenCopy, text);
    }
}

impl Written {
    fn by(id: u64, wish: &Wish, run: &Run) -> Self {
        let bytes = run
            .ends
            .iter()
            .flat_map(|end| output(id, wish, *end))
            .collect();
        let cut_off = run.starts > run.ends.len();
        let whole = Ending {
            code: wish.code,
            lines: wish.lines,
            was_told: false,
        };
        Self {
            bytes,
            perhaps: if cut_off {
                output(id, wish, whole)
            } else {
                Vec::new()
            },
        }
    }

    /// Whether the log has all of it in order and nothing else, but for what it says is missing.
    fn is_kept_by(&self, log: &Log) -> Result<(), String> {
        let all = [&self.bytes[..], &self.perhaps].concat();
        if !log.gaps.is_empty() {
            if log.is_complete() {
                return Err(format!(
                    "it has gaps at {:?} and says that it is complete",
                    log.gaps
                ));
            }
            return in_pieces(&all, log);
        }
        if !all.starts_with(&log.bytes) {
            let place = all
                .iter()
                .zip(&log.bytes)
                .take_while(|(a, b)| a == b)
                .count();
            let (had, wrote) = (log.bytes.len(), all.len());
            return Err(format!(
                "of {had} bytes {place} are what was written, which is {wrote}"
            ));
        }
        if log.is_complete() && log.bytes.len() < self.bytes.len() {
            let (had, wrote) = (log.bytes.len(), self.bytes.len());
            return Err(format!(
                "it says that it is complete with {had} bytes of {wrote}: {}",
                Brief(&log.bytes)
            ));
        }
        Ok(())
    }
}

/// The end of a log, for who is to understand what is wrong with it.
struct Brief<'a>(&'a [u8]);

impl std::fmt::Display for Brief<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = self.0.len().saturating_sub(200);
        write!(f, "{:?}", String::from_utf8_lossy(&self.0[end..]))
    }
}

/// Whether what is between the gaps was written in this order.
fn in_pieces(written: &[u8], log: &Log) -> Result<(), String> {
    let length = log.bytes.len();
    let offsets = log
        .gaps
        .iter()
        .map(|(gap, _)| usize::try_from(*gap).unwrap_or(length));
    let mut bounds: Vec<_> = offsets.chain([0, length]).collect();
    bounds.sort_unstable();
    let mut rest = written;
    for pair in bounds.windows(2) {
        let piece = &log.bytes[pair[0]..pair[1]];
        let Some(place) = find(rest, piece) else {
            return Err(format!(
                "its bytes from {} to {} were not written there",
                pair[0], pair[1]
            ));
        };
        rest = &rest[place + piece.len()..];
    }
    Ok(())
}

fn find(text: &[u8], piece: &[u8]) -> Option<usize> {
    if piece.is_empty() {
        return Some(0);
    }
    text.windows(piece.len()).position(|window| window == piece)
}

/// What a run that ended so has written, its secret masked.
fn output(id: u64, wish: &Wish, end: Ending) -> Vec<u8> {
    let token = (wish.proc == Proc::Secret).then(|| "token ***\n".to_owned());
    let lines = (1..=end.lines).map(|number| format!("line {number} of {id}\n"));
    let told = end.was_told.then(|| "told\n".to_owned());
    let text: String = token.into_iter().chain(lines).chain(told).collect();
    text.into_bytes()
}
