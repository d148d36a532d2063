//! Version 2 as it left its servers, and the import as a process.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use proctor_testkit::{binary, postgres, redis};
use sqlx::{Connection, PgConnection};

/// The last id that a signed column holds.
pub const GREATEST: i64 = i64::MAX;

/// The columns of a row of `schedule` that tests tell apart.
const SCHEDULE: &str = "id, job_name, args, cron, enabled, notification_emails, user_email, \"group\", tags, created_at";

/// How such a row ends.
pub const REST: &str =
    "'ann@example.com,bob@example.com', 'ann@example.com', 'ops', 'nightly', '2019-10-03 04:00:58'";

/// What version 2 left.
pub struct V2 {
    pub database: postgres::Database<'static>,
    pub redis: redis::Database<'static>,
    connection: PgConnection,
}

/// A row of `execution_context`, as version 2 writes it unless told otherwise.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: i64,
    pub job_name: Option<String>,
    pub args: Option<String>,
    pub output: Option<Vec<u8>>,
    pub status: Option<String>,
    pub created_at: Option<String>,
    pub name: Option<String>,
}

impl Row {
    /// A finished execution with this output.
    pub fn finished(id: i64, output: &[u8]) -> Self {
        Self {
            id,
            job_name: Some("say-hello".into()),
            args: Some(STANDARD.encode(r#"{"WHO":"world"}"#)),
            output: Some(gzip(output)),
            status: Some("FINISHED".into()),
            created_at: Some("2019-10-03 04:00:58.083798".into()),
            name: Some("proctor-8ad2dbf8-7c6c-4b41-a7e6-0b8f1b8b4d4c".into()),
        }
    }

    /// One without output that stands there.
    pub fn standing(id: i64, status: &str) -> Self {
        Self {
            status: Some(status.into()),
            name: None,
            ..Self::finished(id, b"")
        }
    }
}

/// As version 2 packs an output.
pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(text).unwrap();
    gzip.finish().unwrap()
}

impl V2 {
    /// One that has nothing yet.
    pub async fn new() -> Self {
        let database = postgres::Server::shared().database();
        let mut connection = PgConnection::connect(&database.url()).await.unwrap();
        sqlx::raw_sql(include_str!("v2.sql"))
            .execute(&mut connection)
            .await
            .unwrap();
        Self {
            database,
            redis: redis::Server::shared().database(),
            connection,
        }
    }

    pub async fn insert(&mut self, row: &Row) {
        sqlx::query(
            "INSERT INTO execution_context (id, job_name, user_email, image_tag, args, output, status, created_at,
                 updated_at, name)
             VALUES ($1, $2, 'ann@example.com', 'hello:1', $3, $4, $5, $6::timestamp, '2019-10-03 04:01:07.5', $7)",
        )
        .bind(row.id)
        .bind(&row.job_name)
        .bind(&row.args)
        .bind(&row.output)
        .bind(&row.status)
        .bind(&row.created_at)
        .bind(&row.name)
        .execute(&mut self.connection)
        .await
        .unwrap();
    }

    /// Adds rows of `schedule`: what is between the parentheses of VALUES, of [`SCHEDULE`].
    pub fn schedule(&self, values: &str) {
        let insert = format!("INSERT INTO schedule ({SCHEDULE}) VALUES ({values})");
        let _ = self.database.psql(&insert);
    }

    pub fn set(&self, key: &str, value: &str) {
        let _ = self.redis.cli(&["SET", key, value]);
    }

    /// Imports into a data folder.
    pub fn import(&self, data_dir: &Path, flags: &[&str]) -> Imported {
        self.import_with(data_dir, flags, &[])
    }

    /// The same with variables.
    pub fn import_with(
        &self,
        data_dir: &Path,
        flags: &[&str],
        variables: &[(&str, &str)],
    ) -> Imported {
        let mut command = Command::new(binary("proctord"));
        command
            .args(["import-v2", "--data-dir"])
            .arg(data_dir)
            .args(flags)
            .env("PROCTOR_V2_DATABASE_URL", self.database.url())
            .env("PROCTOR_V2_REDIS_URL", self.redis.url())
            .envs(variables.iter().copied());
        Imported::of(command)
    }
}

/// An import that has ended.
#[derive(Debug)]
pub struct Imported {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Imported {
    pub fn of(mut command: Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The line of the summary that begins with this word.
    pub fn line(&self, word: &str) -> &str {
        let line = self.stdout.lines().find(|line| line.starts_with(word));
        line.unwrap_or_else(|| panic!("no {word} in {self:?}"))
    }
}
