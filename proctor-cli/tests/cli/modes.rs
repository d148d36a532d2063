use serde_json::{Value, json};

use crate::run::User;
use crate::stub::{Reply, Request, Stub};
use crate::wire::{audit_row, execution};

fn service(request: &Request) -> Reply {
    let proc = json!({"name": "say-hello", "description": "Greets"});
    match (request.method.as_str(), request.path()) {
        ("GET", "/metadata") => Reply::Json(200, json!([proc])),
        ("POST", "/metadata") => Reply::Json(201, json!({"published": [{"name": "say-hello"}]})),
        ("GET", "/metadata/say-hello") => Reply::Json(200, proc),
        ("GET", "/execution") => Reply::Json(200, json!({"executions": [execution("STOPPED")]})),
        ("POST", "/execution" | "/execution/42/rerun") => Reply::Json(201, execution("CREATED")),
        ("GET", "/secret/say-hello") => Reply::Json(200, json!({"names": ["KEY"]})),
        ("GET", "/audit") => Reply::Json(200, json!({"rows": [audit_row()]})),
        ("GET", "/whoami") => Reply::Json(200, json!({"email": "a@example.org"})),
        _ => Reply::Json(200, execution("STOPPED")),
    }
}

/// Every command that answers, with what it answers as a name and where that stands in its JSON.
const COMMANDS: [(&[&str], &str, &str); 11] = [
    (&["list"], "say-hello\n", "/0/name"),
    (&["describe", "say-hello"], "say-hello\n", "/name"),
    (&["execute", "say-hello", "--detach"], "42\n", "/id"),
    (&["rerun", "42", "--detach"], "42\n", "/id"),
    (&["status", "42"], "42\n", "/id"),
    (&["stop", "42"], "42\n", "/id"),
    (&["history"], "42\n", "/0/id"),
    (
        &["publish", "proc.yaml"],
        "say-hello\n",
        "/published/0/name",
    ),
    (&["secret", "list", "say-hello"], "KEY\n", "/0/name"),
    (&["audit"], "7\n", "/0/id"),
    (&["whoami"], "a@example.org\n", "/email"),
];

#[tokio::test]
async fn every_answer_comes_as_text_as_json_and_as_a_name() {
    let stub = Stub::start(service).await;
    let user = User::of(&stub);
    let document = user.write("proc.yaml", "name: say-hello\n");

    for (words, name, place) in COMMANDS {
        let words: Vec<&str> = words
            .iter()
            .map(|word| {
                if *word == "proc.yaml" {
                    document.as_str()
                } else {
                    word
                }
            })
            .collect();
        let run = async |format: &str| {
            let words = [&words[..], &["-o", format]].concat();
            user.run(&words).await.expect_code(0)
        };

        let text = run("text").await;
        assert!(!text.stdout().is_empty(), "{words:?}");
        let names = run("name").await;
        assert_eq!(names.stdout(), name, "{words:?}");
        let json = run("json").await;
        let told: Value = serde_json::from_str(json.stdout()).unwrap();
        let found = told
            .pointer(place)
            .unwrap_or_else(|| panic!("{words:?}: {told}"));
        let found = found.as_str().map_or(found.to_string(), str::to_owned);
        assert_eq!(found, name.trim_end(), "{words:?}");
        // Nothing is said beside an answer for programs.
        for quiet in [names, json] {
            assert_eq!(quiet.stderr, "", "{words:?}");
        }
    }
}
