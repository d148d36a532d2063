//! A real mail server as a process of a test: `scripts/server/smtp.py` runs it and keeps what it takes. It ends with the
//! pipe that it reads from, whatever becomes of the test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::certificates::Certificate;

/// How a mail server is to be.
#[derive(Debug, Clone, Default)]
pub struct MailServerOptions {
    /// `starttls` or `implicit`, with the certificate that it shows.
    pub tls: Option<(&'static str, Certificate)>,
    /// The user and the password without which it takes no mail.
    pub login: Option<(&'static str, &'static str)>,
}

/// A mail server; what it has kept stays while it is down.
#[derive(Debug)]
pub struct MailServer {
    folder: TempDir,
    options: MailServerOptions,
    process: Option<Child>,
    port: u16,
}

impl MailServer {
    /// Starts one and waits until it takes mails.
    ///
    /// # Panics
    /// It does not; it says why on standard error.
    #[must_use]
    pub fn start(options: MailServerOptions) -> Self {
        let mut server = Self {
            folder: tempfile::tempdir().expect("a folder can be made"),
            options,
            process: None,
            port: 0,
        };
        server.start_again();
        server
    }

    /// Starts it where it was.
    ///
    /// # Panics
    /// It runs, or does not come up.
    pub fn start_again(&mut self) {
        assert!(self.process.is_none(), "it runs");
        let mut child = self.command().spawn().expect("python3 can be started");
        let stdout = child.stdout.take().expect("its output is piped");
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        read.expect("its output can be read");
        let port = line
            .trim()
            .strip_prefix("ready ")
            .and_then(|port| port.parse().ok());
        self.port = port.unwrap_or_else(|| {
            panic!("no mail server came up (`make servers` installs it): {line:?}")
        });
        self.process = Some(child);
    }

    /// Kills it where it stands.
    ///
    /// # Panics
    /// It cannot be waited for.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.process.take() {
            // It may have ended by itself.
            let _ = child.kill();
            child.wait().expect("it can be waited for");
        }
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The mails that it has taken, oldest first.
    ///
    /// # Panics
    /// What it keeps cannot be read.
    #[must_use]
    pub fn mails(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.path().join("mails")).unwrap_or_default();
        // The last line may be half written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let mails = whole.lines().map(serde_json::from_str);
        mails.collect::<Result<_, _>>().expect("a line is JSON")
    }

    fn command(&self) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/server/smtp.py");
        // The system's own, which has the package.
        let mut command = Command::new("/usr/bin/python3");
        command.arg(script).arg(self.folder.path());
        if let Some((kind, certificate)) = &self.options.tls {
            command.args(["--tls", kind, "--cert"]);
            command.arg(&certificate.chain);
            command.arg("--key").arg(&certificate.key);
        }
        if let Some((user, password)) = self.options.login {
            command.args(["--login", user, password]);
        }
        if self.port != 0 {
            command.args(["--port", &self.port.to_string()]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.kill();
    }
}
