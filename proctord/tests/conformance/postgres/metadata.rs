//! The metadata that queries are checked against when they are compiled: it must be what a server with the
//! migrations says, for every query, and for nothing that is no query any more.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sqlx::{
    AssertSqlSafe, Column, Connection, Either, Executor, PgConnection, SqlSafeStr, TypeInfo,
};

use super::migrated;

/// A query as the metadata has it.
pub struct Query {
    pub sql: String,
    describe: Value,
}

/// Every query that is checked.
pub fn queries() -> Vec<Query> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| query(file)).collect()
}

fn query(file: &Path) -> Query {
    let mut json: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    assert_eq!(json["db_name"], "PostgreSQL", "{}", file.display());
    Query {
        sql: json["query"].as_str().unwrap().to_owned(),
        describe: json["describe"].take(),
    }
}

/// Columns with their types, parameters with theirs, and which columns may be empty; as the metadata has it.
async fn described(connection: &mut PgConnection, sql: &str) -> (Vec<Value>, Vec<Value>, Value) {
    let described = connection
        .describe(AssertSqlSafe(sql.to_owned()).into_sql_str())
        .await
        .unwrap();
    let columns = described
        .columns()
        .iter()
        .map(|column| serde_json::json!([column.name(), type_of(column.type_info())]));
    let parameters = match described.parameters() {
        Some(Either::Left(types)) => types.iter().map(type_of).collect(),
        other => panic!("{sql}: {other:?}"),
    };
    let nullable: Vec<_> = (0..described.columns().len())
        .map(|column| described.nullable(column))
        .collect();
    (columns.collect(), parameters, serde_json::json!(nullable))
}

/// The metadata calls an array of texts `TextArray`, the server `TEXT[]`.
fn type_of(type_info: &impl TypeInfo) -> Value {
    Value::from(canonical(type_info.name()))
}

fn canonical(name: &str) -> String {
    let name = name.to_lowercase();
    match name.strip_suffix("array") {
        Some(element) => format!("{element}[]"),
        None => name,
    }
}

#[tokio::test]
async fn the_metadata_is_what_a_server_with_the_migrations_says() {
    let (database, _) = migrated().await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let queries = queries();
    assert!(queries.len() > 30, "{} queries", queries.len());

    for Query { sql, describe } in queries {
        let (columns, parameters, nullable) = described(&mut connection, &sql).await;
        let known_columns: Vec<_> = describe["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| {
                let kind = canonical(column["type_info"].as_str().unwrap());
                serde_json::json!([column["name"], kind])
            })
            .collect();
        let known_parameters: Vec<_> = describe["parameters"]["Left"]
            .as_array()
            .unwrap()
            .iter()
            .map(|kind| Value::from(canonical(kind.as_str().unwrap())))
            .collect();
        let again = "`make sqlx-metadata` writes it anew";
        assert_eq!(columns, known_columns, "{sql}\n{again}");
        assert_eq!(parameters, known_parameters, "{sql}\n{again}");
        assert_eq!(nullable, describe["nullable"], "{sql}\n{again}");
    }
}

#[test]
fn every_query_of_the_metadata_is_in_the_code() {
    let code = code_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));

    for query in queries() {
        assert!(
            code.contains(&query.sql),
            "nobody asks this any more, `make sqlx-metadata` forgets it: {}",
            query.sql
        );
    }
}

fn code_below(folder: &Path) -> String {
    let mut code = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            code += &code_below(&path);
        } else {
            code += &fs::read_to_string(path).unwrap();
        }
    }
    code
}
