//! One request to Redis: what is sent, what it is for, and whether it may be sent twice. Every answer is looked
//! at; whatever is not what was asked for becomes an error of the catalog.

use redis::{Cmd, FromRedisValue, Pipeline, RedisError, RedisResult};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::connect::Connector;
use super::fault::{catalog_error, is_of_the_connection, silence, was_not_carried_out};
use super::line::{Connection, Line};
use crate::catalog::CatalogError;

/// What is sent, and what is said if it fails.
pub(super) struct Request {
    /// Completes "the catalog did not …".
    pub(super) doing: &'static str,
    /// The key that is damaged if the answer makes no sense.
    pub(super) key: String,
    commands: Pipeline,
    /// Whether the answer is the same if it was carried out before without our knowing.
    repeatable: bool,
}

impl Request {
    /// One command.
    pub(super) fn one(doing: &'static str, key: impl Into<String>, command: Cmd) -> Self {
        let mut commands = redis::pipe();
        commands.add_command(command);
        Self {
            doing,
            key: key.into(),
            commands,
            repeatable: true,
        }
    }

    /// Commands that are carried out together or not at all.
    pub(super) fn together(
        doing: &'static str,
        key: impl Into<String>,
        commands: impl IntoIterator<Item = Cmd>,
    ) -> Self {
        let mut together = redis::pipe();
        together.atomic();
        for command in commands {
            together.add_command(command);
        }
        Self {
            doing,
            key: key.into(),
            commands: together,
            repeatable: true,
        }
    }

    /// Its answer tells what it has changed, so it must not be carried out twice.
    pub(super) fn once(mut self) -> Self {
        self.repeatable = false;
        self
    }

    async fn send<T: FromRedisValue>(&self, connection: &mut Connection) -> RedisResult<T> {
        self.commands.query_async(&mut connection.link).await
    }
}

/// Where requests go.
pub(super) struct Requests {
    line: Line,
    /// Those that may be under way; absent, there is no limit.
    places: Option<Semaphore>,
}

impl Requests {
    pub(super) fn new(connector: Connector) -> Self {
        let limit = connector.settings().max_in_flight;
        let places = limit
            .and_then(|limit| usize::try_from(limit.get()).ok())
            .map(|limit| Semaphore::new(limit.min(Semaphore::MAX_PERMITS)));
        Self {
            line: Line::new(connector),
            places,
        }
    }

    /// Sends it and returns the answers of its commands; in bounded time, whatever Redis does.
    pub(super) async fn answer<T: FromRedisValue>(
        &self,
        request: &Request,
    ) -> Result<T, CatalogError> {
        let patience = self.line.connector().settings().patience;
        match timeout(patience, self.try_twice(request)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(catalog_error(request, error)),
            Err(_) => Err(catalog_error(request, silence(patience))),
        }
    }

    async fn try_twice<T: FromRedisValue>(&self, request: &Request) -> RedisResult<T> {
        let _place = match &self.places {
            Some(places) => places.acquire().await.ok(),
            None => None,
        };
        let mut connection = self.line.connection().await?;
        if !request.repeatable {
            connection = self.proven(connection).await?;
        }
        let error = match request.send(&mut connection).await {
            Err(error) if is_of_the_connection(&error) => error,
            answer => return answer,
        };
        self.line.forget(connection.number, &error).await;
        if !request.repeatable && !was_not_carried_out(&error) {
            return Err(error);
        }
        let mut connection = self.line.connection().await?;
        let answer = request.send(&mut connection).await;
        if let Err(error) = &answer
            && is_of_the_connection(error)
        {
            self.line.forget(connection.number, error).await;
        }
        answer
    }

    /// A connection that has just answered. One that was cut while nobody looked would leave it open whether
    /// the request was carried out.
    async fn proven(&self, mut connection: Connection) -> RedisResult<Connection> {
        let pinged: Result<String, RedisError> =
            redis::cmd("PING").query_async(&mut connection.link).await;
        match pinged {
            Err(error) if is_of_the_connection(&error) => {
                self.line.forget(connection.number, &error).await;
                self.line.connection().await
            }
            _ => Ok(connection),
        }
    }
}
