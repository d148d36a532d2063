use std::fs;
use std::io::Read as _;
use std::path::Path;

use tempfile::TempDir;

use super::command::CommandError;
use super::{Bundle, BundleError, check_command, list};

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn pack(folder: &Path) -> Bundle {
    Bundle::pack(folder, &list(folder).unwrap()).unwrap()
}

#[cfg(unix)]
fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn the_same_files_give_the_same_archive() {
    let long = format!("{}/file", "long".repeat(40));
    let files = [
        ("b.txt", "b"),
        ("a/z.txt", "z"),
        ("a.txt", ""),
        (long.as_str(), "l"),
    ];
    let mut reversed = files;
    reversed.reverse();

    let one = pack(folder(&files).path());
    let other = pack(folder(&reversed).path());

    assert_eq!(one.tar, other.tar);
    assert_eq!(one.digest, other.digest);
    assert!(proctor_api::bundle_digest_is_well_formed(&one.digest));
}

#[cfg(unix)]
#[test]
fn an_archive_holds_names_bytes_and_executable_bits_and_nothing_of_this_machine() {
    let folder = folder(&[
        ("run.sh", "#!/bin/sh\n"),
        ("data/x", "x"),
        (".git/HEAD", "h"),
    ]);
    make_executable(&folder.path().join("run.sh"));

    let bundle = pack(folder.path());

    let mut archive = tar::Archive::new(bundle.tar.as_slice());
    let mut seen = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let header = entry.header().clone();
        assert_eq!(header.mtime().unwrap(), 0);
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
        let name = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        seen.push((name, header.mode().unwrap(), text));
    }
    assert_eq!(
        seen,
        [
            ("data/x".to_owned(), 0o644, "x".to_owned()),
            ("run.sh".to_owned(), 0o755, "#!/bin/sh\n".to_owned()),
        ]
    );
}

#[cfg(unix)]
#[test]
fn links_are_refused_by_name() {
    let folder = folder(&[("a.txt", "a")]);
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();

    let error = list(folder.path()).unwrap_err();

    assert!(
        matches!(&error, BundleError::NotPlain(path) if path.ends_with("link")),
        "{error}"
    );
}

#[test]
fn too_much_and_too_many_are_refused() {
    let large = folder(&[("large", &"x".repeat(1024 * 1024)), ("one", "y")]);
    let files = list(large.path()).unwrap();
    let error = Bundle::pack(large.path(), &files).unwrap_err().to_string();
    assert!(
        error.contains("1048577 bytes") && error.contains("large"),
        "{error}"
    );

    let names: Vec<String> = (0..1001).map(|number| number.to_string()).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert!(matches!(
        list(folder(&many).path()),
        Err(BundleError::TooMany)
    ));
}

#[cfg(unix)]
#[test]
fn a_relative_command_must_be_an_executable_file_of_the_folder() {
    let folder = folder(&[("run.sh", ""), ("bin/tool", "")]);
    make_executable(&folder.path().join("bin/tool"));
    let files = list(folder.path()).unwrap();
    let check = |word: &str| check_command(&files, &[word.to_owned(), "x/y".to_owned()]);

    for good in ["sh", "/bin/sh", "bin/tool", "./bin//tool"] {
        assert_eq!(check(good), Ok(()), "{good}");
    }
    let word = |text: &str| text.to_owned();
    assert_eq!(check("./no"), Err(CommandError::Missing(word("./no"))));
    assert_eq!(
        check("./run.sh"),
        Err(CommandError::NotExecutable(word("./run.sh")))
    );
    assert_eq!(
        check("../run.sh"),
        Err(CommandError::Outside(word("../run.sh")))
    );
}
