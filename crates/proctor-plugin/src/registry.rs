//! The plugins of one library, whatever their kind: how each is made, and how its methods are called by name.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Auth, Entry, Failure, Kind, Manifest, Notification};

/// A plugin that has been made.
pub trait Instance: Send + Sync {
    /// Answers a call in JSON; `None` if there is no such method.
    fn call(&self, method: &str, request: &[u8]) -> Option<Result<Vec<u8>, Failure>>;
}

/// One plugin of a library.
pub struct Registered {
    entry: Entry,
    create: fn() -> Result<Box<dyn Instance>, Failure>,
}

/// A plugin for authentication.
#[must_use]
pub fn auth<P: Auth>(name: &str) -> Registered {
    let lookup = P::LOOKS_UP.then_some("lookup");
    let methods = ["authenticate", "authorise"].into_iter().chain(lookup);
    Registered {
        entry: entry(name, Kind::Auth, methods),
        create: || Ok(Box::new(OfAuth(P::create()?))),
    }
}

/// A plugin for notifications.
#[must_use]
pub fn notification<P: Notification>(name: &str) -> Registered {
    Registered {
        entry: entry(name, Kind::Notification, ["notify"].into_iter()),
        create: || Ok(Box::new(OfNotification(P::create()?))),
    }
}

fn entry<'a>(name: &str, kind: Kind, methods: impl Iterator<Item = &'a str>) -> Entry {
    Entry {
        name: name.to_owned(),
        kind,
        methods: methods.map(ToOwned::to_owned).collect(),
    }
}

/// What the library says of itself.
pub(crate) fn manifest(name: &str, version: &str, plugins: &[Registered]) -> Manifest {
    Manifest {
        name: name.to_owned(),
        version: version.to_owned(),
        plugins: plugins.iter().map(|one| one.entry.clone()).collect(),
    }
}

/// Makes the plugin of that name.
pub(crate) fn create(plugins: &[Registered], name: &str) -> Result<Box<dyn Instance>, Failure> {
    let Some(plugin) = plugins.iter().find(|plugin| plugin.entry.name == name) else {
        return Err(Failure::new(format!("there is no plugin {name:?} in it")));
    };
    (plugin.create)()
}

struct OfAuth<P>(P);

impl<P: Auth> Instance for OfAuth<P> {
    fn call(&self, method: &str, request: &[u8]) -> Option<Result<Vec<u8>, Failure>> {
        let plugin = &self.0;
        Some(match method {
            "authenticate" => answer(request, |asked| plugin.authenticate(&asked)),
            "authorise" => answer(request, |asked| plugin.authorise(&asked)),
            "lookup" if P::LOOKS_UP => {
                answer(request, |asked: crate::Lookup| plugin.lookup(&asked.email))
            }
            _ => return None,
        })
    }
}

struct OfNotification<P>(P);

impl<P: Notification> Instance for OfNotification<P> {
    fn call(&self, method: &str, request: &[u8]) -> Option<Result<Vec<u8>, Failure>> {
        let plugin = &self.0;
        (method == "notify").then(|| answer(request, |event| plugin.notify(&event)))
    }
}

fn answer<Q: DeserializeOwned, A: Serialize>(
    request: &[u8],
    act: impl FnOnce(Q) -> Result<A, Failure>,
) -> Result<Vec<u8>, Failure> {
    let request = serde_json::from_slice(request)?;
    Ok(serde_json::to_vec(&act(request)?)?)
}
