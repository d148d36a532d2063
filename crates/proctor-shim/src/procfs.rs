//! The few facts about other processes that we need, as `/proc` tells them. It signals nobody.

use std::fs;
use std::io;

/// One process, at the moment of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Process id.
    pub pid: i32,
    /// State letter, such as `R`, `S`, `T` or `Z`.
    pub state: char,
    /// Parent's process id.
    pub parent: i32,
    /// Process group.
    pub group: i32,
    /// Session.
    pub session: i32,
    /// Moment of the start, in clock ticks after boot.
    pub start_time: u64,
}

impl Stat {
    /// Reads one process; `None` if there is no process of that number.
    pub fn of(pid: i32) -> io::Result<Option<Self>> {
        match fs::read(format!("/proc/{pid}/stat")) {
            Ok(line) => Self::parse(&line).map(Some).ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidData, format!("/proc/{pid}/stat"))
            }),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads every process there is; one that ends meanwhile is left out.
    pub fn all() -> io::Result<Vec<Self>> {
        let mut all = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            all.extend(Self::of(pid)?);
        }
        Ok(all)
    }

    /// Whether it has ended and only waits to be reaped.
    pub fn is_zombie(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }

    fn parse(line: &[u8]) -> Option<Self> {
        // The command's name stands in parentheses and may itself contain any of them.
        let open = line.iter().position(|&byte| byte == b'(')?;
        let close = line.iter().rposition(|&byte| byte == b')')?;
        let pid = std::str::from_utf8(&line[..open]).ok()?;
        let rest = std::str::from_utf8(&line[close + 1..]).ok()?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        Some(Self {
            pid: pid.trim().parse().ok()?,
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            session: fields.get(3)?.parse().ok()?,
            start_time: fields.get(19)?.parse().ok()?,
        })
    }
}

/// Names this boot of this machine.
pub fn boot_id() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?
        .trim()
        .to_owned())
}

fn is_gone(error: &io::Error) -> bool {
    // A process that ends between open and read answers ESRCH.
    error.kind() == io::ErrorKind::NotFound
        || error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_command_name_is_no_obstacle() {
        let line = b"42 (a) Z 1 (\xff) S 7 42 41 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 99887 1 2";

        let stat = Stat::parse(line).expect("the line is whole");

        assert_eq!((stat.pid, stat.state, stat.parent), (42, 'S', 7));
        assert_eq!((stat.group, stat.session, stat.start_time), (42, 41, 99887));
    }

    #[test]
    fn a_cut_line_is_no_process() {
        assert_eq!(Stat::parse(b"42 (sh) S 7 42"), None);
        assert_eq!(Stat::parse(b""), None);
    }

    #[test]
    fn this_process_is_found() {
        let pid = i32::try_from(std::process::id()).expect("a pid is an i32");

        assert!(Stat::of(pid).expect("/proc is mounted").is_some());
        assert!(
            Stat::all()
                .expect("/proc is mounted")
                .iter()
                .any(|stat| stat.pid == pid)
        );
        assert_eq!(Stat::of(i32::MAX).expect("/proc is mounted"), None);
    }
}
