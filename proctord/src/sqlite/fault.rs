//! What an error of SQLite means to whoever asked.

const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const NOT_A_DATABASE: i32 = 26;
/// The file of shared memory beside the database could not grow.
const IOERR_SHMSIZE: i32 = 4874;

/// The kinds of failure that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No space is left.
    Full,
    /// What is stored cannot be read.
    Damaged,
    /// It may work another time.
    Other,
}

impl Fault {
    /// The kind of an error.
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        let code = error
            .as_database_error()
            .and_then(|error| error.code()?.parse::<i32>().ok());
        match code {
            Some(FULL | IOERR_SHMSIZE) => Self::Full,
            // The low byte is the primary code, the rest tells more about it.
            Some(code) if matches!(code & 0xff, CORRUPT | NOT_A_DATABASE) => Self::Damaged,
            Some(_) => Self::Other,
            None => match error {
                sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Damaged,
                _ => Self::Other,
            },
        }
    }
}
