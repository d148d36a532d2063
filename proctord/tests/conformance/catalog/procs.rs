//! Procs and bundles.

use futures::future::join_all;
use proctor_api::{
    ArgMetadata, ArgType, EnvVars, ImagePullPolicy, KubernetesMetadata, Metadata, Resources,
    SecretMetadata, Toleration,
};
use proctord::catalog::{Catalog, SecretsOfProc};
use proctord::domain::name::ProcName;

use super::shelf::{KEYS, Shelf};

pub fn name(name: &str) -> ProcName {
    name.parse().unwrap()
}

/// A proc that uses every field.
pub fn a_proc(proc_name: &str) -> (ProcName, Metadata) {
    let metadata = Metadata {
        name: proc_name.into(),
        description: "says \"hällo\"\n".into(),
        image_name: "registry/say-hello:1".into(),
        env_vars: EnvVars {
            secrets: vec![SecretMetadata {
                name: "TOKEN".into(),
                description: "of the service".into(),
            }],
            args: vec![ArgMetadata {
                name: "WHO".into(),
                description: "to greet".into(),
                required: Some(true),
                default: Some("world".into()),
                kind: Some(ArgType::Choice),
                choices: Some(vec!["world".into(), "moon".into()]),
                pattern: Some("[a-z]+".into()),
            }],
        },
        authorized_groups: vec!["ops".into()],
        author: "ann".into(),
        contributors: "bob".into(),
        organization: "org".into(),
        command: Some(vec!["sh".into(), "main.sh".into()]),
        bundle: Some("sha256:00".into()),
        deadline_seconds: Some(60),
        retries: Some(2),
        resources: Some(Resources {
            cpu: Some("500m".into()),
            memory: None,
        }),
        max_concurrent: Some(3),
        allow_extra_args: Some(false),
        kubernetes: Some(pods()),
    };
    (name(proc_name), metadata)
}

fn pods() -> KubernetesMetadata {
    let texts = |key: &str, value: &str| [(key.into(), value.into())].into();
    KubernetesMetadata {
        image_pull_secrets: vec!["registry".into()],
        image_pull_policy: Some(ImagePullPolicy::IfNotPresent),
        annotations: texts("example.org/team", "dätä\n"),
        node_selector: texts("disk", ""),
        tolerations: vec![
            Toleration {
                operator: Some("Exists".into()),
                ..Toleration::default()
            },
            Toleration {
                key: Some("gone".into()),
                operator: Some("Equal".into()),
                value: Some("yes".into()),
                effect: Some("NoExecute".into()),
                seconds: Some(0),
            },
        ],
        service_account: Some("mover".into()),
        service_account_token: Some(false),
    }
}

pub async fn published_procs_come_back_whole_and_in_order(shelf: impl Shelf) {
    let catalog = shelf.catalog();
    let (b, a, upper) = (a_proc("b"), a_proc("a"), a_proc("Z"));

    catalog
        .publish(&[b.clone(), a.clone(), upper.clone()])
        .await
        .unwrap();
    catalog.publish(&[]).await.unwrap();

    assert_eq!(catalog.proc(&b.0).await.unwrap(), Some(b.1.clone()));
    assert_eq!(catalog.proc(&name("c")).await.unwrap(), None);
    assert_eq!(catalog.procs().await.unwrap(), [upper.1, a.1, b.1]);
    catalog.check().await.unwrap();
}

pub async fn publishing_again_replaces_a_proc_and_leaves_its_secrets(shelf: impl Shelf) {
    let catalog = shelf.catalog();
    let (proc_name, metadata) = a_proc("say-hello");
    catalog
        .publish(&[(proc_name.clone(), metadata)])
        .await
        .unwrap();
    let token = "TOKEN".parse().unwrap();
    catalog
        .set_secret(&proc_name, &token, "value".into())
        .await
        .unwrap();
    let smaller = Metadata {
        name: "say-hello".into(),
        ..Metadata::default()
    };

    catalog
        .publish(&[(proc_name.clone(), smaller.clone())])
        .await
        .unwrap();

    assert_eq!(catalog.proc(&proc_name).await.unwrap(), Some(smaller));
    assert_eq!(
        catalog.secret_names(&proc_name).await.unwrap(),
        [token].into()
    );
}

