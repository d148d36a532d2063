//! Where calls enter a plugin in Rust: nothing unwinds out of here, and what comes in is looked at before it is
//! believed. The macros make the table of these functions; nobody else calls them.
#![expect(
    unsafe_code,
    reason = "this is the border to C: pointers come in and go out as the header says"
)]

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use crate::Failure;
use crate::abi::{self, Answer, Bytes, Table};
use crate::registry::{self, Instance, Registered};

/// The plugins of a library and its table, which stay for as long as the process lives.
pub struct Library {
    plugins: OnceLock<Vec<Registered>>,
    table: OnceLock<StaticTable>,
}

/// A table whose pointers lead to what stays for ever.
struct StaticTable(Table);

// SAFETY: the table is never written to once it is made, and what it points to is static.
unsafe impl Send for StaticTable {}
// SAFETY: the same.
unsafe impl Sync for StaticTable {}

/// The functions of a library, which find its plugins by themselves.
pub struct Functions {
    pub create: unsafe extern "C" fn(Bytes, *mut *mut c_void, *mut Answer) -> i32,
}

impl Library {
    /// One whose plugins are not known yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            plugins: OnceLock::new(),
            table: OnceLock::new(),
        }
    }

    /// The table; null if it cannot be made.
    pub fn table(
        &'static self,
        name: &str,
        version: &str,
        plugins: fn() -> Vec<Registered>,
        functions: &Functions,
    ) -> *const Table {
        let made = catch_unwind(AssertUnwindSafe(|| {
            let plugins = self.plugins.get_or_init(plugins);
            let table = || make(&registry::manifest(name, version, plugins), functions);
            &raw const self.table.get_or_init(table).0
        }));
        made.unwrap_or(std::ptr::null())
    }

    /// `create` of the table.
    ///
    /// # Safety
    /// As the header says of `create`.
    pub unsafe fn create(
        &self,
        name: Bytes,
        instance: *mut *mut c_void,
        answer: *mut Answer,
    ) -> i32 {
        // SAFETY: the caller passes bytes that live until we return.
        let name = unsafe { slice(name) };
        let made = guarded(|| {
            let name = std::str::from_utf8(name)?;
            let plugins = self.plugins.get().map_or(&[][..], Vec::as_slice);
            registry::create(plugins, name)
        });
        match made {
            Ok(made) => {
                let made: Box<Box<dyn Instance>> = Box::new(made);
                // SAFETY: the caller passes a place for the instance.
                unsafe { instance.write(Box::into_raw(made).cast()) };
                abi::OK
            }
            // SAFETY: the caller passes a place for the answer.
            Err(failure) => unsafe { fail(answer, &failure) },
        }
    }
}

impl Default for Library {
    fn default() -> Self {
        Self::new()
    }
}

fn make(manifest: &crate::Manifest, functions: &Functions) -> StaticTable {
    // Serialising texts into memory does not fail; an empty manifest is refused by the loader.
    let manifest: &'static [u8] = serde_json::to_vec(manifest).unwrap_or_default().leak();
    StaticTable(Table {
        size: size_of::<Table>() as u32,
        major: abi::MAJOR,
        minor: abi::MINOR,
        manifest: Bytes::of(manifest),
        create: Some(functions.create),
        call: Some(call),
        release: Some(release),
        destroy: Some(destroy),
    })
}

/// `call` of the table.
unsafe extern "C" fn call(
    instance: *mut c_void,
    method: Bytes,
    request: Bytes,
    answer: *mut Answer,
) -> i32 {
    // SAFETY: the caller passes an instance that `create` made and `destroy` has not ended, and bytes that live until
    // we return.
    let (instance, method, request) = unsafe {
        (
            &*instance.cast::<Box<dyn Instance>>(),
            slice(method),
            slice(request),
        )
    };
    let called = guarded(|| {
        let method = std::str::from_utf8(method)?;
        instance.call(method, request).transpose()
    });
    match called {
        Ok(Some(bytes)) => {
            // SAFETY: the caller passes a place for the answer.
            unsafe { answer.write(leak(bytes)) };
            abi::OK
        }
        Ok(None) => abi::NO_METHOD,
        // SAFETY: the same.
        Err(failure) => unsafe { fail(answer, &failure) },
    }
}

/// `release` of the table.
unsafe extern "C" fn release(answer: Answer) {
    if !answer.data.is_null() {
        // SAFETY: the caller gives back what `leak` gave out, once.
        drop(unsafe { Vec::from_raw_parts(answer.data, answer.length, answer.capacity) });
    }
}

/// `destroy` of the table.
unsafe extern "C" fn destroy(instance: *mut c_void) {
    // SAFETY: the caller gives back what `create` made, once, and calls it no more.
    let instance = unsafe { Box::from_raw(instance.cast::<Box<dyn Instance>>()) };
    // A plugin that breaks while it ends has ended.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(instance)));
}

/// A panic is a failure like others; the plugin goes on.
fn guarded<T>(act: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
        // What was thrown could panic once more when it is dropped.
        std::mem::forget(panic);
        let said = said.unwrap_or_else(|| "something that is no text".to_owned());
        Err(Failure::new(format!("it panicked: {said}")))
    })
}

unsafe fn fail(answer: *mut Answer, failure: &Failure) -> i32 {
    // SAFETY: the caller vouches for the place.
    unsafe { answer.write(leak(failure.to_string().into_bytes())) };
    abi::FAILED
}

fn leak(bytes: Vec<u8>) -> Answer {
    let mut bytes = std::mem::ManuallyDrop::new(bytes);
    Answer {
        data: bytes.as_mut_ptr(),
        length: bytes.len(),
        capacity: bytes.capacity(),
    }
}

unsafe fn slice<'a>(bytes: Bytes) -> &'a [u8] {
    if bytes.data.is_null() {
        return &[];
    }
    // SAFETY: the caller vouches for pointer and length.
    unsafe { std::slice::from_raw_parts(bytes.data, bytes.length) }
}

/// Exports the plugins of this library: `plugins!(auth "GateAuth" => Gate, notification "GateNews" => News);`
#[macro_export]
macro_rules! plugins {
    ($($kind:ident $name:literal => $plugin:ty),+ $(,)?) => {
        #[allow(unsafe_code, reason = "the exported symbol, and a function that C calls")]
        const _: () = {
            static LIBRARY: $crate::entry::Library = $crate::entry::Library::new();

            unsafe extern "C" fn create(
                name: $crate::abi::Bytes,
                instance: *mut *mut ::std::ffi::c_void,
                answer: *mut $crate::abi::Answer,
            ) -> i32 {
                // SAFETY: the caller keeps to the header, as `create` of the library wants it.
                unsafe { LIBRARY.create(name, instance, answer) }
            }

            #[unsafe(no_mangle)]
            extern "C" fn proctor_plugin_v1() -> *const $crate::abi::Table {
                LIBRARY.table(
                    env!("CARGO_PKG_NAME"),
                    env!("CARGO_PKG_VERSION"),
                    || vec![$($crate::$kind::<$plugin>($name)),+],
                    &$crate::entry::Functions { create },
                )
            }
        };
    };
}

/// Exports the one plugin for authentication of this library: `auth_plugin!("GateAuth", Gate);`
#[macro_export]
macro_rules! auth_plugin {
    ($name:literal, $plugin:ty) => {
        $crate::plugins!(auth $name => $plugin);
    };
}

/// Exports the one plugin for notifications of this library: `notification_plugin!("Slack", Slack);`
#[macro_export]
macro_rules! notification_plugin {
    ($name:literal, $plugin:ty) => {
        $crate::plugins!(notification $name => $plugin);
    };
}
