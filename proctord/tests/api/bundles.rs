use reqwest::Method;

use crate::support::{Service, send};
use proctord::bundle::digest;

fn archive(path: &str, kind: tar::EntryType, size: usize) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o755);
    header.set_size(size as u64);
    if kind == tar::EntryType::Symlink {
        builder
            .append_link(&mut header, path, "/etc/passwd")
            .unwrap();
    } else {
        builder
            .append_data(&mut header, path, vec![b'x'; size].as_slice())
            .unwrap();
    }
    builder.into_inner().unwrap()
}

#[tokio::test]
async fn a_bundle_is_kept_under_its_digest_and_nothing_else_is() {
    let service = Service::start();
    let put = |digest: &str, body: Vec<u8>| {
        service
            .json(Method::PUT, &format!("/bundle/{digest}"))
            .body(body)
    };
    let good = archive(
        "deep/in/a/folder/with/a/long/name/"
            .repeat(4)
            .as_str()
            .trim_end_matches('/'),
        tar::EntryType::Regular,
        10,
    );

    let kept = send(put(&digest(&good), good.clone())).await;
    let again = send(put(&digest(&good), good.clone())).await;
    let wrong_digest = send(put(&digest(b"other"), good)).await;
    let no_digest = send(put("sha256:short", Vec::new())).await;

    assert_eq!(
        (kept.status.as_u16(), again.status.as_u16()),
        (201, 201),
        "{kept:?}"
    );
    assert_eq!(wrong_digest.status, 422, "{wrong_digest:?}");
    assert_eq!(no_digest.status, 422, "{no_digest:?}");
    for bad in [
        archive("link", tar::EntryType::Symlink, 0),
        archive("big", tar::EntryType::Regular, (1 << 20) + 1),
        b"no archive".repeat(100),
        vec![0; 10_240],
        [
            &archive("a", tar::EntryType::Regular, 1)[..1024],
            &archive("a/b", tar::EntryType::Regular, 1),
        ]
        .concat(),
        archive(&"n".repeat(300), tar::EntryType::Regular, 1),
    ] {
        let refused = send(put(&digest(&bad), bad)).await;
        assert_eq!(refused.status, 422, "{refused:?}");
    }
    let huge = vec![0; 5 << 20];
    assert_eq!(send(put(&digest(&huge), huge)).await.status, 413);
}

#[tokio::test]
async fn a_bundle_comes_back_as_it_was_put() {
    let service = Service::start();
    let bundle = archive("main.sh", tar::EntryType::Regular, 3000);
    let path = format!("/bundle/{}", digest(&bundle));

    let before = service.get(&path).await;
    let put = service.json(Method::PUT, &path).body(bundle.clone());
    assert_eq!(send(put).await.status, 201);
    let response = service.plain(Method::GET, &path).send().await.unwrap();

    assert_eq!(before.status, 404, "{before:?}");
    assert_eq!(before.json()["type"], "/problems/unknown-bundle");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/x-tar");
    assert_eq!(response.bytes().await.unwrap(), bundle);
    assert_eq!(service.get("/bundle/x").await.status, 404);
}
