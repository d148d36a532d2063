//! What `proctord recover` is told to do: which executions go on and which fail. Pure.

use anyhow::bail;

use super::Recover;
use crate::domain::id::ExecutionId;

/// What becomes of one that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Release,
    Fail,
}

/// All that was said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    named: Vec<(ExecutionId, Decision)>,
    /// What becomes of those that are not named.
    rest: Option<Decision>,
    pub(super) ends_hold: bool,
}

impl Wanted {
    /// What the command line says.
    pub(super) fn of(args: &Recover) -> anyhow::Result<Self> {
        let mut named = Vec::new();
        let mut unnamed = Vec::new();
        for (ids, decision) in [
            (&args.release, Decision::Release),
            (&args.fail, Decision::Fail),
        ] {
            match ids.as_deref() {
                None => {}
                Some([]) => unnamed.push(decision),
                Some(ids) => named.extend(ids.iter().map(|id| (*id, decision))),
            }
        }
        let rest = match (&unnamed[..], args.all) {
            ([], false) => None,
            ([one], true) => Some(*one),
            ([], true) => bail!("say what becomes of --all: --release or --fail without ids"),
            ([_], false) => bail!("name the ids, or say --all"),
            _ => bail!("--all can be told for one of --release and --fail only"),
        };
        let twice = |(id, decision): &(ExecutionId, Decision)| {
            named
                .iter()
                .any(|(other, otherwise)| other == id && otherwise != decision)
        };
        if let Some((id, _)) = named.iter().find(|named| twice(named)) {
            bail!("execution {id} cannot be released and fail");
        }
        Ok(Self {
            named,
            rest,
            ends_hold: args.done,
        })
    }

    /// Whether nothing is to be changed.
    pub(super) fn is_look(&self) -> bool {
        self.named.is_empty() && self.rest.is_none() && !self.ends_hold
    }

    /// One by one, with these that are held.
    pub(super) fn decisions(self, held: Vec<ExecutionId>) -> Vec<(ExecutionId, Decision)> {
        let Self {
            named: mut all,
            rest,
            ..
        } = self;
        if let Some(rest) = rest {
            let unnamed = |id: &ExecutionId| all.iter().all(|(named, _)| named != id);
            let others: Vec<_> = held.into_iter().filter(unnamed).collect();
            all.extend(others.into_iter().map(|id| (id, rest)));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Decision, Wanted};
    use crate::command::recover::Recover;
    use crate::domain::id::ExecutionId;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        recover: Recover,
    }

    fn wanted(line: &str) -> anyhow::Result<Wanted> {
        let words = std::iter::once("recover").chain(line.split_whitespace());
        Wanted::of(&Cli::try_parse_from(words)?.recover)
    }

    fn id(text: &str) -> ExecutionId {
        text.parse().unwrap()
    }

    #[test]
    fn nothing_said_is_a_look() {
        assert!(wanted("").unwrap().is_look());
        assert!(!wanted("--done").unwrap().is_look());
    }

    #[test]
    fn the_rest_goes_where_no_ids_are_named() {
        let wanted = wanted("--release 1 2 --fail --all").unwrap();

        let decisions = wanted.decisions(vec![id("2"), id("3")]);

        let expected = [
            (id("1"), Decision::Release),
            (id("2"), Decision::Release),
            (id("3"), Decision::Fail),
        ];
        assert_eq!(decisions, expected);
    }

    #[test]
    fn what_is_not_clear_is_refused() {
        for line in [
            "--all",
            "--release",
            "--fail",
            "--release --fail --all",
            "--release 1 --all",
            "--release 1 --fail 1",
        ] {
            assert!(wanted(line).is_err(), "{line}");
        }
    }
}
