//! `proctord plugins token`: a new token, and what a file says of it. It writes to no file and keeps nothing.

use std::io::Write;

use anyhow::ensure;
use clap::Args;
use proctor_token as token;

/// Make a token and the entry for it in the file of token-auth-plugin
///
/// The entry goes to the standard output, to be appended to the file that TOKEN_PLUGIN_FILE names; the token is shown
/// once, on the standard error output, and nobody can find it out again.
#[derive(Debug, Args)]
pub(super) struct Token {
    /// Whose it is
    email: String,
    /// Their name
    #[arg(long, default_value = "")]
    name: String,
    /// A group they are in; may be given several times
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
}

pub(super) fn run(wanted: &Token) -> anyhow::Result<()> {
    check(wanted)?;
    let token = token::Token::random()?;
    let entry = entry(wanted, &token.id, &token::hash(&token.text)?)?;
    write!(std::io::stdout(), "{entry}")?;
    writeln!(
        std::io::stderr(),
        "The token of {}, shown this once: {}",
        wanted.email,
        *token.text
    )?;
    Ok(())
}

fn check(wanted: &Token) -> anyhow::Result<()> {
    let has_blanks = wanted.email.contains(char::is_whitespace);
    ensure!(
        !wanted.email.is_empty() && !has_blanks,
        "{:?} is no e-mail address",
        wanted.email
    );
    for text in wanted.groups.iter().chain([&wanted.email, &wanted.name]) {
        let is_odd = text.contains(char::is_control);
        ensure!(!is_odd, "{text:?} has control characters in it");
    }
    Ok(())
}

/// As the file is written. A text without control characters looks the same in JSON and in TOML.
fn entry(wanted: &Token, id: &str, hash: &str) -> anyhow::Result<String> {
    let text = |text: &str| serde_json::to_string(text);
    let groups: Result<Vec<_>, _> = wanted.groups.iter().map(|group| text(group)).collect();
    Ok(format!(
        "[[user]]\nemail = {}\nname = {}\ngroups = [{}]\ntokens = [\n    {{ id = {}, hash = {} }},\n]\n",
        text(&wanted.email)?,
        text(&wanted.name)?,
        groups?.join(", "),
        text(id)?,
        text(hash)?
    ))
}
