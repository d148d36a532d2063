//! Who runs a command, by the system's own word: whoever logged in, whichever user that person has become since.

use std::fs;

use rustix::process::getuid;

/// What the kernel says of a process that nobody logged in for.
const NOBODY: u32 = u32::MAX;

/// The name in the system's list of users, or the number.
pub(super) fn name() -> String {
    let uid = logged_in().unwrap_or_else(|| getuid().as_raw());
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_in(&users, uid).unwrap_or_else(|| format!("user {uid}"))
}

fn logged_in() -> Option<u32> {
    let text = fs::read_to_string("/proc/self/loginuid").ok()?;
    let uid = text.trim().parse().ok()?;
    (uid != NOBODY).then_some(uid)
}

fn name_in(users: &str, uid: u32) -> Option<String> {
    let mut found = users.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let of_line: u32 = fields.nth(1)?.parse().ok()?;
        (of_line == uid).then(|| name.to_owned())
    });
    found.next()
}

#[cfg(test)]
mod tests {
    use super::name_in;

    #[test]
    fn a_user_is_found_by_number() {
        let users = "root:x:0:0:root:/root:/bin/bash\nbroken\nann:x:1000:1000::/home/ann:/bin/sh\n";

        assert_eq!(name_in(users, 1000).as_deref(), Some("ann"));
        assert_eq!(name_in(users, 1), None);
    }
}
