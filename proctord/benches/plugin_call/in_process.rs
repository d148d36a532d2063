//! A library that is loaded into this process, as no service does it: called by its table, without anything between.
#![expect(unsafe_code, reason = "the library is called by its C interface")]

use std::ffi::c_void;
use std::path::Path;

use libloading::Library;
use proctor_plugin::abi::{Answer, Bytes, Export, OK, SYMBOL, Table};

/// A plugin in this process.
pub(crate) struct Loaded {
    table: &'static Table,
    instance: *mut c_void,
}

impl Loaded {
    pub(crate) fn load(file: &Path, name: &str) -> Self {
        // SAFETY: the library is our own example; it is never unloaded.
        let library = Box::leak(Box::new(unsafe { Library::new(file) }.unwrap()));
        // SAFETY: the symbol is of this type, and its table stays.
        let table = unsafe {
            let export = library.get::<Export>(SYMBOL.as_bytes()).unwrap();
            export().as_ref().unwrap()
        };
        let (mut instance, mut answer) = (std::ptr::null_mut(), Answer::NONE);
        let name = Bytes::of(name.as_bytes());
        // SAFETY: all pointers live through the call.
        let code = unsafe { table.create.unwrap()(name, &raw mut instance, &raw mut answer) };
        assert_eq!(code, OK);
        Self { table, instance }
    }

    pub(crate) fn call(&self, method: &str, request: &[u8]) -> Vec<u8> {
        let mut answer = Answer::NONE;
        let (method, request) = (Bytes::of(method.as_bytes()), Bytes::of(request));
        // SAFETY: the instance is alive, the bytes live through the call, and the answer is read before it is
        // given back, once.
        unsafe {
            let call = self.table.call.unwrap();
            assert_eq!(call(self.instance, method, request, &raw mut answer), OK);
            let bytes = std::slice::from_raw_parts(answer.data, answer.length).to_vec();
            self.table.release.unwrap()(answer);
            bytes
        }
    }
}
