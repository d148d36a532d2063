//! `proctor template`

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use crate::args_file;
use crate::cli::TemplateArgs;
use crate::commands::describe::unknown_proc;
use crate::console::{self, row};
use crate::context::{Context, answer};
use crate::error::Error;
use crate::escape::visible;

/// Writes a file in which a proc's args can be filled in.
pub async fn run(context: &Context, args: TemplateArgs) -> Result<(), Error> {
    let found = context.client()?.proc(&args.name).await;
    let metadata = found.map_err(|error| unknown_proc(error, &args.name))?;
    let declared = &metadata.env_vars.args;
    let text = args_file::template(declared);

    if args.file == Path::new("-") {
        return answer(&text);
    }
    write(&args.file, &text, args.force).map_err(|source| Error::Template {
        path: args.file.clone(),
        source,
    })?;
    console::head("\nArgs");
    for arg in declared {
        console::say(row(&visible(&arg.name), &visible(&arg.description)));
    }
    let name = visible(&metadata.name);
    let file = args.file.display().to_string();
    console::cheer(format!(
        "\nTo {name}, run:\nproctor execute {name} -f {} ARG_ONE=foo ARG_TWO=bar",
        visible(&file)
    ));
    Ok(())
}

fn write(path: &Path, text: &str, force: bool) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
