//! A proc's document on its way in: read strictly, and everything that is wrong with it told at once, each
//! mistake with its place. What comes out is fit to be stored.

mod fields;
mod image;
pub(crate) mod kubernetes;
mod quantity;
mod rules;
#[cfg(test)]
mod tests;

use proctor_api::{ArgMetadata, EnvVars, Metadata, Mistake, Resources, SecretMetadata};
use serde_json::Value;

use fields::Fields;

/// The most bytes of one document, written as JSON. Kubernetes takes as many of all annotations together.
pub const LIMIT_BYTES: usize = 256 * 1024;

/// Reads one document.
///
/// # Errors
/// Everything that is wrong with it, in the order of the document's fields.
pub fn parse(document: &Value) -> Result<Metadata, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    if document.to_string().len() > LIMIT_BYTES {
        let message = format!("has more than {LIMIT_BYTES} bytes, written as JSON");
        mistakes.push(Mistake::new("", message));
    }
    let metadata = read_metadata(&mut Fields::open(document, String::new(), &mut mistakes));
    rules::check(&metadata, &mut mistakes);
    if mistakes.is_empty() {
        Ok(metadata)
    } else {
        Err(mistakes)
    }
}

/// Reads a list of documents; their names must differ.
///
/// # Errors
/// Everything that is wrong with any of them; places begin with the index, as in `[2].name`.
pub fn parse_all(documents: &[Value]) -> Result<Vec<Metadata>, Vec<Mistake>> {
    let mut parsed: Vec<Metadata> = Vec::new();
    let mut mistakes = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        match parse(document) {
            Ok(metadata) => {
                if parsed.iter().any(|other| other.name == metadata.name) {
                    let message = format!("repeats the name {} of another document", metadata.name);
                    mistakes.push(Mistake::new(format!("[{index}].name"), message));
                }
                parsed.push(metadata);
            }
            Err(found) => mistakes.extend(found.into_iter().map(|mistake| within(index, mistake))),
        }
    }
    if mistakes.is_empty() {
        Ok(parsed)
    } else {
        Err(mistakes)
    }
}

fn within(index: usize, mistake: Mistake) -> Mistake {
    let separator = if mistake.at.is_empty() { "" } else { "." };
    Mistake::new(
        format!("[{index}]{separator}{}", mistake.at),
        mistake.message,
    )
}

fn read_metadata(fields: &mut Fields<'_, '_>) -> Metadata {
    let metadata = Metadata {
        name: fields.text("name"),
        description: fields.text("description"),
        image_name: fields.text("image_name"),
        env_vars: fields.object("env_vars", read_env_vars).unwrap_or_default(),
        authorized_groups: fields.texts("authorized_groups").unwrap_or_default(),
        author: fields.text("author"),
        contributors: fields.text("contributors"),
        organization: fields.text("organization"),
        command: fields.texts("command"),
        bundle: fields.optional_text("bundle"),
        deadline_seconds: fields.count("deadline_seconds"),
        retries: fields.count("retries"),
        resources: fields.object("resources", read_resources),
        max_concurrent: fields.count("max_concurrent"),
        allow_extra_args: fields.flag("allow_extra_args"),
        kubernetes: fields.object("kubernetes", kubernetes::read),
    };
    fields.refuse_the_rest();
    metadata
}

fn read_env_vars(fields: &mut Fields<'_, '_>) -> EnvVars {
    let env_vars = EnvVars {
        secrets: fields.objects("secrets", read_secret),
        args: fields.objects("args", read_arg),
    };
    fields.refuse_the_rest();
    env_vars
}

fn read_secret(fields: &mut Fields<'_, '_>) -> SecretMetadata {
    let secret = SecretMetadata {
        name: fields.text("name"),
        description: fields.text("description"),
    };
    fields.refuse_the_rest();
    secret
}

fn read_arg(fields: &mut Fields<'_, '_>) -> ArgMetadata {
    let arg = ArgMetadata {
        name: fields.text("name"),
        description: fields.text("description"),
        required: fields.flag("required"),
        default: fields.optional_scalar("default"),
        kind: fields.kind("type"),
        choices: fields.scalars("choices"),
        pattern: fields.optional_text("pattern"),
    };
    fields.refuse_the_rest();
    arg
}

fn read_resources(fields: &mut Fields<'_, '_>) -> Resources {
    let resources = Resources {
        cpu: fields.optional_scalar("cpu"),
        memory: fields.optional_scalar("memory"),
    };
    fields.refuse_the_rest();
    resources
}
