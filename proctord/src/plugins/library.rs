//! A library of plugins in this process: loaded, its table looked at, its functions called as the header of
//! `proctor-plugin` says. It is the only place that trusts a library, and runs nowhere but in a plugin's own process.
#![expect(
    unsafe_code,
    reason = "code of others is loaded and called by its C interface"
)]

use std::error::Error;
use std::ffi::c_void;
use std::path::Path;

use libloading::os::unix::{Library as Handle, RTLD_LOCAL, RTLD_NOW};
use proctor_plugin::abi::{self, Bytes, Export, Table};

use super::contents::{Contents, checked};
use super::frame::LIMIT;

/// The longest manifest.
const MANIFEST_LIMIT: usize = 64 * 1024;

type Create = unsafe extern "C" fn(Bytes, *mut *mut c_void, *mut abi::Answer) -> i32;
type CallFn = unsafe extern "C" fn(*mut c_void, Bytes, Bytes, *mut abi::Answer) -> i32;
type Release = unsafe extern "C" fn(abi::Answer);

/// A library that is loaded, for as long as this process lives.
pub(super) struct Library {
    contents: Contents,
    create: Create,
    call: CallFn,
    release: Release,
}

/// A plugin that was made. It is not ended: the process ends.
pub(super) struct Instance<'a> {
    library: &'a Library,
    instance: *mut c_void,
}

// SAFETY: the header demands that an instance may be called from several threads at once.
unsafe impl Send for Instance<'_> {}
// SAFETY: the same.
unsafe impl Sync for Instance<'_> {}

impl Library {
    /// Loads a library.
    pub(super) fn load(file: &Path) -> Result<Self, String> {
        // SAFETY: what a library does when it is loaded is its own affair; this process is there for nothing else.
        let handle = unsafe { Handle::open(Some(file), RTLD_NOW | RTLD_LOCAL) };
        let handle = handle.map_err(|error| not_loaded(file, &error))?;
        // SAFETY: the symbol is a function of this type, if the library is a plugin.
        let export = unsafe { handle.get::<Export>(abi::SYMBOL.as_bytes()) };
        let export = *export.map_err(|_| format!("it has no function {}", abi::SYMBOL))?;
        // It is never unloaded: threads of it may run.
        std::mem::forget(handle);
        // SAFETY: the function takes nothing, and returns a table that stays, or null.
        let table = unsafe { export() };
        if table.is_null() {
            return Err("it says that it cannot be used".to_owned());
        }
        // SAFETY: a table begins with size and version, whatever comes behind.
        let (size, major) = unsafe { ((*table).size as usize, (*table).major) };
        if major != abi::MAJOR {
            return Err(format!(
                "it speaks version {major} of the interface, not {}",
                abi::MAJOR
            ));
        }
        if size < size_of::<Table>() {
            let least = size_of::<Table>();
            return Err(format!(
                "its table has {size} bytes, and {least} at least are needed"
            ));
        }
        // SAFETY: the table says that all of these bytes are there.
        Self::of(unsafe { &*table })
    }

    fn of(table: &Table) -> Result<Self, String> {
        let missing = |name: &str| format!("its table has no function {name}");
        Ok(Self {
            contents: contents(table)?,
            create: table.create.ok_or_else(|| missing("create"))?,
            call: table.call.ok_or_else(|| missing("call"))?,
            release: table.release.ok_or_else(|| missing("release"))?,
        })
    }

    pub(super) fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Makes the plugin of that name.
    pub(super) fn create(&self, name: &str) -> Result<Instance<'_>, String> {
        let (mut instance, mut answer) = (std::ptr::null_mut(), abi::Answer::NONE);
        let name = Bytes::of(name.as_bytes());
        // SAFETY: all pointers live through the call.
        let code = unsafe { (self.create)(name, &raw mut instance, &raw mut answer) };
        let said = self.take(answer);
        if code == abi::OK {
            return Ok(Instance {
                library: self,
                instance,
            });
        }
        Err(text(said)?)
    }

    /// Copies an answer and gives it back.
    fn take(&self, answer: abi::Answer) -> Result<Vec<u8>, String> {
        if answer.data.is_null() {
            return Ok(Vec::new());
        }
        let taken = if answer.length > LIMIT {
            let length = answer.length;
            Err(format!("its answer has {length} bytes, {LIMIT} may be"))
        } else {
            // SAFETY: the plugin vouches for its answer until it is released.
            Ok(unsafe { std::slice::from_raw_parts(answer.data, answer.length) }.to_vec())
        };
        // SAFETY: each answer is given back once.
        unsafe { (self.release)(answer) };
        taken
    }
}

impl Instance<'_> {
    /// Calls a method; the answer is text, at least.
    pub(super) fn call(&self, method: &str, request: &str) -> Result<String, String> {
        let library = self.library;
        let mut answer = abi::Answer::NONE;
        let (name, request) = (Bytes::of(method.as_bytes()), Bytes::of(request.as_bytes()));
        // SAFETY: the instance was made by this library and is never ended; the bytes live through the call.
        let code = unsafe { (library.call)(self.instance, name, request, &raw mut answer) };
        let said = library.take(answer);
        match code {
            abi::OK => text(said),
            abi::NO_METHOD => Err(format!("it has no method {method}")),
            _ => Err(text(said)?),
        }
    }
}

fn not_loaded(file: &Path, error: &libloading::Error) -> String {
    let told = error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string);
    // Whoever tells of it names the file already.
    let why = told.strip_prefix(&format!("{}: ", file.display()));
    format!("it cannot be loaded: {}", why.unwrap_or(&told))
}

fn contents(table: &Table) -> Result<Contents, String> {
    let bytes = table.manifest;
    let length = bytes.length;
    if bytes.data.is_null() || length == 0 {
        return Err("it has no manifest".to_owned());
    }
    if length > MANIFEST_LIMIT {
        return Err(format!(
            "its manifest has {length} bytes, {MANIFEST_LIMIT} may be"
        ));
    }
    // SAFETY: a manifest stays for as long as the process lives.
    let bytes = unsafe { std::slice::from_raw_parts(bytes.data, bytes.length) };
    let manifest = serde_json::from_slice(bytes);
    let manifest = manifest.map_err(|error| format!("its manifest means nothing: {error}"))?;
    Ok(Contents {
        manifest: checked(manifest)?,
        interface: (table.major, table.minor),
    })
}

fn text(said: Result<Vec<u8>, String>) -> Result<String, String> {
    String::from_utf8(said?).map_err(|_| "its answer is no UTF-8".to_owned())
}
