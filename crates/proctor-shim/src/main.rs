//! `proctor-shim FOLDER`: stands by one command that the worker runs, and outlives the worker.
//!
//! Single-threaded and without a runtime, so that forking is safe and an idle job costs next to nothing.

mod shim;

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: proctor-shim FOLDER (the worker calls this)");
        return ExitCode::from(2);
    };
    match shim::run(&proctor_shim::Folder::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            shim::note(&error.to_string());
            ExitCode::FAILURE
        }
    }
}