pub async fn many_are_published_at_once_and_never_a_part_of_them(shelf: impl Shelf) {
    let catalog = shelf.catalog();
    let publish = async |author: &str| {
        let mut procs = ["a", "b", "c", "d"].map(a_proc);
        for (_, metadata) in &mut procs {
            metadata.author = author.into();
        }
        catalog.publish(&procs).await.unwrap();
    };
    publish("0").await;
    let authors: Vec<_> = (1..20).map(|author| author.to_string()).collect();
    let look = async || {
        let procs = catalog.procs().await.unwrap();
        assert_eq!(procs.len(), 4);
        assert!(
            procs.iter().all(|proc| proc.author == procs[0].author),
            "{procs:?}"
        );
    };

    let writes = join_all(authors.iter().map(|author| publish(author)));
    let looks = join_all(authors.iter().map(|_| look()));

    futures::join!(writes, looks);
}

pub async fn an_unpublished_proc_is_gone_and_its_secrets_only_if_that_was_said(shelf: impl Shelf) {
    let catalog = shelf.catalog();
    let procs = ["a", "b", "c"].map(a_proc);
    catalog.publish(&procs).await.unwrap();
    let token = "TOKEN".parse().unwrap();
    for name in ["a", "b", "unpublished"].map(name) {
        catalog
            .set_secret(&name, &token, "value".into())
            .await
            .unwrap();
    }
    let unpublish = async |proc_name, secrets| {
        let proc_name = name(proc_name);
        let was_there = catalog.unpublish(&proc_name, secrets).await.unwrap();
        let names = catalog.secret_names(&proc_name).await.unwrap();
        (was_there, names.len())
    };

    assert_eq!(unpublish("a", SecretsOfProc::Stay).await, (true, 1));
    assert_eq!(unpublish("a", SecretsOfProc::Go).await, (false, 1));
    assert_eq!(unpublish("b", SecretsOfProc::Go).await, (true, 0));
    assert_eq!(unpublish("b", SecretsOfProc::Go).await, (false, 0));
    assert_eq!(
        unpublish("unpublished", SecretsOfProc::Go).await,
        (false, 1)
    );

    assert_eq!(catalog.proc(&procs[0].0).await.unwrap(), None);
    assert_eq!(catalog.procs().await.unwrap(), [procs[2].1.clone()]);
    catalog.publish(&procs[..1]).await.unwrap();
    assert_eq!(exposed_names(catalog, "a").await, 1);
}

async fn exposed_names(catalog: &dyn Catalog, proc_name: &str) -> usize {
    super::secrets::exposed(catalog, &name(proc_name))
        .await
        .len()
}

pub async fn a_bundle_comes_back_byte_by_byte(shelf: impl Shelf) {
    let catalog = shelf.catalog();
    let bundle: Vec<u8> = (0..1 << 20)
        .map(|at: u32| at.to_le_bytes()[0] ^ at.to_le_bytes()[1])
        .collect();

    catalog
        .put_bundle("sha256:01", bundle.clone().into())
        .await
        .unwrap();
    catalog
        .put_bundle("sha256:01", bundle.clone().into())
        .await
        .unwrap();

    assert_eq!(catalog.bundle("sha256:01").await.unwrap().unwrap(), bundle);
    assert_eq!(catalog.bundle("sha256:02").await.unwrap(), None);
}

pub async fn everything_is_the_same_after_the_catalog_was_reopened(shelf: impl Shelf) {
    let (proc_name, metadata) = a_proc("say-hello");
    let catalog = shelf.catalog();
    catalog
        .publish(&[(proc_name.clone(), metadata)])
        .await
        .unwrap();
    let token = "TOKEN".parse().unwrap();
    catalog
        .set_secret(&proc_name, &token, "value".into())
        .await
        .unwrap();
    catalog
        .put_bundle("sha256:01", "bundle".into())
        .await
        .unwrap();
    let before = everything(catalog, &proc_name).await;

    let shelf = shelf.reopened(KEYS).await;

    assert_eq!(everything(shelf.catalog(), &proc_name).await, before);
}

async fn everything(catalog: &dyn Catalog, proc_name: &ProcName) -> String {
    format!(
        "{:?} {:?} {:?}",
        catalog.procs().await.unwrap(),
        super::secrets::exposed(catalog, proc_name).await,
        catalog.bundle("sha256:01").await.unwrap(),
    )
}
