//! Which licences are taken. Proctor is under Apache-2.0 and ships as binaries, so what they are built from
//! must allow that without asking for Proctor's own source: GPL, AGPL, LGPL, MPL and EPL are not in the list.

use spdx::{Expression, LicenseItem, LicenseReq, ParseMode};

use crate::workspace::Workspace;

const TAKEN: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// A crate that is taken under a licence that is not.
#[derive(Debug, Clone, Copy)]
pub struct Exception {
    pub name: &'static str,
    pub licence: &'static str,
    pub why: &'static str,
}

/// Each with the reason for which it is taken all the same. There are none.
pub const EXCEPTIONS: &[Exception] = &[];

pub fn offenders(workspace: &Workspace, exceptions: &[Exception]) -> Vec<String> {
    let mut found = Vec::new();
    let mut used = Vec::new();
    for package in workspace.packages() {
        let licence = package.licence.as_deref().unwrap_or("none");
        let Err(reason) = judge(licence) else {
            continue;
        };
        let exception = exceptions
            .iter()
            .find(|exception| exception.name == package.name && exception.licence == licence);
        match exception {
            Some(exception) => used.push(exception.name),
            None => found.push(format!(
                "{} {} has the licence {licence}, which {reason} ({})",
                package.name,
                package.version,
                workspace.way_from_anywhere(package)
            )),
        }
    }
    for exception in exceptions.iter().filter(|one| !used.contains(&one.name)) {
        found.push(format!(
            "the exception for {} ({}) is not needed any more",
            exception.name, exception.why
        ));
    }
    found
}

/// Whether an expression such as `MIT OR GPL-3.0` can be met by what is taken; if not, why.
fn judge(expression: &str) -> Result<(), String> {
    // The lax mode also reads the `MIT/Apache-2.0` of older crates.
    let expression = Expression::parse_mode(expression, ParseMode::LAX)
        .map_err(|error| format!("is no SPDX expression: {}", error.reason))?;
    if expression.evaluate(is_taken) {
        Ok(())
    } else {
        Err("is not taken".to_owned())
    }
}

/// An exception to a licence only gives more freedom, so it does not matter here.
fn is_taken(requirement: &LicenseReq) -> bool {
    match &requirement.license {
        LicenseItem::Spdx { id, .. } => TAKEN.contains(&id.name),
        LicenseItem::Other { .. } => false,
    }
}

mod tests {
    use serde_json::json;

    use super::{EXCEPTIONS, Exception, judge, offenders};
    use crate::made_up::MadeUp;
    use crate::workspace::Workspace;

    fn with(licence: Option<&str>) -> Workspace {
        MadeUp::new()
            .member("proctord", &["foreign"])
            .foreign_with("foreign", &[], &json!({ "license": licence }))
            .build()
    }

    #[test]
    fn one_good_licence_of_several_is_enough_unless_all_are_asked_for() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "Apache-2.0 WITH LLVM-exception",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
        ] {
            assert_eq!(judge(good), Ok(()), "{good}");
        }
        for bad in [
            "GPL-3.0-or-later",
            "AGPL-3.0-only",
            "LGPL-2.1",
            "MPL-2.0",
            "EPL-2.0",
            "MIT AND GPL-2.0-only",
            "LicenseRef-Own",
        ] {
            assert!(judge(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_crate_without_a_good_licence_is_named() {
        let copyleft = offenders(&with(Some("MPL-2.0")), EXCEPTIONS);
        let missing = offenders(&with(None), EXCEPTIONS);

        assert!(
            copyleft[0].contains("foreign 1.0.0 has the licence MPL-2.0, which is not taken"),
            "{copyleft:?}"
        );
        assert!(copyleft[0].contains("proctord → foreign"), "{copyleft:?}");
        assert_eq!(missing.len(), 1, "{missing:?}");
    }

    #[test]
    fn an_exception_stands_for_one_crate_and_one_licence_as_long_as_it_is_needed() {
        let exception = Exception {
            name: "foreign",
            licence: "MPL-2.0",
            why: "made up",
        };

        assert_eq!(
            offenders(&with(Some("MPL-2.0")), &[exception]),
            Vec::<String>::new()
        );
        assert_eq!(offenders(&with(Some("GPL-3.0")), &[exception]).len(), 2);
        assert_eq!(offenders(&with(Some("MIT")), &[exception]).len(), 1);
    }
}
