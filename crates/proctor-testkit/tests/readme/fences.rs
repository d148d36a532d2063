//! The fenced blocks of a document: what is to be typed, and what is shown below it.

/// What a block of commands is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Builds or checks; a test that ran it would run itself.
    Make,
    /// Starts the service, which then runs beside the others. `<!-- the service -->` stands before it.
    Service,
    /// Starts the service in production. `<!-- the service in production -->` stands before it.
    Production,
    /// The same on a cluster. `<!-- the service on a cluster -->` stands before it.
    Cluster,
    /// Is run against those two. `<!-- in production -->` stands before it.
    InProduction,
    /// Is run in its turn, in the same shell as those before it.
    Walk,
}

/// A block of shell commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// Where it begins.
    pub line: usize,
    pub text: String,
    /// Lines of the `text` block that follows: each is a part of what the commands tell.
    pub expected: Vec<String>,
    role: Role,
}

impl Fence {
    pub fn role(&self) -> Role {
        self.role
    }

    pub fn replace(&self, from: &str, to: &str) -> Self {
        Self {
            text: self.text.replace(from, to),
            ..self.clone()
        }
    }
}

/// Every `sh` block of a Markdown document, in order.
pub fn read(document: &str) -> Vec<Fence> {
    let mut fences: Vec<Fence> = Vec::new();
    let mut last_words = "";
    let mut lines = (1..).zip(document.lines());
    while let Some((number, line)) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let body: Vec<_> = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| *line != "```")
                .collect();
            match (language, fences.last_mut()) {
                ("sh", _) => fences.push(Fence {
                    line: number,
                    role: role(last_words, &body),
                    text: body.join("\n"),
                    expected: Vec::new(),
                }),
                ("text", Some(fence)) if last_words == "```" => {
                    fence.expected = body.into_iter().map(ToOwned::to_owned).collect();
                }
                _ => {}
            }
            last_words = "```";
        } else if !line.trim().is_empty() {
            last_words = line.trim();
        }
    }
    fences
}

fn role(note: &str, body: &[&str]) -> Role {
    match note {
        "<!-- the service -->" => Role::Service,
        "<!-- the service in production -->" => Role::Production,
        "<!-- the service on a cluster -->" => Role::Cluster,
        "<!-- in production -->" => Role::InProduction,
        _ if body.iter().all(|line| line.starts_with("make ")) => Role::Make,
        _ => Role::Walk,
    }
}

#[test]
fn blocks_are_told_apart_and_know_what_they_should_tell() {
    let document = "# Title\n```sh\nmake demo\n```\ntext\n\n<!-- the service -->\n```sh\nserve\n```\n\n\
                    ```sh\nlist\nshow\n```\n\n```text\none\ntwo\n```\n\nwords\n```text\nnot its output\n```\n";

    let fences = read(document);

    let roles: Vec<_> = fences.iter().map(Fence::role).collect();
    assert_eq!(roles, [Role::Make, Role::Service, Role::Walk]);
    assert_eq!(fences[2].text, "list\nshow");
    assert_eq!(fences[2].line, 12);
    assert_eq!(fences[2].expected, ["one", "two"]);
    assert_eq!(fences[1].replace("serve", "stop").text, "stop");
}
