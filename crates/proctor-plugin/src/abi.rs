//! The C interface as Rust sees it; `include/proctor_plugin.h` says the same to C. Both sides of it use these types:
//! plugins by way of the macros, and whoever loads them. Nothing here runs.

use std::ffi::c_void;

/// The first number of the interface's version, which the exported symbol has in its name.
pub const MAJOR: u16 = 1;
/// The second one; it grows when fields are appended.
pub const MINOR: u16 = 0;
/// The name of the exported function.
pub const SYMBOL: &str = "proctor_plugin_v1";

/// The answer is JSON as the method says.
pub const OK: i32 = 0;
/// The answer is text for the service's log: what went wrong.
pub const FAILED: i32 = 1;
/// There is no such method; no answer.
pub const NO_METHOD: i32 = 2;

/// Bytes that belong to whoever passes them, and only until the function returns.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Bytes {
    pub data: *const u8,
    pub length: usize,
}

/// Bytes that belong to the plugin until they are given to `release`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Answer {
    pub data: *mut u8,
    pub length: usize,
    pub capacity: usize,
}

/// What the exported function returns. Fields are only ever appended: `size` says how many bytes of it there are.
/// The functions may be missing in a library that was not made with this crate.
#[derive(Debug)]
#[repr(C)]
pub struct Table {
    pub size: u32,
    pub major: u16,
    pub minor: u16,
    pub manifest: Bytes,
    pub create: Option<unsafe extern "C" fn(Bytes, *mut *mut c_void, *mut Answer) -> i32>,
    pub call: Option<unsafe extern "C" fn(*mut c_void, Bytes, Bytes, *mut Answer) -> i32>,
    pub release: Option<unsafe extern "C" fn(Answer)>,
    pub destroy: Option<unsafe extern "C" fn(*mut c_void)>,
}

/// The exported function.
pub type Export = unsafe extern "C" fn() -> *const Table;

impl Answer {
    /// There is none.
    pub const NONE: Self = Self {
        data: std::ptr::null_mut(),
        length: 0,
        capacity: 0,
    };
}

impl Bytes {
    /// The bytes of a slice, which must outlive their use.
    #[must_use]
    pub const fn of(slice: &[u8]) -> Self {
        Self {
            data: slice.as_ptr(),
            length: slice.len(),
        }
    }
}
