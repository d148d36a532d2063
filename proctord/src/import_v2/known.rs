//! What is known of a proc beside its executions: the secrets that are masked in their logs, and the groups that may
//! read them. Version 2's rows have neither.

use std::collections::HashMap;
use std::sync::Arc;

use secrecy::SecretString;

use super::ImportError;
use crate::catalog::Catalog;
use crate::domain::environment::Secrets;
use crate::domain::name::ProcName;

/// What is known of procs.
#[derive(Default)]
pub(super) struct Known {
    /// By proc, as version 2 has them today.
    of_v2: HashMap<Vec<u8>, Vec<SecretString>>,
    asked: HashMap<String, Facts>,
}

/// What is known of one proc.
#[derive(Default)]
pub(super) struct Facts {
    /// What is to be masked, under whatever names.
    pub(super) secrets: Arc<Secrets>,
    pub(super) groups: Vec<String>,
}

impl Known {
    /// Keeps the values that version 2 has for a proc.
    pub(super) fn keep(&mut self, proc_name: Vec<u8>, values: Vec<SecretString>) {
        self.of_v2.insert(proc_name, values);
    }

    /// The facts of the proc that version 2 calls by this name.
    pub(super) async fn of(
        &mut self,
        name: &str,
        catalog: Option<&dyn Catalog>,
    ) -> Result<&Facts, ImportError> {
        if !self.asked.contains_key(name) {
            let facts = self.ask(name, catalog).await?;
            self.asked.insert(name.to_owned(), facts);
        }
        Ok(&self.asked[name])
    }

    async fn ask(&self, name: &str, catalog: Option<&dyn Catalog>) -> Result<Facts, ImportError> {
        let mut secrets = Secrets::new();
        let mut groups = Vec::new();
        if let (Some(catalog), Ok(name)) = (catalog, name.parse::<ProcName>()) {
            secrets = catalog.secrets(&name).await?;
            let metadata = catalog.proc(&name).await?;
            groups = metadata.unwrap_or_default().authorized_groups;
        }
        let of_v2 = self.of_v2.get(name.as_bytes());
        for (number, value) in of_v2.into_iter().flatten().enumerate() {
            let name = format!("OF_VERSION_2_{number}").parse();
            let name = name.expect("it begins with a letter and is not reserved");
            secrets.insert(name, value.clone());
        }
        Ok(Facts {
            secrets: Arc::new(secrets),
            groups,
        })
    }
}
