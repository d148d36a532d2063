//! One process of a plugin, from its start to its end.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use proctor_plugin::Kind;
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::super::contents::{Contents, word};
use super::super::frame::{self, Message};
use super::super::{PluginError, environment};
use super::words;

/// How long a process may take to end that is about to, and its last words to be heard.
const LAST_MOMENTS: Duration = Duration::from_millis(200);
/// How long a process may take to end that was told to.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// A process. It ends when this is dropped.
pub(in crate::plugins) struct Running {
    pub(super) child: Child,
    pub(super) from: OwnedReadHalf,
    pub(super) to: OwnedWriteHalf,
    words: JoinSet<()>,
}

impl Running {
    /// Starts one and waits, not longer than this, until the library is loaded, and if a plugin is named, until it
    /// is made.
    pub(super) async fn load(
        program: &Path,
        file: &Path,
        plugin: Option<(Kind, Option<&str>)>,
        patience: Duration,
    ) -> Result<(Self, Contents), PluginError> {
        let unusable = |why: String| PluginError::Unusable {
            file: file.to_owned(),
            why,
        };
        let mut running = Self::spawn(program, file, plugin)
            .map_err(|error| unusable(format!("its process cannot be started: {error}")))?;
        let hello = running.hello(plugin.is_some());
        let why = match timeout(patience, hello).await {
            Ok(Ok(contents)) => return Ok((running, contents)),
            Ok(Err(Some(why))) => why,
            Ok(Err(None)) => format!("its process {} while it was loaded", running.end().await),
            Err(_) => format!("it was not loaded within {patience:?}"),
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
        let (said, says) = std::io::pipe()?;
        // A name without a folder would be searched for where system libraries are.
        let mut command = command(program, &std::path::absolute(file)?, plugin);
        command
            .stdin(OwnedFd::from(theirs))
            .stdout(says.try_clone()?)
            .stderr(says);
        let child = command.spawn()?;
        let said = pipe::Receiver::from_owned_fd(said.into())?;
        let mut words = JoinSet::new();
        words.spawn(words::take_down(file.display().to_string(), said));
        let (from, to) = UnixStream::from_std(ours)?.into_split();
        Ok(Self {
            child,
            from,
            to,
            words,
        })
    }

    /// What is in the library; why not, if the process said so.
    async fn hello(&mut self, makes_plugin: bool) -> Result<Contents, Option<String>> {
        let contents = match self.message().await? {
            Message::Loaded(contents) => contents,
            Message::Unusable(why) => return Err(Some(why)),
            other => return Err(Some(format!("its process began with {}", other.word()))),
        };
        if makes_plugin {
            match self.message().await? {
                Message::Ready => {}
                Message::Unusable(why) => return Err(Some(why)),
                other => return Err(Some(format!("its process went on with {}", other.word()))),
            }
        }
        Ok(contents)
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
        let how = match timeout(LAST_MOMENTS, self.child.wait()).await {
            Ok(Ok(status)) => how(status),
            _ => self.kill().await,
        };
        // What it said at the end tells most. Processes of its own may hold the pipe open.
        let _ = timeout(LAST_MOMENTS, self.words.join_next()).await;
        how
    }

    /// Lets go of it, which ends it, and hears what it has said.
    pub(super) async fn close(self) {
        let Self {
            mut child,
            from,
            to,
            mut words,
        } = self;
        drop((from, to));
        let _ = timeout(END_PATIENCE, child.wait()).await;
        let _ = timeout(LAST_MOMENTS, words.join_next()).await;
    }

    async fn kill(&mut self) -> String {
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

fn command(program: &Path, file: &Path, plugin: Option<(Kind, Option<&str>)>) -> Command {
    let mut command = Command::new(program);
    command.arg0("proctord").arg("plugin-host").arg(file);
    if let Some((kind, name)) = plugin {
        command.args(["--kind", word(kind)]);
        command.args(name.into_iter().flat_map(|name| ["--name", name]));
    }
    command
        .env_clear()
        .envs(environment::for_plugins())
        // What is typed at the terminal is meant for the service, which ends this when it has no more calls for it.
        .process_group(0)
        .kill_on_drop(true);
    command
}

fn how(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("was killed by signal {signal}"),
        (None, Some(code)) => format!("ended with code {code}"),
        (None, None) => "ended".to_owned(),
    }
}
