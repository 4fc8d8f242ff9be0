//! Every static statement, judged: it names `org_id`, prepares on both engines, and walks an index.

use postern_store::migrate::Engine;
use postern_store::scratch;
use postern_store::sql::{Location, Statement};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection};

/// Statements that may scan: each is small by nature, and says why.
const MAY_SCAN: &[(&str, &str)] = &[];

fn scoped() -> impl Iterator<Item = (&'static str, Statement)> {
    postern_store::STATEMENTS.iter().flat_map(|(file, list)| list.iter().map(|statement| (*file, *statement)))
}

#[test]
fn every_statement_is_scoped_to_an_organisation() {
    for (file, statement) in scoped() {
        let text = statement.text;
        let scoped = text.contains("org_id = $1")
            || text.starts_with("INSERT INTO") && text.contains("(org_id,") && text.contains("($1,");
        assert!(scoped, "{file}::{} does not bind org_id to $1", statement.name);
        assert!(!text.contains("SELECT *"), "{file}::{} names no columns", statement.name);
        for word in ["now()", "CURRENT_TIMESTAMP", "::", "ILIKE", "ANY("] {
            assert!(!text.contains(word), "{file}::{} uses {word}, which one engine lacks", statement.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_prepares_on_sqlite_and_walks_an_index() {
    let scratch = scratch::store(Engine::Sqlite).await;
    let Location::Sqlite(path) = &scratch.location else { unreachable!("asked for SQLite") };
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}?mode=ro", path.display())).await.unwrap();
    for (file, statement) in scoped() {
        let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", statement.text)));
        let steps = plan.fetch_all(&mut connection).await;
        let steps = steps.unwrap_or_else(|error| panic!("{file}::{} does not prepare: {error}", statement.name));
        for step in steps {
            let detail: String = step.get("detail");
            let may = MAY_SCAN.iter().any(|(name, _)| *name == statement.name);
            let scans = detail.starts_with("SCAN") && !detail.contains("CONSTANT ROW") && !detail.contains("USING");
            assert!(may || !scans, "{file}::{} scans: {detail}", statement.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_prepares_on_postgresql_and_walks_an_index() {
    if !scratch::engines().contains(&Engine::Postgres) {
        return;
    }
    let scratch = scratch::store(Engine::Postgres).await;
    let Location::Postgres(url) = &scratch.location else { unreachable!("asked for PostgreSQL") };
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute("SET plan_cache_mode = force_generic_plan").await.unwrap();
    connection.execute("SET enable_seqscan = off").await.unwrap();
    for (file, statement) in scoped() {
        let name = format!("s_{}_{}", file, statement.name.to_lowercase());
        let prepared = connection.execute(AssertSqlSafe(format!("PREPARE {name} AS {}", statement.text))).await;
        prepared.unwrap_or_else(|error| panic!("{file}::{} does not prepare: {error}", statement.name));
        let highest = (1..=40).rev().find(|n| mentions(statement.text, *n)).unwrap_or(0);
        let nulls = vec!["NULL"; highest].join(", ");
        let execute =
            if highest == 0 { format!("EXPLAIN EXECUTE {name}") } else { format!("EXPLAIN EXECUTE {name}({nulls})") };
        let plan = connection.fetch_all(AssertSqlSafe(execute)).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        let may = MAY_SCAN.iter().any(|(name, _)| *name == statement.name);
        assert!(
            may || !plan.iter().any(|line| line.contains("Seq Scan")),
            "{file}::{} scans:\n{}",
            statement.name,
            plan.join("\n")
        );
    }
}

/// Whether `text` uses the parameter `$n` itself, not `$n` as the beginning of a longer number.
fn mentions(text: &str, n: usize) -> bool {
    let parameter = format!("${n}");
    text.match_indices(&parameter)
        .any(|(at, found)| !text[at + found.len()..].starts_with(|c: char| c.is_ascii_digit()))
}
