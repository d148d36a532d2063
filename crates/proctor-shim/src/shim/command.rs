//! The command as exec wants it, made once and used for every attempt. It holds the environment, so it has no
//! `Debug` and is never printed.

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::ptr;
use std::time::Duration;

use proctor_shim::{Folder, Spec};

use super::{Failure, failed};

/// Where programs are looked up when the environment has no `PATH`.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What to execute, and for how long.
pub struct Command {
    /// As the caller wrote it.
    pub program: OsString,
    /// Folder in which it starts.
    pub cwd: PathBuf,
    /// Files to try, in order.
    pub candidates: Vec<CString>,
    /// Bytes of arguments and environment together.
    pub size: usize,
    /// Time for all attempts together.
    pub deadline: Option<Duration>,
    /// Time between TERM and KILL.
    pub grace: Duration,
    /// How often a failed command is run again.
    pub retries: u32,
    /// Pause before the first retry.
    pub retry_delay: Duration,
    pub(super) c_cwd: CString,
    pub(super) c_argv: Pointers,
    pub(super) c_env: Pointers,
}

impl Command {
    /// Translates a valid spec.
    pub fn new(spec: Spec, folder: &Folder) -> Result<Self, Failure> {
        let cwd = folder.work().join(spec.cwd.unwrap_or_default());
        let refused = failed("translate the spec for", folder.path());
        let Some(program) = spec.argv.first().cloned() else {
            return Err(refused(io::ErrorKind::InvalidInput.into()));
        };
        let path = spec.env.iter().find(|(name, _)| name == "PATH");
        let path = path.map_or(DEFAULT_PATH, |(_, value)| value.as_str());
        let candidates = candidates(&program, path.as_ref());
        let env: Vec<Vec<u8>> = spec
            .env
            .iter()
            .map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat())
            .collect();
        let argv: Vec<Vec<u8>> = spec.argv.into_iter().map(OsString::into_vec).collect();
        let size = argv.iter().chain(&env).map(|text| text.len() + 1).sum();
        let translate = || -> Result<_, std::ffi::NulError> {
            let c_cwd = CString::new(cwd.as_os_str().as_bytes())?;
            let candidates = c_strings(candidates)?;
            Ok((
                c_cwd,
                candidates,
                Pointers::new(c_strings(argv)?),
                Pointers::new(c_strings(env)?),
            ))
        };
        let (c_cwd, candidates, c_argv, c_env) =
            translate().map_err(|error| refused(error.into()))?;
        Ok(Self {
            program,
            cwd,
            candidates,
            size,
            deadline: spec.deadline_ms.map(Duration::from_millis),
            grace: Duration::from_millis(spec.grace_ms),
            retries: spec.retries,
            retry_delay: Duration::from_millis(spec.retry_delay_ms),
            c_cwd,
            c_argv,
            c_env,
        })
    }
}

/// Strings and the null-terminated list of pointers to them that exec takes.
pub struct Pointers {
    _strings: Vec<CString>,
    list: Vec<*const libc::c_char>,
}

impl Pointers {
    fn new(strings: Vec<CString>) -> Self {
        let list = strings
            .iter()
            .map(|text| text.as_ptr())
            .chain([ptr::null()])
            .collect();
        Self {
            _strings: strings,
            list,
        }
    }

    /// Valid for as long as `self` is.
    pub fn as_ptr(&self) -> *const *const libc::c_char {
        self.list.as_ptr()
    }
}

fn c_strings(list: Vec<Vec<u8>>) -> Result<Vec<CString>, std::ffi::NulError> {
    list.into_iter().map(CString::new).collect()
}

/// A program with a slash is that file; one without is looked up. An empty entry of `PATH` is the work folder.
fn candidates(program: &OsStr, path: &OsStr) -> Vec<Vec<u8>> {
    let program = program.as_bytes();
    if program.contains(&b'/') {
        return vec![program.to_vec()];
    }
    path.as_bytes()
        .split(|&byte| byte == b':')
        .map(|folder| match folder {
            b"" => [b"./", program].concat(),
            folder => [folder, b"/", program].concat(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(program: &str, path: &str) -> Vec<String> {
        candidates(program.as_ref(), path.as_ref())
            .into_iter()
            .map(|file| String::from_utf8(file).expect("it was text"))
            .collect()
    }

    #[test]
    fn a_slash_ends_the_lookup() {
        assert_eq!(found("./x.sh", "/bin"), ["./x.sh"]);
        assert_eq!(found("/bin/sh", "/usr/bin"), ["/bin/sh"]);
    }

    #[test]
    fn each_folder_of_the_path_is_tried() {
        assert_eq!(found("ls", "/usr/bin:/bin"), ["/usr/bin/ls", "/bin/ls"]);
        assert_eq!(found("ls", ":/bin"), ["./ls", "/bin/ls"]);
    }
}
