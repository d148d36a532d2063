//! One proc for people: what it does, what it takes, who may run it.

use owo_colors::OwoColorize as _;
use proctor_api::{ArgMetadata, Metadata};

use crate::arg;
use crate::escape::visible;
use crate::output::text::{Text, document, kubernetes};

/// The rows of `describe`; those that the Go client had always, the others where they say something.
pub fn describe(text: &Text, metadata: &Metadata) -> String {
    let row = |name: &str, value: &str| text.row(name, value);
    let groups = format!("[{}]", metadata.authorized_groups.join(", "));
    let mut lines = vec![
        row("Description", &visible(&metadata.description)),
        row("Contributors", &visible(&metadata.contributors)),
        row("Organization", &visible(&metadata.organization)),
        row("Authorized Groups", &visible(&groups)),
    ];
    for (name, value) in extras(metadata) {
        lines.push(row(name, &visible(&value)));
    }
    lines.push(format!("\n{}", "Args".magenta()));
    for arg in &metadata.env_vars.args {
        lines.push(row(&visible(&arg.name), &visible(&arg_text(arg))));
    }
    if !metadata.env_vars.secrets.is_empty() {
        lines.push(format!("\n{}", "Secrets".magenta()));
    }
    for secret in &metadata.env_vars.secrets {
        lines.push(row(&visible(&secret.name), &visible(&secret.description)));
    }
    let pods = metadata.kubernetes.as_ref().map(kubernetes::rows);
    let pods = pods.unwrap_or_default();
    if !pods.is_empty() {
        lines.push(format!("\n{}", "Kubernetes".magenta()));
    }
    for (name, value) in pods {
        lines.push(row(name, &visible(&value)));
    }
    document(lines)
}

fn extras(metadata: &Metadata) -> Vec<(&'static str, String)> {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let resources = metadata.resources.as_ref();
    let rows = [
        ("Author", text(&metadata.author)),
        ("Image", text(&metadata.image_name)),
        (
            "Command",
            metadata.command.as_ref().map(|words| format!("{words:?}")),
        ),
        ("Files", metadata.bundle.clone()),
        (
            "Deadline",
            metadata.deadline_seconds.map(|secs| format!("{secs} s")),
        ),
        (
            "Retries",
            metadata.retries.map(|retries| retries.to_string()),
        ),
        ("CPU", resources.and_then(|resources| resources.cpu.clone())),
        (
            "Memory",
            resources.and_then(|resources| resources.memory.clone()),
        ),
        (
            "Runs at once",
            metadata.max_concurrent.map(|most| most.to_string()),
        ),
    ];
    let said = |(name, value): (&'static str, Option<String>)| Some((name, value?));
    rows.into_iter().filter_map(said).collect()
}

/// The description of an arg and, in brackets, what its value must be.
fn arg_text(arg: &ArgMetadata) -> String {
    let rules = arg::rules(arg);
    if rules.is_empty() {
        arg.description.clone()
    } else {
        format!("{} [{}]", arg.description, rules.join("; "))
    }
}
