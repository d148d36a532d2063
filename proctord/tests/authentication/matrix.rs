//! Every route of the table for everybody, on what is their own and what is not: codes and bodies.

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::site::{Answer, Proof, Site, USERS, document, prove, send, write_users};

/// What a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Somebody,
    /// Somebody; what is not theirs is left out.
    List,
    /// All groups of the proc.
    Groups,
    Admin,
}

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// A proc that takes `ops` and `db`, or one's own execution of it.
    Own,
    /// Somebody else's execution of the same proc.
    Foreign,
    /// A proc that takes a group that none of those who ask has, and an execution of it.
    Vault,
}

/// Those who ask, and what they show.
const ASKERS: [(&str, Proof<'static>); 9] = [
    ("no credentials", Proof::Nothing),
    ("a wrong token", Proof::Token("all", "nobody")),
    ("a wrong bearer", Proof::Bearer("nobody")),
    ("another's address", Proof::Token("some", "all")),
    ("inactive", Proof::Token("inactive", "inactive")),
    ("no group", Proof::Token("none", "none")),
    ("some groups", Proof::Token("some", "some")),
    ("all groups", Proof::Token("all", "all")),
    ("admin", Proof::Token("admin", "admin")),
];

const SHARED: &str = "shared-proc";
const VAULT: &str = "vault-proc";

/// A new route needs a line here.
fn takes(route: &str) -> Takes {
    match route {
        "GET /ping" | "GET /healthz" | "GET /readyz" | "GET /metrics" | "GET /openapi.json"
        | "GET /swagger.yml" | "GET /docs" | "GET /docs/" => Takes::Nothing,
        "GET /whoami" => Takes::Somebody,
        "GET /metadata" | "GET /execution" | "GET /schedule" => Takes::List,
        "GET /metadata/{name}"
        | "POST /execution"
        | "GET /execution/logs"
        | "GET /execution/{id}/logs"
        | "GET /execution/{id}"
        | "GET /execution/{id}/status"
        | "POST /execution/{id}/stop"
        | "POST /execution/{id}/rerun"
        | "POST /schedule"
        | "GET /schedule/{id}"
        | "PUT /schedule/{id}"
        | "DELETE /schedule/{id}"
        | "POST /schedule/{id}/pause"
        | "POST /schedule/{id}/resume"
        | "POST /schedule/{id}/run"
        | "GET /schedule/{id}/next"
        | "GET /schedule/{id}/firings" => Takes::Groups,
        "POST /metadata"
        | "DELETE /metadata/{name}"
        | "POST /secret"
        | "GET /secret/{name}"
        | "PUT /secret/{name}/{key}"
        | "DELETE /secret/{name}/{key}"
        | "GET /bundle/{digest}"
        | "PUT /bundle/{digest}"
        | "GET /audit"
        | "GET /delivery"
        | "POST /delivery/{id}/retry" => Takes::Admin,
        other => panic!("{other} is new: say here what it takes"),
    }
}

struct Scene {
    site: Site,
    /// Everybody's own execution.
    own: Vec<(&'static str, u64)>,
    foreign: u64,
    vault: u64,
    /// Of the shared proc and of the vault's.
    schedules: (u64, u64),
}

impl Scene {
    async fn set() -> Self {
        // Nothing is kept, so that a changed file counts at once.
        let site = Site::with(&[("PROCTOR_AUTH_CACHE_LIFETIME", "0")]);
        site.publish(SHARED, &[], "echo own").await;
        let mut own = Vec::new();
        for (name, _) in USERS {
            own.push((name, site.execute(name, SHARED).await));
        }
        let foreign = site.execute("root", SHARED).await;
        site.publish(VAULT, &["vault"], "echo vault").await;
        let vault = site.execute("root", VAULT).await;
        let schedules = (schedule(&site, SHARED).await, schedule(&site, VAULT).await);
        // The groups of today count, not those under which it was executed.
        site.publish(SHARED, &["ops", "db"], "echo own").await;
        write_users(site.folder.path(), &USERS, &["inactive"]);
        Self {
            site,
            own,
            foreign,
            vault,
            schedules,
        }
    }

    fn execution(&self, target: Target, proof: Proof<'_>) -> u64 {
        let (Proof::Token(owner, _) | Proof::Bearer(owner)) = proof else {
            return self.foreign;
        };
        let own = self.own.iter().find(|(name, _)| *name == owner);
        match target {
            Target::Own => own.map_or(self.foreign, |(_, id)| *id),
            Target::Foreign => self.foreign,
            Target::Vault => self.vault,
        }
    }

    /// Asks once; `json` is whether the client reads JSON.
    async fn ask(&self, client: &Client, cell: &Cell<'_>, json: bool) -> Answer {
        let id = match cell.target {
            _ if !cell.path.starts_with("/schedule") => self.execution(cell.target, cell.proof),
            Target::Vault => self.schedules.1,
            Target::Own | Target::Foreign => self.schedules.0,
        };
        let id = id.to_string();
        let name = cell.target.proc_name();
        let path = cell.path.replace("{id}", &id).replace("{name}", name);
        let path = path.replace("{key}", "KEY").replace("{digest}", "sha256:0");
        let query = match cell.path {
            "/execution/logs" => format!("?context_id={id}"),
            _ => String::new(),
        };
        let url = self.site.url(&(path + &query));
        let request = prove(client.request(cell.method.clone(), url), cell.proof);
        let request = match body(cell, name) {
            Some(body) => request.json(&body),
            None => request,
        };
        let accept = if json { "application/json" } else { "*/*" };
        send(request.header("Accept", accept)).await
    }
}

fn body(cell: &Cell<'_>, name: &str) -> Option<Value> {
    match (cell.method.as_str(), cell.path) {
        ("POST", "/metadata") => Some(json!([cell.target.document()])),
        ("POST", "/execution") => Some(json!({"name": name})),
        ("POST", "/secret") => Some(json!({"job_name": name, "secrets": {}})),
        ("POST", "/schedule") | ("PUT", "/schedule/{id}") => Some(wanted(name)),
        ("PUT", "/secret/{name}/{key}") => Some(json!({"value": "a value"})),
        _ => None,
    }
}

/// A request for a schedule that does not fire while this runs.
fn wanted(name: &str) -> Value {
    json!({"jobName": name, "tags": "t", "cron": "0 0 1 1 *", "notificationEmails": "a@example.org",
        "group": "g", "not_before": "2040-01-01T00:00:00Z"})
}

async fn schedule(site: &Site, name: &str) -> u64 {
    let answer = site
        .ask("root", Method::POST, "/schedule", &wanted(name))
        .await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["id"].as_u64().unwrap()
}

/// One question.
#[derive(Debug)]
struct Cell<'a> {
    method: Method,
    path: &'a str,
    takes: Takes,
    asker: &'static str,
    proof: Proof<'static>,
    target: Target,
}

impl Target {
    fn proc_name(self) -> &'static str {
        match self {
            Self::Own | Self::Foreign => SHARED,
            Self::Vault => VAULT,
        }
    }

    fn document(self) -> Value {
        match self {
            Self::Own | Self::Foreign => document(SHARED, &["ops", "db"], "echo own"),
            Self::Vault => document(VAULT, &["vault"], "echo vault"),
        }
    }
}

