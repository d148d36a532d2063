//! Those who are told by deliveries: a web server that answers when it may, and a mail server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proctor_testkit::{MailServer, MailServerOptions, WebAnswer, WebServer, wait_for};

pub struct Receivers {
    web: WebServer,
    mails: MailServer,
    /// How many more callbacks are answered; the others are kept waiting.
    answers: Arc<AtomicUsize>,
}

impl Receivers {
    pub fn start() -> Self {
        let answers = Arc::new(AtomicUsize::new(usize::MAX));
        let left = Arc::clone(&answers);
        let web = WebServer::start(move |_| {
            wait_for("an answer to be given", || {
                let given = left.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                    left.checked_sub(1)
                });
                given.map(drop)
            });
            WebAnswer::json("{}")
        });
        Self {
            web,
            mails: MailServer::start(MailServerOptions::default()),
            answers,
        }
    }

    /// By which a replica reaches them.
    pub fn variables(&self) -> Vec<(String, String)> {
        [
            ("PROCTOR_CALLBACK_ALLOW", self.web.host()),
            ("PROCTOR_MAIL_SERVER_HOST", "127.0.0.1".to_owned()),
            ("PROCTOR_MAIL_SERVER_PORT", self.mails.port().to_string()),
            ("PROCTOR_MAIL_FROM", "proctor@example.com".to_owned()),
            ("PROCTOR_MAIL_TLS", "none".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    pub fn url(&self, path: &str) -> String {
        self.web.url(path)
    }

    /// From now on so many callbacks are answered.
    pub fn answer(&self, count: usize) {
        self.answers.store(count, Ordering::SeqCst);
    }

    /// The ids of the callbacks that came to a path, whether they were answered or not.
    pub fn callbacks_to(&self, path: &str) -> Vec<String> {
        let asked = self.web.asked();
        let asked = asked.iter().filter(|request| request.target == path);
        asked
            .map(|request| request.header("proctor-delivery").unwrap().to_owned())
            .collect()
    }

    /// The ids of the deliveries that the mails to an address are.
    pub fn mails_to(&self, address: &str) -> Vec<String> {
        let mails = self.mails.mails();
        let mails = mails.iter().filter(|mail| mail["to"][0] == address);
        mails
            .map(|mail| {
                let id = mail["headers"]["message-id"].as_str().unwrap();
                let (id, _) = id.trim_start_matches('<').split_once('@').unwrap();
                id.to_owned()
            })
            .collect()
    }
}
