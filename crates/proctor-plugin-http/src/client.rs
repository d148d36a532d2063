//! Requests and their answers. An answer is one whatever its status says; only who asked knows what it means.

use std::io::Read;
use std::time::Duration;

use proctor_plugin::Failure;
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body, Error};

use crate::address::Address;
use crate::trust::Trust;

/// Asks others, several at a time if need be.
pub struct Client {
    agent: Agent,
    trust: Trust,
    most_bytes: u64,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// `Retry-After`, as it was sent.
    pub retry_after: Option<String>,
    /// Its beginning, if it is longer than allowed.
    pub body: Vec<u8>,
    pub is_cut: bool,
}

impl Client {
    /// One that says this name, waits so long for a whole answer, and reads no more than so many bytes of it.
    #[must_use]
    pub fn new(name: &str, timeout: Duration, most_bytes: u64) -> Self {
        let trust = Trust::of_system();
        let version = env!("CARGO_PKG_VERSION");
        let agent = Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(format!("proctor-{name}/{version}"))
            .tls_config(trust.tls())
            .build()
            .new_agent();
        Self {
            agent,
            trust,
            most_bytes,
        }
    }

    /// Asks for JSON, with these in the query.
    ///
    /// # Errors
    /// There is no answer.
    pub fn get(&self, address: &Address, query: &[(&str, &str)]) -> Result<Answer, Failure> {
        self.check(address)?;
        let request = self.agent.get(address.uri());
        let request = request
            .header(header::ACCEPT, "application/json")
            .query_pairs(query.iter().copied());
        self.answer(address, request.call())
    }

    /// Sends JSON, with these headers.
    ///
    /// # Errors
    /// There is no answer.
    pub fn post(
        &self,
        address: &Address,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, Failure> {
        self.check(address)?;
        let mut request = self.agent.post(address.uri());
        request = request.header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answer(address, request.send(body))
    }

    fn check(&self, address: &Address) -> Result<(), Failure> {
        match address.is_encrypted() {
            true => self.trust.check(),
            false => Ok(()),
        }
    }

    fn answer(
        &self,
        address: &Address,
        answer: Result<Response<Body>, Error>,
    ) -> Result<Answer, Failure> {
        let mut answer = answer.map_err(|error| unanswered(address, &error))?;
        let mut body = Vec::new();
        let mut reader = answer.body_mut().as_reader().take(self.most_bytes + 1);
        reader
            .read_to_end(&mut body)
            .map_err(|error| unanswered(address, &Error::from(error)))?;
        let most = usize::try_from(self.most_bytes).unwrap_or(usize::MAX);
        let is_cut = body.len() > most;
        body.truncate(most);
        let retry_after = answer.headers().get(header::RETRY_AFTER);
        Ok(Answer {
            status: answer.status().as_u16(),
            retry_after: retry_after
                .and_then(|value| value.to_str().ok())
                .map(ToOwned::to_owned),
            body,
            is_cut,
        })
    }
}

impl Answer {
    /// Whether it says that all went well.
    #[must_use]
    pub fn is_success(&self) -> bool {
        StatusCode::from_u16(self.status).is_ok_and(|status| status.is_success())
    }

    /// Its beginning, for people to read: a line of at most so many letters.
    #[must_use]
    pub fn excerpt(&self, most_letters: usize) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let mut letters = text
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter });
        let mut excerpt: String = letters.by_ref().take(most_letters).collect();
        if letters.next().is_some() || self.is_cut {
            excerpt.push('…');
        }
        excerpt
    }
}

/// Some errors repeat the whole address; those say less here.
fn unanswered(address: &Address, error: &Error) -> Failure {
    let why = match error {
        Error::BadUri(_) | Error::RequireHttpsOnly(_) => "the address cannot be used".to_owned(),
        Error::Timeout(_) => "no whole answer in time".to_owned(),
        other => other.to_string(),
    };
    Failure::new(format!("{address} cannot be asked: {why}"))
}
