//! What `cargo metadata` tells, as far as the rules ask for it.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

/// The platform that the rules are checked for: the one that is shipped.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// How a crate is depended on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Normal,
    Build,
    Dev,
}

/// A dependency as the manifest declares it.
#[derive(Debug, Clone)]
pub struct Dependency {
    /// The crate's own name, whatever it is called where it is used.
    pub name: String,
    pub kind: Kind,
    /// What version is asked for.
    pub requirement: String,
    pub is_path: bool,
}

/// One crate of the graph.
#[derive(Debug, Clone)]
pub struct Package {
    pub id: String,
    pub name: String,
    pub version: String,
    pub licence: Option<String>,
    /// Absent for a crate that is a folder.
    pub source: Option<String>,
    pub manifest: PathBuf,
    pub dependencies: Vec<Dependency>,
}

/// The crates of this workspace and everything that they are built from.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
    members: Vec<String>,
    packages: BTreeMap<String, Package>,
    /// By id: whom it is built from, and how.
    edges: BTreeMap<String, Vec<(String, Vec<Kind>)>>,
}

impl Workspace {
    /// The workspace that this test belongs to.
    pub fn this() -> &'static Self {
        static THIS: LazyLock<Workspace> = LazyLock::new(|| Workspace::new(&metadata()));
        &THIS
    }

    /// The workspace that this output of `cargo metadata` describes.
    pub fn new(metadata: &Value) -> Self {
        let packages = list(&metadata["packages"]).map(package);
        Self {
            root: text(&metadata["workspace_root"]).into(),
            members: list(&metadata["workspace_members"]).map(text).collect(),
            packages: packages
                .map(|package| (package.id.clone(), package))
                .collect(),
            edges: list(&metadata["resolve"]["nodes"])
                .map(|node| (text(&node["id"]), list(&node["deps"]).map(edge).collect()))
                .collect(),
        }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The crates of the workspace itself.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.members.iter().filter_map(|id| self.packages.get(id))
    }

    pub fn is_member(&self, name: &str) -> bool {
        self.members().any(|member| member.name == name)
    }

    /// Every crate of the graph.
    pub fn packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.values()
    }

    pub fn manifests(&self) -> Vec<PathBuf> {
        self.members()
            .map(|member| member.manifest.clone())
            .collect()
    }

    /// The folders of the crates.
    pub fn folders(&self) -> Vec<PathBuf> {
        self.members()
            .filter_map(|member| member.manifest.parent().map(Path::to_owned))
            .collect()
    }

    /// The shortest way from this member to a crate of that name through what it ships with: build scripts
    /// included, tests left out.
    pub fn way_to(&self, member: &Package, name: &str) -> Option<String> {
        self.way(&member.id, name, |kinds| {
            kinds.iter().any(|kind| *kind != Kind::Dev)
        })
    }

    /// The shortest way to a crate from whichever member has one, tests included.
    pub fn way_from_anywhere(&self, package: &Package) -> String {
        self.members
            .iter()
            .filter_map(|member| self.way_by_id(member, &package.id, |_| true))
            .min_by_key(Vec::len)
            .map_or_else(|| "nobody asks for it".to_owned(), |way| self.told(&way))
    }

    fn way(&self, from: &str, name: &str, follow: impl Fn(&[Kind]) -> bool) -> Option<String> {
        self.packages()
            .filter(|package| package.name == name)
            .filter_map(|package| self.way_by_id(from, &package.id, &follow))
            .min_by_key(Vec::len)
            .map(|way| self.told(&way))
    }

    fn way_by_id(
        &self,
        from: &str,
        to: &str,
        follow: impl Fn(&[Kind]) -> bool,
    ) -> Option<Vec<String>> {
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut queue = VecDeque::from([from]);
        while let Some(id) = queue.pop_front() {
            if id == to {
                let mut way = vec![id.to_owned()];
                while let Some(before) = way.last().and_then(|id| came_from.get(id.as_str())) {
                    way.push((*before).to_owned());
                }
                way.reverse();
                return Some(way);
            }
            for (next, kinds) in self.edges.get(id).into_iter().flatten() {
                let is_new = next != from && !came_from.contains_key(next.as_str());
                if is_new && follow(kinds) {
                    came_from.insert(next, id);
                    queue.push_back(next);
                }
            }
        }
        None
    }

    fn told(&self, way: &[String]) -> String {
        let names: Vec<_> = way
            .iter()
            .map(|id| {
                self.packages
                    .get(id)
                    .map_or(id.as_str(), |package| package.name.as_str())
            })
            .collect();
        names.join(" → ")
    }
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(["--filter-platform", PLATFORM])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo can be run");
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}

fn package(value: &Value) -> Package {
    let optional = |field: &Value| field.as_str().map(ToOwned::to_owned);
    Package {
        id: text(&value["id"]),
        name: text(&value["name"]),
        version: text(&value["version"]),
        licence: optional(&value["license"]),
        source: optional(&value["source"]),
        manifest: text(&value["manifest_path"]).into(),
        dependencies: list(&value["dependencies"])
            .map(|dependency| Dependency {
                name: text(&dependency["name"]),
                kind: kind(&dependency["kind"]),
                requirement: text(&dependency["req"]),
                is_path: dependency["path"].is_string(),
            })
            .collect(),
    }
}

fn edge(value: &Value) -> (String, Vec<Kind>) {
    let kinds = list(&value["dep_kinds"]).map(|one| kind(&one["kind"]));
    (text(&value["pkg"]), kinds.collect())
}

fn kind(value: &Value) -> Kind {
    match value.as_str() {
        Some("dev") => Kind::Dev,
        Some("build") => Kind::Build,
        _ => Kind::Normal,
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
