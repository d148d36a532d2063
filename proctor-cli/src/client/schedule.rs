//! The routes of schedules. Those that make something are asked again under the same key; the others are not.

use proctor_api::{Execution, Firing, FiringPage, NextMoments, Schedule, ScheduleRequest};
use reqwest::Method;

use crate::client::Client;
use crate::client::error::ClientError;

/// The most firings that the service gives at once.
const PAGE_LIMIT: usize = 500;

impl Client {
    pub async fn create_schedule(
        &self,
        request: &ScheduleRequest,
    ) -> Result<Schedule, ClientError> {
        self.ask_once(&["schedule"], |post| post.json(request))
            .await
    }

    /// The schedules that may be seen, oldest first.
    pub async fn schedules(&self) -> Result<Vec<Schedule>, ClientError> {
        let body = self.send(self.get(&["schedule"])?).await?;
        // The Go service has no empty list.
        if body.is_empty() {
            return Ok(Vec::new());
        }
        self.parse(&body)
    }

    pub async fn schedule(&self, id: u64) -> Result<Schedule, ClientError> {
        self.ask(self.get(&["schedule", &id.to_string()])?).await
    }

    pub async fn change_schedule(
        &self,
        id: u64,
        request: &ScheduleRequest,
    ) -> Result<Schedule, ClientError> {
        let change = self.request(Method::PUT, &["schedule", &id.to_string()])?;
        self.ask(change.json(request)).await
    }

    pub async fn pause_schedule(&self, id: u64) -> Result<Schedule, ClientError> {
        let id = id.to_string();
        self.ask(self.request(Method::POST, &["schedule", &id, "pause"])?)
            .await
    }

    pub async fn resume_schedule(&self, id: u64) -> Result<Schedule, ClientError> {
        let id = id.to_string();
        self.ask(self.request(Method::POST, &["schedule", &id, "resume"])?)
            .await
    }

    /// Asks for an execution of a schedule, now.
    pub async fn run_schedule(&self, id: u64) -> Result<Execution, ClientError> {
        let id = id.to_string();
        self.ask_once(&["schedule", &id, "run"], |post| post).await
    }

    /// The next moments of a schedule, with the time zone by whose clock they are told.
    pub async fn next_moments(&self, id: u64, count: u32) -> Result<NextMoments, ClientError> {
        let next = self.get(&["schedule", &id.to_string(), "next"])?;
        self.ask(next.query(&[("count", count)])).await
    }

    /// What became of a schedule's moments, newest first, asked for page by page until there is as much as wanted.
    pub async fn firings(&self, id: u64, wanted: usize) -> Result<Vec<Firing>, ClientError> {
        let id = id.to_string();
        let mut firings = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let limit = (wanted - firings.len()).min(PAGE_LIMIT);
            let page = self.get(&["schedule", &id, "firings"])?;
            let cursors = cursor.take().map(|cursor| ("cursor", cursor));
            let page = page
                .query(&[("limit", limit)])
                .query(&Vec::from_iter(cursors));
            let page: FiringPage = self.ask(page).await?;
            let is_empty = page.firings.is_empty();
            firings.extend(page.firings);
            firings.truncate(wanted);
            cursor = page.next_cursor;
            if firings.len() == wanted || cursor.is_none() || is_empty {
                return Ok(firings);
            }
        }
    }

    pub async fn remove_schedule(&self, id: u64) -> Result<(), ClientError> {
        let remove = self.request(Method::DELETE, &["schedule", &id.to_string()])?;
        self.send(remove).await.map(|_| ())
    }
}