impl Cell<'_> {
    /// The code of the refusal, if it is one.
    fn refusal(&self) -> Option<u16> {
        let allowed = match self.takes {
            Takes::Nothing => return None,
            Takes::Somebody | Takes::List => true,
            Takes::Groups => self.asker == "all groups" && self.target != Target::Vault,
            Takes::Admin => self.asker == "admin",
        };
        match self.asker {
            "no credentials" | "a wrong token" | "a wrong bearer" | "another's address" => {
                Some(401)
            }
            "inactive" => Some(403),
            _ => (!allowed).then_some(403),
        }
    }

    fn check_list(&self, answer: &Answer) {
        let sees = |name: &str| answer.body.contains(name);
        assert_eq!(
            sees(SHARED),
            self.asker == "all groups",
            "{self:?}: {answer:?}"
        );
        assert!(!sees(VAULT), "{self:?}: {answer:?}");
    }
}

fn check_refusal(cell: &Cell<'_>, status: u16, plain: &Answer, json: &Answer) {
    assert_eq!(plain.status, status, "{cell:?}: {plain:?}");
    // Version 2 says no more than that.
    assert_eq!(plain.body, "", "{cell:?}: {plain:?}");
    assert_eq!(json.status, status, "{cell:?}: {json:?}");
    let kind = if status == 401 {
        assert_eq!(json.headers["www-authenticate"], "Bearer", "{cell:?}");
        "/problems/unauthenticated"
    } else {
        "/problems/forbidden"
    };
    assert_eq!(json.json()["type"], kind, "{cell:?}: {json:?}");
}

#[tokio::test]
async fn every_route_is_for_those_whom_it_is_for_and_for_nobody_else() {
    let scene = Scene::set().await;
    let api = scene.site.get("root", "/openapi.json").await.json();
    let mut cells = 0;

    for (path, item) in api["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys();
        for method in methods.filter(|key| *key != "parameters") {
            let method: Method = method.to_uppercase().parse().unwrap();
            let takes = takes(&format!("{method} {path}"));
            // Who guesses is slowed down by where they come from.
            let client = scene.site.client_elsewhere();
            for (asker, proof) in ASKERS {
                for target in [Target::Own, Target::Foreign, Target::Vault] {
                    let cell = Cell {
                        method: method.clone(),
                        path,
                        takes,
                        asker,
                        proof,
                        target,
                    };
                    check(&scene, &client, &cell).await;
                    cells += 1;
                }
            }
        }
    }
    assert!(cells > 600, "only {cells} were asked");
}

async fn check(scene: &Scene, client: &Client, cell: &Cell<'_>) {
    if let Some(status) = cell.refusal() {
        let plain = scene.ask(client, cell, false).await;
        let json = scene.ask(client, cell, true).await;
        check_refusal(cell, status, &plain, &json);
        return;
    }
    let answer = scene.ask(client, cell, true).await;
    let refused = matches!(answer.status, 401 | 403 | 429) || answer.status >= 500;
    assert!(!refused, "{cell:?}: {answer:?}");
    if cell.takes == Takes::List {
        cell.check_list(&answer);
    }
    if cell.method == Method::DELETE && cell.path == "/metadata/{name}" {
        // The next one who asks finds it again.
        let document = json!([cell.target.document()]);
        let again = scene
            .site
            .ask("root", Method::POST, "/metadata", &document)
            .await;
        assert_eq!(again.status, 201, "{again:?}");
    }
}
