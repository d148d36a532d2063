//! Images as folders: `registry.example/x/NAME:tag` is the folder NAME of the images' folder, and its WORKDIR.
//! `busybox` is always there and is this machine. No registry can be reached.

use std::path::{Path, PathBuf};

/// The folder in which an image's command starts, if there is such an image.
pub(super) fn workdir(images: Option<&Path>, image: &str) -> Option<PathBuf> {
    let last = image.rsplit('/').next().unwrap_or(image);
    let name = last.split(['@', ':']).next().unwrap_or(last);
    if name == "busybox" {
        return Some(PathBuf::from("/"));
    }
    let is_plain = !name.is_empty() && !name.starts_with('.');
    let folder = images?.join(name);
    (is_plain && folder.is_dir()).then_some(folder)
}

/// Why an image that is not there cannot be had.
pub(super) fn failure(image: &str) -> String {
    let (host, path) = match image.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) => (host, path.to_owned()),
        Some(_) => ("registry-1.docker.io", image.to_owned()),
        None => ("registry-1.docker.io", format!("library/{image}")),
    };
    let (path, version) = path
        .split_once('@')
        .or_else(|| path.rsplit_once(':'))
        .unwrap_or((&path, "latest"));
    let name = host.split(':').next().unwrap_or(host);
    format!(
        "failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": failed to do request: \
         Head \"https://{host}/v2/{path}/manifests/{version}\": dial tcp: lookup {name}: no such host"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_the_folder_of_its_last_name() {
        let folder = tempfile::TempDir::new().expect("a folder can be made");
        std::fs::create_dir(folder.path().join("echo")).expect("a folder can be made");
        let found = |image| workdir(Some(folder.path()), image);

        for image in [
            "echo",
            "echo:1",
            "registry.example:5000/x/echo:1",
            "x/echo@sha256:0",
        ] {
            assert_eq!(found(image), Some(folder.path().join("echo")), "{image}");
        }
        assert_eq!(found("x/busybox:1.35"), Some(PathBuf::from("/")));
        for image in ["absent:1", "..", "x/"] {
            assert_eq!(found(image), None, "{image}");
        }
    }

    #[test]
    fn a_failure_names_where_the_image_was_looked_for() {
        for (image, place) in [
            (
                "echo",
                "https://registry-1.docker.io/v2/library/echo/manifests/latest",
            ),
            (
                "x/echo:1",
                "https://registry-1.docker.io/v2/x/echo/manifests/1",
            ),
            (
                "registry.example:5000/echo@sha256:0",
                "https://registry.example:5000/v2/echo/manifests/sha256:0\": dial tcp: lookup registry.example:",
            ),
        ] {
            let told = failure(image);
            assert!(told.contains(place), "{told}");
        }
    }
}
