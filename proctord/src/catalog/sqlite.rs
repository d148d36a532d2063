//! The catalog in SQLite.
