//! One process of a plugin, from its start to its end.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use proctor_plugin::{Kind, Manifest};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::warn;

use super::super::PluginError;
use super::super::frame::{self, Message};

/// How long a library may take to be loaded and its plugin to be made.
const START_PATIENCE: Duration = Duration::from_secs(20);
/// How long a process may take to end that was told to.
const END_PATIENCE: Duration = Duration::from_secs(5);
/// The longest line of a plugin that is taken into the service's log; the rest of it comes as another one.
const LINE_LIMIT: u64 = 4096;

/// A process.
pub(super) struct Running {
    child: Child,
    pub(super) from: OwnedReadHalf,
    pub(super) to: OwnedWriteHalf,
    _stderr: JoinSet<()>,
}

impl Running {
    /// Starts one and waits until the library is loaded, and if a plugin is named, until it is made.
    pub(super) async fn load(
        program: &Path,
        file: &Path,
        plugin: Option<(Kind, Option<&str>)>,
    ) -> Result<(Self, Manifest), PluginError> {
        let unusable = |why: String| PluginError::Unusable {
            file: file.to_owned(),
            why,
        };
        let mut running = Self::spawn(program, file, plugin)
            .map_err(|error| unusable(format!("its process cannot be started: {error}")))?;
        let hello = running.hello(plugin.is_some());
        let why = match timeout(START_PATIENCE, hello).await {
            Ok(Ok(manifest)) => return Ok((running, manifest)),
            Ok(Err(Some(why))) => why,
            Ok(Err(None)) => format!("its process {} while it was loaded", running.end().await),
            Err(_) => format!("it was not loaded within {START_PATIENCE:?}"),
        };
        running.end().await;
        Err(unusable(why))
    }

    fn spawn(
        program: &Path,
        file: &Path,
        plugin: Option<(Kind, Option<&str>)>,
    ) -> std::io::Result<Self> {
        let (ours, theirs) = StdUnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut command = Command::new(program);
        command.arg("plugin-host").arg(file);
        if let Some((kind, name)) = plugin {
            command.args(["--kind", word(kind)]);
            command.args(name.into_iter().flat_map(|name| ["--name", name]));
        }
        // What the service is configured with, keys among it, is nothing to a plugin.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PROCTOR_") {
                command.env_remove(name);
            }
        }
        command
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let mut stderr = JoinSet::new();
        if let Some(pipe) = child.stderr.take() {
            stderr.spawn(take_down(file.display().to_string(), pipe));
        }
        let (from, to) = UnixStream::from_std(ours)?.into_split();
        Ok(Self {
            child,
            from,
            to,
            _stderr: stderr,
        })
    }

    /// The manifest; why not, if the process said so.
    async fn hello(&mut self, makes_plugin: bool) -> Result<Manifest, Option<String>> {
        let manifest = match self.message().await? {
            Message::Loaded(manifest) => manifest,
            Message::Unusable(why) => return Err(Some(why)),
            other => return Err(Some(format!("its process began with {other:?}"))),
        };
        if makes_plugin {
            match self.message().await? {
                Message::Ready => {}
                Message::Unusable(why) => return Err(Some(why)),
                other => return Err(Some(format!("its process went on with {other:?}"))),
            }
        }
        Ok(manifest)
    }

    async fn message(&mut self) -> Result<Message, Option<String>> {
        match frame::receive(&mut self.from).await {
            Ok(Some(message)) => Ok(message),
            Ok(None) => Err(None),
            Err(error) => Err(Some(format!("its process cannot be understood: {error}"))),
        }
    }

    /// Ends it, and says how it has ended.
    pub(super) async fn end(&mut self) -> String {
        // It may be about to end by itself: then that is the truth about it.
        if let Ok(Ok(status)) = timeout(Duration::from_millis(200), self.child.wait()).await {
            return how(status);
        }
        if let Err(error) = self.child.start_kill() {
            return format!("cannot be ended: {error}");
        }
        match timeout(END_PATIENCE, self.child.wait()).await {
            Ok(Ok(_)) => "was ended".to_owned(),
            Ok(Err(error)) => format!("has ended somehow: {error}"),
            Err(_) => "does not end".to_owned(),
        }
    }
}

pub(super) fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Auth => "auth",
        Kind::Notification => "notification",
    }
}

fn how(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("was killed by signal {signal}"),
        (None, Some(code)) => format!("ended with code {code}"),
        (None, None) => "ended".to_owned(),
    }
}

/// Takes what a plugin writes to its standard error into the service's log.
async fn take_down(plugin: String, pipe: ChildStderr) {
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut bounded = (&mut reader).take(LINE_LIMIT);
        match bounded.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                warn!(plugin, "{}", text.trim_end());
            }
        }
    }
}
