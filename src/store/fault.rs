//! What can go wrong at the database, sorted by what the caller can do about it.

use std::path::PathBuf;

use sqlx::error::ErrorKind;

/// A read or write that did not succeed. A write that failed has left nothing behind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreFault {
    /// The database cannot be reached, or is too busy to answer in time: try again.
    #[error("the database cannot be reached at the moment: {0}")]
    Away(String),
    /// No room left.
    #[error("the disk of the database is full: free some space")]
    DiskFull,
    /// Another row has the same key.
    #[error("already there: {0}")]
    Duplicate(String),
    /// A row that is referred to is missing, or a rule of the schema is broken.
    #[error("refused by the schema: {0}")]
    Constraint(String),
    /// Stored content that this version cannot read.
    #[error("unreadable content in the database: {0}")]
    Unreadable(String),
    /// Anything else that the database says.
    #[error("database: {0}")]
    Database(String),
    /// The store is closed, or is closing.
    #[error("the store is closed")]
    Closed,
}

impl StoreFault {
    /// Whether the same thing may succeed a little later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Away(_) | Self::DiskFull)
    }

    /// Stored text that is not what it should be.
    pub(super) fn unreadable(what: &str, error: impl std::fmt::Display) -> Self {
        Self::Unreadable(format!("{what}: {error}"))
    }
}

impl From<sqlx::Error> for StoreFault {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => match database.kind() {
                ErrorKind::UniqueViolation => Self::Duplicate(database.message().to_owned()),
                ErrorKind::ForeignKeyViolation
                | ErrorKind::NotNullViolation
                | ErrorKind::CheckViolation
                | ErrorKind::ExclusionViolation => Self::Constraint(database.message().to_owned()),
                _ => match database.code().as_deref() {
                    // SQLite result codes: busy and locked with their extended forms, full, I/O, cannot open.
                    Some("5" | "6" | "261" | "262" | "517" | "14") => Self::Away(database.message().to_owned()),
                    Some("13") => Self::DiskFull,
                    // PostgreSQL classes: 08 connection, 53 resources, 57 operator intervention, 55P03 and 40 locks.
                    Some("53100") => Self::DiskFull,
                    Some(code)
                        if code.len() == 5
                            && (code.starts_with("08")
                                || code.starts_with("53")
                                || code.starts_with("57")
                                || code.starts_with("40")
                                || code == "55P03"
                                || code == "25P03") =>
                    {
                        Self::Away(database.message().to_owned())
                    }
                    _ => Self::Database(error.to_string()),
                },
            },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed
            | sqlx::Error::Protocol(_) => Self::Away(error.to_string()),
            sqlx::Error::PoolClosed => Self::Closed,
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Unreadable(error.to_string()),
            _ => Self::Database(error.to_string()),
        }
    }
}

/// Why the store could not be opened. Each sentence names the place and the mend; all of them end the process with code 3.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// Cannot make or write the data folder.
    #[error(
        "cannot write in the data folder {path}: {reason}; choose another with --data DIR or give this user the right to write"
    )]
    NotWritable {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The data folder's name belongs to a file.
    #[error("the data folder {0} is a file; name a folder with --data DIR")]
    NotAFolder(PathBuf),
    /// Another process has it open.
    #[error("another process already runs on {place}; stop it first, or choose another place with --data DIR")]
    InUse {
        /// The data folder, or the node's name in the database.
        place: String,
    },
    /// SQLite on a network file system loses data.
    #[error(
        "the data folder {path} is on a network file system ({kind}), where SQLite is not safe; use a local disk, or PostgreSQL (store.url)"
    )]
    NetworkDisk {
        /// The folder.
        path: PathBuf,
        /// The file system.
        kind: String,
    },
    /// The master key cannot be read or made.
    #[error("the master key {file} cannot be used: {reason}; put the right file there, or name another with store.master_key")]
    MasterKey {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The address of the database is not understood.
    #[error("store.url is not an address of a PostgreSQL database (postgres://user@host/database): {0}")]
    Address(String),
    /// The database does not answer.
    #[error("the database {place} is not available: {reason}")]
    NotAvailable {
        /// Which.
        place: String,
        /// What it says.
        reason: String,
    },
    /// The schema could not be brought up to date.
    #[error("the database {place} could not be brought to this version: {reason}")]
    Migration {
        /// Which.
        place: String,
        /// What it says.
        reason: String,
    },
}
