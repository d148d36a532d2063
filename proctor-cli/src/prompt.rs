//! Questions to whoever sits at the terminal. Asked on stderr, answered on stdin; whether there is
//! anybody to ask is for the caller to know.

use std::io::{self, BufRead as _};

use inquire::validator::Validation;
use inquire::{InquireError, Select, Text};
use owo_colors::OwoColorize as _;
use proctor_api::{ArgMetadata, ArgType};

use crate::arg;
use crate::console;
use crate::escape::visible;

/// Nobody answered.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    #[error("Nothing was sent.")]
    Interrupted,
    #[error("failed to ask for {name}: {source}")]
    Terminal {
        name: String,
        #[source]
        source: InquireError,
    },
}

/// Asks for the value of an arg: by arrow keys where there is a choice, otherwise typed and checked.
pub fn value_of(arg: &ArgMetadata) -> Result<String, PromptError> {
    let question = match arg.description.as_str() {
        "" => format!("{}:", visible(&arg.name)),
        description => format!("{} ({}):", visible(&arg.name), visible(description)),
    };
    let answer = match choices(arg) {
        _ if !console::can_take_back() => type_plainly(&question, arg),
        Some(choices) => choose(&question, choices),
        None => type_in(&question, arg),
    };
    answer.map_err(|source| match source {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => {
            PromptError::Interrupted
        }
        source => PromptError::Terminal {
            name: visible(&arg.name).into_owned(),
            source,
        },
    })
}

fn choices(arg: &ArgMetadata) -> Option<Vec<String>> {
    if arg.kind == Some(ArgType::Boolean) {
        return Some(vec!["true".to_owned(), "false".to_owned()]);
    }
    arg.choices.clone().filter(|choices| !choices.is_empty())
}

fn choose(question: &str, choices: Vec<String>) -> Result<String, InquireError> {
    let shown = choices
        .iter()
        .map(|choice| visible(choice).into_owned())
        .collect();
    let chosen = Select::new(question, shown).raw_prompt()?;
    Ok(choices[chosen.index].clone())
}

fn type_in(question: &str, arg: &ArgMetadata) -> Result<String, InquireError> {
    let rules = visible(&arg::rules(arg).join("; ")).into_owned();
    let arg = arg.clone();
    Text::new(question)
        .with_help_message(&rules)
        .with_validator(move |value: &str| {
            Ok(match arg::value_mistake(&arg, value) {
                Some(mistake) => Validation::Invalid(visible(&mistake).into_owned().into()),
                None => Validation::Valid,
            })
        })
        .prompt()
}

/// Asks line by line, where the terminal cannot take back what it has shown.
fn type_plainly(question: &str, arg: &ArgMetadata) -> Result<String, InquireError> {
    let choices = choices(arg);
    loop {
        let rules = arg::rules(arg).join("; ");
        console::ask(format!("{question} [{}] ", visible(&rules)));
        let mut reply = String::new();
        if io::stdin().lock().read_line(&mut reply)? == 0 {
            return Err(InquireError::OperationCanceled);
        }
        let reply = reply.trim_end_matches(['\r', '\n']);
        let mistake = match &choices {
            Some(choices) if !choices.iter().any(|choice| choice == reply) => {
                Some(format!("must be one of {}", choices.join(", ")))
            }
            _ => arg::value_mistake(arg, reply),
        };
        match mistake {
            Some(mistake) => console::say(visible(&mistake)),
            None => return Ok(reply.to_owned()),
        }
    }
}

/// Asks a question whose answer is a line, without the blanks around it. Nobody there is nobody who answers.
pub fn line(question: &str) -> Result<String, PromptError> {
    console::ask(question);
    let mut reply = String::new();
    match io::stdin().lock().read_line(&mut reply) {
        Ok(1..) => Ok(reply.trim().to_owned()),
        Ok(0) | Err(_) => Err(PromptError::Interrupted),
    }
}

/// Asks a question whose answer is yes or no; Enter is what the question says in capitals.
pub fn yes_or_no(question: &str, enter: bool) -> bool {
    console::ask(format!("\n{question}\t").yellow());
    let mut reply = String::new();
    let bytes = io::stdin().lock().read_line(&mut reply).unwrap_or_default();
    bytes > 0 && is_yes(&reply, enter)
}

fn is_yes(reply: &str, enter: bool) -> bool {
    match reply.trim().to_ascii_lowercase().as_str() {
        "" => enter,
        reply => matches!(reply, "y" | "yes"),
    }
}

/// What becomes of an execution whose follower was interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Leave,
    Stop,
    Continue,
}

/// Asks what is to become of the execution, until the reply can be understood. Nobody there means leave.
pub async fn wish() -> Wish {
    loop {
        console::ask(
            "\nThe execution goes on. [l]eave it running, [s]top it or [c]ontinue to follow? "
                .yellow(),
        );
        let reply = tokio::task::spawn_blocking(|| {
            let mut reply = String::new();
            let bytes = io::stdin().lock().read_line(&mut reply).unwrap_or_default();
            (bytes > 0).then_some(reply)
        });
        match reply.await.ok().flatten() {
            None => return Wish::Leave,
            Some(reply) => {
                if let Some(wish) = parse_wish(&reply) {
                    return wish;
                }
            }
        }
    }
}

fn parse_wish(reply: &str) -> Option<Wish> {
    match reply.trim().to_ascii_lowercase().as_str() {
        "l" | "leave" => Some(Wish::Leave),
        "s" | "stop" => Some(Wish::Stop),
        "c" | "continue" => Some(Wish::Continue),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Wish, is_yes, parse_wish};

    #[test]
    fn enter_is_what_the_question_says_and_only_yes_is_yes() {
        for reply in ["y\n", "Y", " yes \r\n"] {
            assert!(is_yes(reply, false), "{reply:?}");
        }
        for reply in ["n\n", "no", "quit", "yy"] {
            assert!(!is_yes(reply, true), "{reply:?}");
        }
        assert!(is_yes("\n", true));
        assert!(!is_yes("\n", false));
    }

    #[test]
    fn a_wish_is_a_letter_or_a_word() {
        assert_eq!(parse_wish("s\n"), Some(Wish::Stop));
        assert_eq!(parse_wish(" LEAVE \r\n"), Some(Wish::Leave));
        assert_eq!(parse_wish("c"), Some(Wish::Continue));
        assert_eq!(parse_wish("\n"), None);
    }
}
