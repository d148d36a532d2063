//! The Kubernetes double as a process of its own, for whoever wants a cluster without having one. It serves until it
//! is told to end, and its containers end with it.

use std::fs;
use std::future;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;

use clap::Parser;
use proctor_testkit::kubernetes::{Kubernetes, KubernetesBuilder};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// Serves the Kubernetes API on loopback and runs the containers of Jobs as processes of this machine, without any
/// isolation.
#[derive(Debug, Parser)]
struct Options {
    /// The folder of the images: `registry.example/x/NAME:tag` is its folder NAME.
    #[arg(long, value_name = "DIR")]
    images: Option<PathBuf>,

    /// Where the kubeconfig is written that leads to it, as soon as it serves.
    #[arg(long, value_name = "FILE")]
    kubeconfig: PathBuf,

    /// The kubeconfig's default namespace.
    #[arg(long, value_name = "NAME", default_value = "default")]
    namespace: String,

    /// The port on loopback; 0 is any that is free.
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// Ends too when standard input does, and so with a parent that keeps the other end of a pipe.
    #[arg(long)]
    until_stdin_ends: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let options = Options::parse();
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let double = builder(&options).start();
    write_whole(
        &options.kubeconfig,
        &double.kubeconfig_text(&options.namespace),
    )?;
    writeln!(io::stdout(), "ready {}", double.url())?;
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
        () = stdin_ends(options.until_stdin_ends) => {}
    }
    drop(double);
    // Whoever reads it would wait for a server that is gone.
    fs::remove_file(&options.kubeconfig)
}

fn builder(options: &Options) -> KubernetesBuilder {
    let builder = Kubernetes::builder().port(options.port);
    match &options.images {
        Some(folder) => builder.images(folder),
        None => builder,
    }
}

/// Nobody sees half of the file.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    fs::write(&new, text)?;
    fs::rename(&new, path)
}

async fn stdin_ends(is_asked_for: bool) {
    if !is_asked_for {
        return future::pending().await;
    }
    let (tell, told) = oneshot::channel::<()>();
    thread::spawn(move || {
        // An input that cannot be read has ended as well.
        let _read = io::stdin().read_to_end(&mut Vec::new());
        drop(tell);
    });
    // It is told by the drop.
    let _ended = told.await;
}
