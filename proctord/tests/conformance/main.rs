//! One suite for every store, every catalog and every runner: what each of them must do, whatever it is made
//! of. An implementation joins with one line here and, for stores and catalogs, a way past itself to look at
//! rows.

#![expect(
    clippy::unwrap_used,
    reason = "a case that cannot go on should say where"
)]

mod catalog;
mod following;
mod kubernetes;
mod local;
mod postgres;
mod redis;
mod runner;
mod sqlite;
mod store;

store_suite!(sqlite_store, crate::sqlite::SqliteSubject);
store_suite!(postgres_store, crate::postgres::PostgresSubject);
catalog_suite!(sqlite_catalog, crate::sqlite::catalog::SqliteShelf);
catalog_suite!(redis_catalog, crate::redis::catalog::RedisShelf);
runner_suite!(local_runner, crate::local::LocalSubject);
runner_suite!(kubernetes_runner, crate::kubernetes::KubernetesSubject);
