//! Version 2's Postgres: one connection, one transaction that only reads and sees one moment of it. Bounded
//! memory: ids come in pages, and rows one by one.

use futures::{Stream, TryStreamExt};
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};

use super::ImportError;

const EXECUTIONS: &str = "execution_context";
const SCHEDULES: &str = "schedule";

/// A moment that is none of the calendar's becomes NULL; the columns have no zone, and what they hold is UTC.
const COLUMNS: &str = "
    id, job_name, name, user_email, image_tag, args, output, status,
    CASE WHEN isfinite(created_at) THEN (extract(epoch FROM created_at) * 1000000)::bigint END AS created_at,
    CASE WHEN isfinite(updated_at) THEN (extract(epoch FROM updated_at) * 1000000)::bigint END AS updated_at";

const SCHEDULE_COLUMNS: &str = r#"
    id, job_name, args, cron, notification_emails, user_email, "group", enabled, tags,
    CASE WHEN isfinite(created_at) THEN (extract(epoch FROM created_at) * 1000000)::bigint END AS created_at"#;

/// Version 2's database.
pub(super) struct Database {
    connection: PgConnection,
    /// Where its tables are; ours are in a schema of their own, maybe of the same database.
    schema: String,
}

impl Database {
    /// Connects and begins the transaction.
    pub(super) async fn open(url: &SecretString) -> Result<Self, ImportError> {
        let options: PgConnectOptions =
            url.expose_secret().parse().map_err(|_| ImportError::Url {
                what: "database",
                example: "postgres://user:password@host:5432/database",
            })?;
        let mut connection = options
            .disable_statement_logging()
            .connect()
            .await
            .map_err(failed("open a connection"))?;
        sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .execute(&mut connection)
            .await
            .map_err(failed("begin to be read"))?;
        let schema: Option<String> = sqlx::query_scalar(
            "SELECT quote_ident(nspname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
              WHERE pg_class.oid = to_regclass($1)",
        )
        .bind(EXECUTIONS)
        .fetch_optional(&mut connection)
        .await
        .map_err(failed("tell where its tables are"))?;
        let schema = schema.ok_or(ImportError::NoTable { table: EXECUTIONS })?;
        Ok(Self { connection, schema })
    }

    /// The rows of all schedules, in the order of their ids; `None` if there is no such table.
    pub(super) async fn schedules(&mut self) -> Result<Option<Vec<PgRow>>, ImportError> {
        let table = format!("{}.{SCHEDULES}", self.schema);
        let there: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
            .bind(&table)
            .fetch_one(&mut self.connection)
            .await
            .map_err(failed("tell whether it has schedules"))?;
        if !there {
            return Ok(None);
        }
        let sql = format!("SELECT {SCHEDULE_COLUMNS} FROM {table} ORDER BY id");
        sqlx::query(AssertSqlSafe(sql))
            .fetch_all(&mut self.connection)
            .await
            .map(Some)
            .map_err(failed("give its schedules"))
    }

    /// The next ids, in their order.
    pub(super) async fn ids(
        &mut self,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<i64>, ImportError> {
        let sql = format!(
            "SELECT id FROM {}.{EXECUTIONS} WHERE $1::bigint IS NULL OR id > $1 ORDER BY id LIMIT $2",
            self.schema
        );
        sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut self.connection)
            .await
            .map_err(failed("list its executions"))
    }

    /// The rows of these ids, each when it is asked for.
    pub(super) fn rows(
        &mut self,
        ids: Vec<i64>,
    ) -> impl Stream<Item = Result<PgRow, ImportError>> + Send + '_ {
        let sql = format!(
            "SELECT {COLUMNS} FROM {}.{EXECUTIONS} WHERE id = ANY($1) ORDER BY id",
            self.schema
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(ids)
            .fetch(&mut self.connection)
            .map_err(failed("give its executions"))
    }
}

fn failed(doing: &'static str) -> impl Fn(sqlx::Error) -> ImportError {
    move |source| ImportError::Database { doing, source }
}
