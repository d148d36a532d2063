//! Which groups an execution takes: those that its proc has today. Of a proc that is gone, those that it was accepted
//! under.

use std::collections::BTreeMap;

use crate::app::App;
use crate::catalog::CatalogError;
use crate::domain::execution::Execution;
use crate::domain::name::ProcName;
use crate::http::access::Access;

/// The groups of procs that are published now, by their names.
#[derive(Default)]
pub(super) struct Groups(BTreeMap<String, Vec<String>>);

impl Groups {
    /// Those of one proc. The catalog is not asked where groups mean nothing.
    pub(super) async fn of_proc(
        app: &App,
        access: &Access,
        name: &ProcName,
    ) -> Result<Self, CatalogError> {
        if !access.looks_at_groups() {
            return Ok(Self::default());
        }
        let metadata = app.catalog.proc(name).await?;
        let groups = metadata.map(|metadata| (name.to_string(), metadata.authorized_groups));
        Ok(Self(groups.into_iter().collect()))
    }

    /// Those of all procs.
    pub(super) async fn of_all(app: &App, access: &Access) -> Result<Self, CatalogError> {
        if !access.looks_at_groups() {
            return Ok(Self::default());
        }
        let procs = app.catalog.procs().await?.into_iter();
        let groups = procs.map(|metadata| (metadata.name, metadata.authorized_groups));
        Ok(Self(groups.collect()))
    }

    pub(super) fn of<'a>(&'a self, execution: &'a Execution) -> &'a [String] {
        let current = self.0.get(execution.proc_name.as_str());
        current.unwrap_or(&execution.plan.groups)
    }
}
