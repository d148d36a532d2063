//! One request after the other, each to some replica; one that is away or hangs is given up.

use std::sync::Arc;
use std::time::Duration;

use proctor_testkit::Random;
use reqwest::{Client, Method, RequestBuilder, Response};

use crate::scene::Replica;

/// After that a replica is taken for one that hangs.
const PATIENCE: Duration = Duration::from_secs(6);
/// For how long nothing of a log may come before the connection is taken for one that hangs.
const SILENCE: Duration = Duration::from_secs(3);

pub const USER: &str = "chaos@example.com";

/// What came of a request.
pub enum Answer {
    /// Nobody knows whether it was done.
    Nothing,
    /// Status and body.
    Of(u16, String),
}

/// Asks the replica that is named first, then any.
#[derive(Clone)]
pub struct Asker {
    replicas: Vec<Arc<Replica>>,
    next: usize,
    random: Random,
    client: Client,
}

impl Asker {
    pub fn new(replicas: &[Arc<Replica>], first: usize, random: Random) -> Self {
        let client = Client::builder()
            .connect_timeout(PATIENCE)
            .read_timeout(SILENCE)
            .build()
            .unwrap();
        Self {
            replicas: replicas.to_vec(),
            next: first,
            random,
            client,
        }
    }

    /// Takes other chances from now on.
    pub fn reseed(&mut self, number: u64) {
        self.random = Random::of(self.random.number(), number);
    }

    pub async fn ask(
        &mut self,
        method: Method,
        path: &str,
        shape: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Answer {
        let asked = async {
            let response = self.begin(method, path, "application/json", shape).await?;
            let status = response.status().as_u16();
            Some((status, response.text().await.ok()?))
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Some((status, text))) => Answer::Of(status, text),
            _ => Answer::Nothing,
        }
    }

    /// An answer whose body is yet to come; none if there is nobody.
    pub async fn begin(
        &mut self,
        method: Method,
        path: &str,
        accepted: &str,
        shape: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Option<Response> {
        let replica = &self.replicas[self.next % self.replicas.len()];
        let address = replica.address();
        self.next = self.random.one_of(&[0, 1, 2]);
        let url = format!("http://{}{path}", address?);
        let request = self
            .client
            .request(method, url)
            .header("Accept", accepted)
            .header("Email-Id", USER);
        shape(request).send().await.ok()
    }

    /// Before it is tried again.
    pub async fn wait(&mut self) {
        let wait = Duration::from_millis(self.random.between(50, 500));
        tokio::time::sleep(wait).await;
    }
}
