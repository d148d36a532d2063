//! A plugin in Rust that knows nothing of the SDK, and panics when it is called. A test compiles it by itself.

use std::ffi::c_void;

#[repr(C)]
pub struct Bytes {
    data: *const u8,
    length: usize,
}

#[repr(C)]
pub struct Answer {
    data: *mut u8,
    length: usize,
    capacity: usize,
}

#[repr(C)]
pub struct Table {
    size: u32,
    major: u16,
    minor: u16,
    manifest: Bytes,
    create: extern "C" fn(Bytes, *mut *mut c_void, *mut Answer) -> i32,
    call: extern "C" fn(*mut c_void, Bytes, Bytes, *mut Answer) -> i32,
    release: extern "C" fn(Answer),
    destroy: extern "C" fn(*mut c_void),
}

// SAFETY: it is never written to.
unsafe impl Sync for Table {}

const MANIFEST: &str = r#"{"name": "panicking", "version": "1.0.0",
    "plugins": [{"name": "Panics", "kind": "auth", "methods": ["authenticate"]}]}"#;

static TABLE: Table = Table {
    size: size_of::<Table>() as u32,
    major: 1,
    minor: 0,
    manifest: Bytes {
        data: MANIFEST.as_ptr(),
        length: MANIFEST.len(),
    },
    create,
    call,
    release,
    destroy,
};

extern "C" fn create(_name: Bytes, _instance: *mut *mut c_void, _answer: *mut Answer) -> i32 {
    0
}

extern "C" fn call(_: *mut c_void, _: Bytes, _: Bytes, _: *mut Answer) -> i32 {
    panic!("nobody catches this")
}

extern "C" fn release(_answer: Answer) {}

extern "C" fn destroy(_instance: *mut c_void) {}

#[unsafe(no_mangle)]
pub extern "C" fn proctor_plugin_v1() -> *const Table {
    &raw const TABLE
}
