//! The interface as whoever loads a library sees it: the table, calls in JSON, failures, panics, memory.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]
#![expect(unsafe_code, reason = "the calls are those of C")]

use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};

use proctor_plugin::abi::{self, Answer, Bytes, Table};
use proctor_plugin::{Auth, Credentials, Event, Failure, Kind, Manifest, Notification, User};
use serde_json::{Value, json};

static ENDED: AtomicUsize = AtomicUsize::new(0);

struct Doors;

impl Auth for Doors {
    const LOOKS_UP: bool = true;

    fn create() -> Result<Self, Failure> {
        Ok(Self)
    }

    fn authenticate(&self, credentials: &Credentials) -> Result<Option<User>, Failure> {
        match credentials.token.as_str() {
            "panic" => panic!("no {}", "way"),
            "broken" => Err(std::io::Error::other("the file is gone").into()),
            "right" => Ok(Some(user("ali@example.org"))),
            _ => Ok(None),
        }
    }

    fn lookup(&self, email: &str) -> Result<Option<User>, Failure> {
        Ok(Some(user(email)))
    }
}

impl Drop for Doors {
    fn drop(&mut self) {
        ENDED.fetch_add(1, Ordering::SeqCst);
        panic!("at the end, too");
    }
}

fn user(email: &str) -> User {
    User {
        email: email.to_owned(),
        name: String::new(),
        active: true,
        groups: vec!["a".to_owned(), "b".to_owned()],
    }
}

struct News;

impl Notification for News {
    fn create() -> Result<Self, Failure> {
        Err(Failure::new("NEWS_URL is not set"))
    }

    fn notify(&self, _event: &Event) -> Result<(), Failure> {
        Ok(())
    }
}

proctor_plugin::plugins!(auth "Doors" => Doors, notification "News" => News);

unsafe extern "C" {
    fn proctor_plugin_v1() -> *const Table;
}

/// An instance, as a loader holds it.
struct Loaded {
    table: &'static Table,
    instance: *mut c_void,
}

impl Loaded {
    fn new(name: &[u8]) -> Result<Self, String> {
        let table = table();
        let (mut instance, mut answer) = (std::ptr::null_mut(), Answer::NONE);
        let create = table.create.unwrap();
        // SAFETY: all pointers live through the call.
        let code = unsafe { create(Bytes::of(name), &raw mut instance, &raw mut answer) };
        let said = taken(table, answer);
        match code {
            abi::OK => Ok(Self { table, instance }),
            _ => Err(String::from_utf8(said).unwrap()),
        }
    }

    fn call(&self, method: &str, request: &[u8]) -> (i32, Vec<u8>) {
        let mut answer = Answer::NONE;
        let call = self.table.call.unwrap();
        let (method, request) = (Bytes::of(method.as_bytes()), Bytes::of(request));
        // SAFETY: the instance is alive, the bytes live through the call.
        let code = unsafe { call(self.instance, method, request, &raw mut answer) };
        (code, taken(self.table, answer))
    }

    fn ask(&self, method: &str, request: &Value) -> Value {
        let (code, answer) = self.call(method, request.to_string().as_bytes());
        assert_eq!(code, abi::OK, "{}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).unwrap()
    }

    fn failure(&self, method: &str, request: &str) -> String {
        let (code, answer) = self.call(method, request.as_bytes());
        assert_eq!(code, abi::FAILED);
        String::from_utf8(answer).unwrap()
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        // SAFETY: it is not called any more.
        unsafe { self.table.destroy.unwrap()(self.instance) }
    }
}

fn table() -> &'static Table {
    // SAFETY: the function is the one of this test, and its table stays.
    unsafe { proctor_plugin_v1().as_ref() }.unwrap()
}

fn taken(table: &Table, answer: Answer) -> Vec<u8> {
    if answer.data.is_null() {
        return Vec::new();
    }
    // SAFETY: the plugin vouches for its answer until it is released, which happens once.
    unsafe {
        let bytes = std::slice::from_raw_parts(answer.data, answer.length).to_vec();
        table.release.unwrap()(answer);
        bytes
    }
}

#[test]
fn the_table_says_what_is_in_the_library() {
    let table = table();

    assert_eq!((table.major, table.minor), (abi::MAJOR, abi::MINOR));
    assert_eq!(table.size as usize, size_of::<Table>());
    // SAFETY: a manifest stays for ever.
    let bytes = unsafe { std::slice::from_raw_parts(table.manifest.data, table.manifest.length) };
    let manifest: Manifest = serde_json::from_slice(bytes).unwrap();
    assert_eq!(
        (&*manifest.name, &*manifest.version),
        ("proctor-plugin", "3.0.0")
    );
    let kinds: Vec<_> = manifest
        .plugins
        .iter()
        .map(|one| (&*one.name, one.kind))
        .collect();
    assert_eq!(kinds, [("Doors", Kind::Auth), ("News", Kind::Notification)]);
    assert_eq!(
        manifest.plugins[0].methods,
        ["authenticate", "authorise", "lookup"]
    );
    assert!(std::ptr::eq(table, self::table()));
}

#[test]
fn calls_are_answered_in_json() {
    let doors = Loaded::new(b"Doors").unwrap();
    let ali = json!({"email": "ali@example.org", "name": "", "active": true, "groups": ["a", "b"]});

    assert_eq!(doors.ask("authenticate", &json!({"token": "right"})), ali);
    assert_eq!(
        doors.ask("authenticate", &json!({"token": "wrong", "email": "x@y"})),
        Value::Null
    );
    assert_eq!(
        doors.ask("lookup", &json!({"email": "eve@example.org"}))["email"],
        "eve@example.org"
    );
    let mut asked = json!({"user": ali, "required_groups": ["b", "a"], "action": "run"});
    assert_eq!(doors.ask("authorise", &asked), true);
    asked["required_groups"] = json!(["b", "c"]);
    assert_eq!(doors.ask("authorise", &asked), false);
    asked["required_groups"] = json!([]);
    asked["user"]["active"] = json!(false);
    assert_eq!(doors.ask("authorise", &asked), false);
    assert_eq!(doors.call("notify", b"{}").0, abi::NO_METHOD);
}

#[test]
fn failures_and_panics_are_told_and_the_plugin_goes_on() {
    let doors = Loaded::new(b"Doors").unwrap();

    assert_eq!(
        doors.failure("authenticate", r#"{"token": "broken"}"#),
        "the file is gone"
    );
    assert_eq!(
        doors.failure("authenticate", r#"{"token": "panic"}"#),
        "it panicked: no way"
    );
    assert!(
        doors
            .failure("authenticate", "{}")
            .contains("missing field `token`")
    );
    assert!(
        doors
            .failure("authenticate", "\u{0}")
            .contains("expected value")
    );
    assert!(
        doors
            .ask("authenticate", &json!({"token": "right"}))
            .is_object()
    );
}

#[test]
fn what_cannot_be_made_says_why() {
    let failure = |name: &[u8]| Loaded::new(name).err().unwrap();

    assert_eq!(failure(b"News"), "NEWS_URL is not set");
    assert_eq!(failure(b"Nobody"), "there is no plugin \"Nobody\" in it");
    assert!(failure(b"\xff").contains("utf-8"));
}

#[test]
fn an_instance_that_breaks_at_its_end_has_ended() {
    let before = ENDED.load(Ordering::SeqCst);

    drop(Loaded::new(b"Doors").unwrap());

    assert!(ENDED.load(Ordering::SeqCst) > before);
}
