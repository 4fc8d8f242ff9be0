//! Migrations: one file a change for both engines, with type tokens that are rendered for each.
//!
//! A token stands in braces: `{id}`, `{text}`, `{int}`, `{time}`, `{bool}`, `{blob}`, `{json}` and, after a table's
//! closing bracket, `{strict}`. To add a migration, add a file and a line to `FILES`; a file that shipped is never changed.
//! The rendered schema of each engine is committed as `migrations/schema.*.sql` and proven fresh by a test.

use std::borrow::Cow;

use sqlx::migrate::{Migration, MigrationType, Migrator};

/// A database engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL 15 or later.
    Postgres,
    /// SQLite, built in.
    Sqlite,
}

/// Version, name and text, oldest first.
const FILES: &[(i64, &str, &str)] = &[
    (1, "organisations", include_str!("../migrations/0001_organisations.sql")),
    (2, "people", include_str!("../migrations/0002_people.sql")),
    (3, "computers", include_str!("../migrations/0003_computers.sql")),
    (4, "recovery", include_str!("../migrations/0004_recovery.sql")),
    (5, "roles", include_str!("../migrations/0005_roles.sql")),
    (6, "network", include_str!("../migrations/0006_network.sql")),
    (7, "policies", include_str!("../migrations/0007_policies.sql")),
    (8, "accounts", include_str!("../migrations/0008_accounts.sql")),
    (9, "groups", include_str!("../migrations/0009_groups.sql")),
    (10, "passkeys", include_str!("../migrations/0010_passkeys.sql")),
    (11, "import secrets", include_str!("../migrations/0011_import_secrets.sql")),
    (12, "factors", include_str!("../migrations/0012_factors.sql")),
    (13, "session tokens", include_str!("../migrations/0013_session_tokens.sql")),
    (14, "password by phone", include_str!("../migrations/0014_password_by_phone.sql")),
    (15, "resets", include_str!("../migrations/0015_resets.sql")),
    (16, "recovery cases", include_str!("../migrations/0016_recovery_cases.sql")),
    (17, "way back", include_str!("../migrations/0017_way_back.sql")),
];

/// Token, PostgreSQL's word, SQLite's word. `COLLATE "C"` sorts text by bytes, as SQLite does.
const TOKENS: &[(&str, &str, &str)] = &[
    ("{id}", "TEXT COLLATE \"C\"", "TEXT"),
    ("{text}", "TEXT COLLATE \"C\"", "TEXT"),
    ("{json}", "TEXT", "TEXT"),
    ("{int}", "BIGINT", "INTEGER"),
    ("{time}", "BIGINT", "INTEGER"),
    ("{bool}", "BOOLEAN", "INTEGER"),
    ("{blob}", "BYTEA", "BLOB"),
    ("{strict}", "", "STRICT"),
];

/// The migrator of one engine.
pub fn migrator(engine: Engine) -> Migrator {
    let migrations = FILES.iter().map(|(version, name, text)| {
        let sql = sqlx::SqlSafeStr::into_sql_str(sqlx::AssertSqlSafe(render(text, engine)));
        Migration::new(*version, Cow::Borrowed(name), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// The whole schema of one engine, as its golden file holds it.
pub fn schema(engine: Engine) -> String {
    let file =
        |(version, name, text): &(i64, &str, &str)| format!("-- {version:04} {name}\n{}\n", render(text, engine));
    FILES.iter().map(file).collect::<Vec<_>>().concat()
}

fn render(text: &str, engine: Engine) -> String {
    TOKENS.iter().fold(text.to_owned(), |text, (token, postgres, sqlite)| {
        text.replace(token, if engine == Engine::Postgres { postgres } else { sqlite })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_golden_schemas_are_fresh() {
        for (engine, file) in [(Engine::Postgres, "schema.postgres.sql"), (Engine::Sqlite, "schema.sqlite.sql")] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(file);
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(&path, schema(engine)).unwrap();
            }
            let golden = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(golden == schema(engine), "{file} is stale: run `UPDATE=1 cargo test -p postern-store golden`");
        }
    }

    #[test]
    fn no_token_is_left() {
        for engine in [Engine::Postgres, Engine::Sqlite] {
            assert!(!schema(engine).contains('{'), "an unknown type token");
        }
    }
}
