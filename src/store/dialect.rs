//! The few places where SQLite and PostgreSQL need different words: column types of the migrations, and statement pairs.

/// Which engine speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// The embedded one.
    Sqlite,
    /// The server.
    Postgres,
}

impl Dialect {
    /// Section name in migration files, after `--@`.
    pub(super) const fn section(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// What a token of a migration stands for, with its argument after the colon; `None` for an unknown token.
    pub(super) fn token(self, name: &str, argument: &str) -> Option<String> {
        let text = match (name, self) {
            ("INT" | "MS", Self::Sqlite) => "INTEGER".into(),
            ("INT" | "MS", Self::Postgres) => "BIGINT".into(),
            // Keys sort by bytes on both engines, whatever the locale of the server.
            ("KEY", Self::Sqlite) => "TEXT".into(),
            ("KEY", Self::Postgres) => "TEXT COLLATE \"C\"".into(),
            ("JSON", Self::Sqlite) => format!("{argument} TEXT CHECK (json_valid({argument}))"),
            ("JSON", Self::Postgres) => format!("{argument} JSONB"),
            ("BOOL", Self::Sqlite) => format!("{argument} INTEGER CHECK ({argument} IN (0, 1))"),
            ("BOOL", Self::Postgres) => format!("{argument} BOOLEAN"),
            ("STRICT", Self::Sqlite) => " STRICT".into(),
            ("STRICT", Self::Postgres) => String::new(),
            _ => return None,
        };
        Some(text)
    }
}
