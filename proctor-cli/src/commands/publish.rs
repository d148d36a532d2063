//! `proctor publish`

use proctor_api::{Metadata, Problem, Published};
use serde_json::Value;

use crate::cli::PublishArgs;
use crate::client::error::ClientError;
use crate::client::{Breaking, Client};
use crate::console;
use crate::context::{Context, answer};
use crate::error::Error;
use crate::escape::visible;
use crate::manifest::{self, Definition, Located, PublishError};

/// The problem of documents that the args of schedules do not fit.
const BREAKS_SCHEDULES: &str = "/problems/breaks-schedules";

/// Checks everything, uploads the files, then publishes all procs at once.
pub async fn run(context: &Context, args: PublishArgs) -> Result<(), Error> {
    let definitions = manifest::read(&args.paths)?;
    let client = context.client()?;
    let breaking = if args.force {
        Breaking::Forced
    } else {
        Breaking::Refused
    };

    check(&client, &definitions, breaking).await?;
    upload(&client, &definitions).await?;
    let procs: Vec<Metadata> = definitions
        .iter()
        .map(|definition| definition.metadata.clone())
        .collect();
    let published = match client.publish(&procs, breaking).await {
        Ok(published) => published,
        Err(error) => return Err(located(error, &definitions)),
    };

    tell(&definitions, &published);
    answer(&args.output.output().published(&published))
}

/// Has the service tell every mistake of every document before anything is changed.
async fn check(
    client: &Client,
    definitions: &[Definition],
    breaking: Breaking,
) -> Result<(), Error> {
    let documents: Vec<Value> = definitions
        .iter()
        .map(|definition| definition.document.clone())
        .collect();
    client
        .check(&documents, breaking)
        .await
        .map_err(|error| located(error, definitions))?;
    let misread: Vec<Located> = definitions
        .iter()
        .filter_map(|definition| definition.misread.clone())
        .collect();
    if misread.is_empty() {
        return Ok(());
    }
    Err(PublishError(misread).into())
}

async fn upload(client: &Client, definitions: &[Definition]) -> Result<(), Error> {
    for bundle in definitions.iter().filter_map(|one| one.bundle.as_ref()) {
        client
            .upload_bundle(&bundle.digest, bundle.tar.clone())
            .await?;
    }
    Ok(())
}

/// The service's mistakes at the places of the documents; an error without any stays as it is, and so does one whose
/// places are schedules.
fn located(error: ClientError, definitions: &[Definition]) -> Error {
    let of_documents = |problem: &&Problem| problem.kind != BREAKS_SCHEDULES;
    match error.mistakes().filter(of_documents) {
        Some(problem) => PublishError(places(problem, definitions)).into(),
        None => error.into(),
    }
}

fn places(problem: &Problem, definitions: &[Definition]) -> Vec<Located> {
    let place = |mistake: &proctor_api::Mistake| {
        let (index, at) = split_index(&mistake.at)?;
        Some(definitions.get(index)?.locate(at, &mistake.message))
    };
    let nowhere = |mistake: &proctor_api::Mistake| Located::new("proctord".as_ref(), mistake);
    problem
        .mistakes
        .iter()
        .map(|mistake| place(mistake).unwrap_or_else(|| nowhere(mistake)))
        .collect()
}

/// The place `[2].name` as 2 and `name`.
fn split_index(at: &str) -> Option<(usize, &str)> {
    let (index, rest) = at.strip_prefix('[')?.split_once(']')?;
    Some((index.parse().ok()?, rest.trim_start_matches('.')))
}

fn tell(definitions: &[Definition], published: &Published) {
    for definition in definitions.iter().filter(|one| one.files_left_out) {
        let name = visible(&definition.metadata.name);
        console::say(format!(
            "{name}: the folder's files were not uploaded, because its document has no `command`"
        ));
    }
    for one in &published.published {
        let name = visible(&one.name);
        for warning in &one.warnings {
            console::warn(format!("{name}: {}", visible(warning)));
        }
        for key in &one.missing_secrets {
            let key = visible(key);
            console::warn(format!(
                "{name}: secret {key} is not set yet; run: proctor secret set {name} {key}"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split_index;

    #[test]
    fn a_place_is_split_into_document_and_field() {
        assert_eq!(
            split_index("[2].env_vars.args[0].name"),
            Some((2, "env_vars.args[0].name"))
        );
        assert_eq!(split_index("[0]"), Some((0, "")));
        assert_eq!(split_index("name"), None);
    }
}
