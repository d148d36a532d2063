//! Wakes readers when their job's folder changes. One inotify instance serves all readers of a worker; each folder
//! with readers has one watch.

use std::collections::HashMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::error::WorkerError;
use crate::readiness::readable;

const EVENT_BUFFER_BYTES: usize = 16 * 1024;

/// All watched folders of one worker.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    started: Mutex<Option<Started>>,
}

#[derive(Debug)]
struct Started {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    inotify: AsyncFd<OwnedFd>,
    folders: Mutex<HashMap<i32, watch::Sender<()>>>,
}

/// One reader's interest in one folder.
#[derive(Debug)]
pub(super) struct Watch {
    shared: Arc<Shared>,
    number: i32,
    receiver: Option<watch::Receiver<()>>,
}

impl Watches {
    /// Begins to watch a folder; must be called within a runtime.
    pub(super) fn subscribe(&self, folder: &Path) -> Result<Watch, WorkerError> {
        let shared = self.shared().map_err(WorkerError::io("watch", folder))?;
        let mut folders = shared.folders();
        let events = WatchFlags::MODIFY
            | WatchFlags::CREATE
            | WatchFlags::MOVED_TO
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        // The same folder has the same number, so its readers share an entry.
        let number =
            inotify::add_watch(shared.inotify.get_ref(), folder, events).map_err(|errno| {
                match errno {
                    Errno::NOENT | Errno::NOTDIR => WorkerError::Absent {
                        path: folder.to_owned(),
                    },
                    errno => WorkerError::io("watch", folder)(errno.into()),
                }
            })?;
        let receiver = folders.entry(number).or_default().subscribe();
        drop(folders);
        Ok(Watch {
            shared,
            number,
            receiver: Some(receiver),
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "it ends with the watches: their drop aborts it"
    )]
    fn shared(&self) -> io::Result<Arc<Shared>> {
        let mut started = lock(&self.started);
        if let Some(started) = &*started
            && !started.task.is_finished()
        {
            return Ok(Arc::clone(&started.shared));
        }
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        let shared = Arc::new(Shared {
            inotify: readable(inotify)?,
            folders: Mutex::default(),
        });
        let task = tokio::spawn(dispatch(Arc::clone(&shared)));
        *started = Some(Started {
            shared: Arc::clone(&shared),
            task,
        });
        Ok(shared)
    }
}

impl Drop for Watches {
    fn drop(&mut self) {
        if let Some(started) = lock(&self.started).take() {
            started.task.abort();
        }
    }
}

impl Watch {
    /// From here on a change counts as new.
    pub(super) fn mark_seen(&mut self) {
        if let Some(receiver) = &mut self.receiver {
            receiver.borrow_and_update();
        }
    }

    /// Waits for a change after [`Watch::mark_seen`]; `false` if this watch will see no more.
    pub(super) async fn changed(&mut self) -> bool {
        match &mut self.receiver {
            Some(receiver) => receiver.changed().await.is_ok(),
            None => false,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut folders = self.shared.folders();
        self.receiver = None;
        if folders
            .get(&self.number)
            .is_some_and(|sender| sender.receiver_count() == 0)
        {
            folders.remove(&self.number);
            // It has gone by itself if the folder has.
            let _ = inotify::remove_watch(self.shared.inotify.get_ref(), self.number);
        }
    }
}

impl Shared {
    fn folders(&self) -> MutexGuard<'_, HashMap<i32, watch::Sender<()>>> {
        lock(&self.folders)
    }

    /// Passes on every event that is there.
    fn pass_on(&self) -> io::Result<()> {
        let mut buffer = [MaybeUninit::uninit(); EVENT_BUFFER_BYTES];
        let mut events = inotify::Reader::new(self.inotify.get_ref(), &mut buffer);
        loop {
            let (number, flags) = match events.next() {
                Ok(event) => (event.wd(), event.events()),
                Err(Errno::INTR) => continue,
                Err(errno) => return Err(errno.into()),
            };
            let mut folders = self.folders();
            if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                folders.values().for_each(|sender| sender.send_replace(()));
            }
            if let Some(sender) = folders.get(&number) {
                sender.send_replace(());
            }
            if flags.contains(ReadFlags::IGNORED) {
                folders.remove(&number);
            }
        }
    }
}

async fn dispatch(shared: Arc<Shared>) {
    loop {
        let Ok(mut ready) = shared.inotify.readable().await else {
            return;
        };
        if let Ok(Err(error)) = ready.try_io(|_| shared.pass_on()) {
            // Without their senders the readers look again, and the next watch starts a new instance.
            tracing::error!(%error, "cannot read inotify events");
            shared.folders().clear();
            return;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is ever left half-done under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
