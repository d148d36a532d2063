//! The Proctor service. `startup` tells how it boots; docs/ARCHITECTURE.md tells how the parts fit.

pub mod app;
pub mod bundle;
pub mod catalog;
pub mod command;
pub mod config;
pub mod data_folder;
pub mod domain;
pub mod housekeeping;
pub mod http;
pub mod import_v2;
pub mod logs;
pub mod metrics;
pub mod plugins;
pub mod policy;
pub mod readiness;
pub mod recovery;
pub mod runner;
pub mod samples;
pub mod sqlite;
pub mod startup;
pub mod store;
pub mod submission;
pub mod telemetry;
pub mod tls;
pub mod tracker;
