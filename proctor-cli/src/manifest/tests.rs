use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Definition, PublishError, read};

const PLAIN: &str = "name: hello\nimage_name: hello:1\nenv_vars:\n  args:\n    - name: A\n    - name: B\n      type: choice\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn read_one(path: &Path) -> Result<Vec<Definition>, String> {
    read(&[path.to_owned()]).map_err(|error| error.to_string())
}

fn document(text: &str) -> Result<Vec<Definition>, String> {
    let folder = folder(&[("p.yaml", text)]);
    let shown = folder.path().display().to_string();
    read_one(&folder.path().join("p.yaml")).map_err(|text| text.replace(&format!("{shown}/"), ""))
}

#[test]
fn a_document_is_one_proc_or_a_list_of_them() {
    assert_eq!(document(PLAIN).unwrap().len(), 1);
    let two = document("- name: one\n- name: two\n").unwrap();
    assert_eq!(two[1].metadata.name, "two");
    assert_eq!(document("[]").unwrap_err(), "p.yaml: holds no proc");
}

#[test]
fn a_json_document_is_read_alike_even_with_tabs() {
    let found = document("{\n\t\"name\": \"hello\",\n\t\"description\": \"a \\\"b\\\" \\u00e9 \\ud83d\\ude00 \\/\",\n\t\"authorized_groups\": [],\n\t\"env_vars\": {\n\t\t\"args\": [\n\t\t\t{\"name\": \"A\"}\n\t\t]\n\t}\n}\n").unwrap();
    assert_eq!(found[0].metadata.description, "a \"b\" é 😀 /");
}

#[test]
fn what_is_wrong_in_kind_is_left_for_the_service_and_located_by_line() {
    let found = document("name: -x\nimage: y\nretries: many\n").unwrap();

    assert_eq!(
        found[0].document,
        serde_json::json!({"name": "-x", "image": "y", "retries": "many"})
    );
    let misread = found[0].misread.as_ref().unwrap();
    assert_eq!(misread.line, Some(3), "{misread}");
    assert_eq!(found[0].locate("image", "is no field here").line, Some(2));
}

#[test]
fn duplicate_keys_and_bad_syntax_are_told_with_their_line() {
    for (text, line) in [("name: a\nname: b\n", "p.yaml:2"), ("name: [\n", "p.yaml:")] {
        let error = document(text).unwrap_err();
        assert!(error.starts_with(line), "{error}");
    }
}

#[test]
fn numbers_keep_their_spelling_where_text_is_meant() {
    let found = document("name: a\nenv_vars: {args: [{name: V, default: 1.10}]}\n").unwrap();
    assert_eq!(
        found[0].metadata.env_vars.args[0].default.as_deref(),
        Some("1.10")
    );
}

#[test]
fn a_mistake_of_the_service_is_told_with_its_line() {
    let found = document(PLAIN).unwrap();
    let located = found[0].locate("env_vars.args[1].type", "needs choices");
    assert!(
        located
            .to_string()
            .ends_with("p.yaml:7: env_vars.args[1].type needs choices"),
        "{located}"
    );

    let list = document("- name: one\n- name: two\n  retries: 1\n").unwrap();
    let located = list[1].locate("retries", "is too much").to_string();
    assert!(
        located.ends_with("p.yaml:3: [1].retries is too much"),
        "{located}"
    );
}

#[test]
fn a_key_that_holds_dots_has_a_line_as_well() {
    let found =
        document("name: a\nkubernetes:\n  annotations:\n    a.b/c: x\n    \"d[0].\\\"\": y\n")
            .unwrap();

    for (at, line) in [
        (r#"kubernetes.annotations["a.b/c"]"#, Some(4)),
        (r#"kubernetes.annotations["d[0].\""]"#, Some(5)),
        (r#"kubernetes.annotations["a"]"#, Some(3)),
        (r#"kubernetes.annotations["a.b"#, Some(3)),
        (r#"nowhere["a"]"#, None),
    ] {
        assert_eq!(found[0].locate(at, "is wrong").line, line, "{at}");
    }
}

#[test]
fn a_name_may_be_there_once() {
    let error = document("- name: one\n- name: one\n").unwrap_err();
    assert!(error.starts_with("p.yaml:2: [1].name is `one`"), "{error}");
}

#[test]
fn a_folder_has_exactly_one_document() {
    let none = folder(&[("run.sh", "")]);
    assert!(
        read_one(none.path())
            .unwrap_err()
            .contains("has none of metadata.json")
    );

    let two = folder(&[("metadata.json", "{}"), ("metadata.yml", "{}")]);
    let error = read_one(two.path()).unwrap_err();
    assert!(
        error.contains("has metadata.json and metadata.yml"),
        "{error}"
    );

    let list = folder(&[("metadata.yaml", "- name: a\n")]);
    assert!(read_one(list.path()).unwrap_err().contains("not a list"));
}

#[test]
fn files_are_packed_only_where_a_command_wants_them() {
    let plain = folder(&[("metadata.yaml", "name: a\n"), ("Dockerfile", "FROM x")]);
    let found = read_one(plain.path()).unwrap();
    assert!(found[0].bundle.is_none() && found[0].files_left_out);

    let with = folder(&[
        ("metadata.yaml", "name: a\ncommand: [sh, run.sh]\n"),
        ("run.sh", ""),
    ]);
    let found = read_one(with.path()).unwrap();
    assert_eq!(
        found[0].metadata.bundle.as_ref(),
        found[0].bundle.as_ref().map(|bundle| &bundle.digest)
    );

    let alone = folder(&[("metadata.yaml", "name: a\ncommand: [date]\n")]);
    assert!(read_one(alone.path()).unwrap()[0].bundle.is_none());
}

#[test]
fn a_command_in_the_folder_must_be_there_and_executable() {
    let files = [
        ("metadata.yaml", "name: a\ncommand:\n  - ./run.sh\n"),
        ("run.txt", ""),
    ];
    let missing = read_one(folder(&files).path()).unwrap_err();
    assert!(missing.contains("metadata.yaml:3: command[0]"), "{missing}");
    assert!(missing.contains("run.sh"), "{missing}");
}

#[test]
fn the_mistakes_of_all_paths_are_told_together() {
    let folder = folder(&[("a.yaml", "x: [\n"), ("b.yaml", "y: {\n")]);
    let paths: Vec<PathBuf> = ["a.yaml", "b.yaml", "c.yaml"]
        .iter()
        .map(|name| folder.path().join(name))
        .collect();

    let PublishError(mistakes) = read(&paths).unwrap_err();
    assert_eq!(mistakes.len(), 3);
}
