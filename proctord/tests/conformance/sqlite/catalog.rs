//! The SQLite catalog under test.

use async_trait::async_trait;
use proctord::catalog::Catalog;
use proctord::catalog::sealing::SecretKeys;
use proctord::catalog::sqlite::SqliteCatalog;
use tempfile::TempDir;

use crate::catalog::shelf::Shelf;

/// A catalog in SQLite, in a folder of its own.
pub struct SqliteShelf {
    folder: TempDir,
    catalog: SqliteCatalog,
}

impl SqliteShelf {
    async fn open(folder: TempDir, keys: &str) -> Self {
        let keys = SecretKeys::parse(keys).unwrap();
        let catalog = SqliteCatalog::open(folder.path(), keys).await.unwrap();
        Self { folder, catalog }
    }
}

#[async_trait]
impl Shelf for SqliteShelf {
    async fn fresh(keys: &str) -> Self {
        Self::open(TempDir::new().unwrap(), keys).await
    }

    async fn reopened(self, keys: &str) -> Self {
        self.catalog.close().await;
        Self::open(self.folder, keys).await
    }

    fn catalog(&self) -> &dyn Catalog {
        &self.catalog
    }

    async fn raw_bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files
            .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect()
    }
}
