//! All rows of a database come over to the other engine and back, whatever is in them.

use std::fmt::Write as _;

use tempfile::TempDir;
use unstale::store::{
    Db,
    table_copy::{self, CopySource, CopyTarget, Table},
};

use crate::support::{Engine, Place, Raw};

const POSTGRES_TABLES: [&str; 6] = [
    include_str!("../../../migrations/postgres/0003_access.sql"),
    include_str!("../../../migrations/postgres/0004_distributions.sql"),
    include_str!("../../../migrations/postgres/0005_invalidations.sql"),
    include_str!("../../../migrations/postgres/0006_audit.sql"),
    concat!(
        include_str!("../../../migrations/postgres/0007_checks.sql"),
        include_str!("../../../migrations/postgres/0008_probes.sql")
    ),
    include_str!("../../../migrations/postgres/0009_notifications.sql"),
];

/// What a row may hold: the text and the number of the first row, of the second, and so on.
const TEXTS: [&str; 6] = [
    "plain",
    "a tab\there, \\N, a line\nand a return\r",
    "\\.",
    "",
    "ünïcödé 🌍 it''s \"quoted\"",
    "back\\slash \\t $1",
];
const NUMBERS: [i64; 6] = [0, 1, -1, i64::MAX - 1, i64::MIN, 1_790_000_000_000_000];

/// A column: its table, its name, its type, whether it may be empty, and the texts that it may have if they are listed.
struct Column {
    table: String,
    name: String,
    is_text: bool,
    is_optional: bool,
    choices: Vec<String>,
}

async fn columns(raw: &mut Raw) -> Vec<Column> {
    let rows = raw
        .texts(
            "SELECT s.name || '|' || c.name || '|' || c.type || '|' || (c.\"notnull\" = 0 AND c.pk = 0) || '|' ||
                    replace(s.sql, '|', ' ')
             FROM sqlite_schema s JOIN pragma_table_xinfo(s.name) c ON c.hidden = 0
             WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite%' AND s.name NOT LIKE '\\_sqlx%' ESCAPE '\\'
             AND s.name NOT LIKE 'audit\\_words%' ESCAPE '\\' AND s.name NOT IN ('audit_index', 'audit_item')
             ORDER BY s.rowid, c.cid",
        )
        .await;
    rows.iter().map(|row| column(row)).collect()
}

fn column(row: &str) -> Column {
    let parts: Vec<&str> = row.splitn(5, '|').collect();
    let [table, name, kind, is_optional, sql] = parts[..] else { panic!("{row}") };
    let listed = sql.split_once(&format!("CHECK ({name} IN (")).map_or("", |(_, rest)| rest);
    let listed = listed.split(')').next().unwrap_or_default();
    let listed = if sql.contains(&format!("CHECK ({name} = 1)")) { "1" } else { listed };
    Column {
        table: table.to_owned(),
        name: name.to_owned(),
        is_text: kind == "TEXT",
        is_optional: is_optional == "1",
        choices: listed
            .split(',')
            .map(|text| text.trim().replace('\'', ""))
            .filter(|text| !text.is_empty())
            .collect(),
    }
}

fn is_boolean(column: &Column) -> bool {
    let table = format!("CREATE TABLE {} (", column.table);
    let sql = POSTGRES_TABLES.iter().find_map(|sql| sql.split_once(&table)).map_or("", |(_, rest)| rest);
    let sql = sql.split("\n);").next().unwrap_or_default();
    sql.lines().any(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some(&column.name)
            && words.next().is_some_and(|kind| kind.trim_end_matches(',') == "BOOLEAN")
    })
}

/// The value of a column in a row, as SQL.
fn value(column: &Column, row: usize) -> String {
    match (column.table.as_str(), column.name.as_str()) {
        ("audit_event", "form") => {
            return format!("'{{\"sequence\":{},\"reason\":\"a\\tb\\\\N\"}}'", NUMBERS[row]);
        }
        ("access_grant", "tag_key") => return "NULL".to_owned(),
        ("freeze_window", "until_at") => return i64::MAX.to_string(),
        // It is merged where the column that says into which batch is not empty.
        ("batch", "state") => return if row % 2 == 1 { "'failed'" } else { "'merged'" }.to_owned(),
        // A channel for e-mail is one that has no address that is encrypted.
        ("notification_channel", "kind") => {
            return if row % 2 == 1 { "'email'" } else { "'webhook'" }.to_owned();
        }
        ("access_grant", "distribution_id") | ("monthly_budget", "soft_items") => {}
        _ if column.is_optional && row % 2 == 1 => return "NULL".to_owned(),
        _ => {}
    }
    if !column.choices.is_empty() {
        format!("'{}'", column.choices[row % column.choices.len()])
    } else if column.is_text {
        format!("'{}'", TEXTS[row])
    } else if is_boolean(column) {
        (row % 2).to_string()
    } else {
        NUMBERS[row].to_string()
    }
}

/// A database with rows in all tables, which no service would ever write.
async fn filled() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite://{}", folder.path().join("filled.db").display());
    Db::open(&address).await.unwrap().close().await;
    let mut raw = Raw::connect(&address).await;
    let columns = columns(&mut raw).await;
    for table in columns.chunk_by(|one, other| one.table == other.table) {
        let name = &table[0].table;
        let names: Vec<&str> = table.iter().map(|column| column.name.as_str()).collect();
        let is_single = raw.number(&format!("SELECT count(*) FROM {name}")).await > 0;
        // Some tables have a row for each of a few names.
        let names_listed = Some(table[0].choices.len()).filter(|listed| *listed > 0);
        for row in 0..names_listed.unwrap_or(TEXTS.len()) {
            let values: Vec<String> = table.iter().map(|column| value(column, row)).collect();
            let mut sql = format!("INSERT INTO {name} ({}) VALUES ({})", names.join(", "), values.join(", "));
            if is_single {
                sql = format!("UPDATE {name} SET id = id");
                for column in table.iter().filter(|column| column.name != "id") {
                    let _ = write!(sql, ", {} = {}", column.name, value(column, 4));
                }
            }
            raw.run(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        assert!(raw.number(&format!("SELECT count(*) FROM {name}")).await > 0, "{name} is empty");
    }
    (folder, address)
}

/// All rows of all tables of an SQLite database, as SQLite itself writes them.
async fn dump(address: &str) -> Vec<String> {
    let mut raw = Raw::connect(address).await;
    let columns = columns(&mut raw).await;
    let mut rows = Vec::new();
    for table in columns.chunk_by(|one, other| one.table == other.table) {
        let name = &table[0].table;
        let values: Vec<String> = table.iter().map(|column| format!("quote({})", column.name)).collect();
        let all = format!("SELECT '{name}: ' || {} FROM {name} ORDER BY 1", values.join(" || ', ' || "));
        rows.extend(raw.texts(&all).await);
    }
    rows
}

async fn into_postgres(from: &str, to: &str) {
    let tables = Table::all().await.unwrap();
    Db::open(to).await.unwrap().close().await;
    let target = CopyTarget::open_postgres(to, &tables).await.unwrap().unwrap();
    fill(from, target, &tables).await;
}

async fn into_file(from: &str, folder: &TempDir) -> String {
    let tables = Table::all().await.unwrap();
    let file = folder.path().join("copied.db");
    Db::open_file(&file).await.unwrap().close().await;
    fill(from, CopyTarget::open_file(&file, &tables).await.unwrap(), &tables).await;
    format!("sqlite://{}", file.display())
}

async fn fill(from: &str, mut target: CopyTarget, tables: &[Table]) {
    let mut source = CopySource::open(from).await.unwrap();
    for table in tables {
        assert!(table_copy::copy_table(&mut source, &mut target, table).await.unwrap() > 0, "{}", table.name);
    }
    for table in tables {
        assert_eq!(table_copy::compare_table(&mut source, &mut target, table).await.unwrap(), None);
    }
    target.finish().await.unwrap();
}

async fn all_rows_come_over(place: &Place, engine: Engine) {
    let (folder, filled) = filled().await;
    let copied = match engine {
        Engine::Sqlite => into_file(&filled, &folder).await,
        Engine::Postgres => {
            into_postgres(&filled, &place.address()).await;
            into_file(&place.address(), &folder).await
        }
    };
    let (before, after) = (dump(&filled).await, dump(&copied).await);
    assert!(before.len() > 200, "{}", before.len());
    assert_eq!(before, after);
}

async fn the_copy_has_its_indexes_and_what_forbids_changes(place: &Place, engine: Engine) {
    let (folder, filled) = filled().await;
    let address = match engine {
        Engine::Sqlite => into_file(&filled, &folder).await,
        Engine::Postgres => {
            into_postgres(&filled, &place.address()).await;
            place.address()
        }
    };
    let fresh = Place::new(engine).await;
    Db::open(&fresh.address()).await.unwrap().close().await;
    let objects = match engine {
        Engine::Sqlite => "SELECT type || name || sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY 1",
        Engine::Postgres => {
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
             UNION ALL SELECT tgname || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"
        }
    };
    let expected = fresh.raw().await.texts(objects).await;
    assert!(expected.len() > 40, "{expected:?}");
    assert_eq!(Raw::connect(&address).await.texts(objects).await, expected);
    fresh.remove().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn what_is_not_finished_is_not_there() {
    let (_folder, filled) = filled().await;
    let place = Place::new(Engine::Postgres).await;
    let (address, tables) = (place.address(), Table::all().await.unwrap());
    Db::open(&address).await.unwrap().close().await;
    assert!(!table_copy::is_in_use(&address).await.unwrap());
    let mut target = CopyTarget::open_postgres(&address, &tables).await.unwrap().unwrap();
    let mut source = CopySource::open(&filled).await.unwrap();
    for table in &tables {
        table_copy::copy_table(&mut source, &mut target, table).await.unwrap();
    }
    assert!(table_copy::is_in_use(&address).await.unwrap(), "another copy sees this one");
    drop(target);
    let again = CopyTarget::open_postgres(&address, &tables).await.unwrap();
    fill(&filled, again.expect("it is empty"), &tables).await;
    assert!(CopyTarget::open_postgres(&address, &tables).await.unwrap().is_none(), "it is full");
    place.remove().await;
}

#[tokio::test]
async fn a_row_that_differs_is_found() {
    let ((folder, one), (_other_folder, other)) = (filled().await, filled().await);
    let person = "UPDATE person SET role = 'admin', created_at = 5 WHERE id = 'plain'";
    Raw::connect(&other).await.run(person).await.unwrap();
    Raw::connect(&other).await.run("DELETE FROM saved_search WHERE id = 'plain'").await.unwrap();
    let tables = Table::all().await.unwrap();
    let file = folder.path().join("copied.db");
    Db::open_file(&file).await.unwrap().close().await;
    let mut target = CopyTarget::open_file(&file, &tables).await.unwrap();
    let (mut source, mut changed) =
        (CopySource::open(&one).await.unwrap(), CopySource::open(&other).await.unwrap());
    for name in ["person", "session", "saved_search"] {
        let table = tables.iter().find(|table| table.name == name).unwrap();
        let expected = match name {
            // In the order of bytes: "", "\\.", "a tab…", "back…", "plain", "ünï…".
            "person" => Some("table person: row 5 is another one"),
            "saved_search" => Some("table saved_search: row 5 is another one"),
            _ => None,
        };
        table_copy::copy_table(&mut source, &mut target, table).await.unwrap();
        let found = table_copy::compare_table(&mut changed, &mut target, table).await.unwrap();
        assert_eq!(found.map(|found| found.to_string()).as_deref(), expected);
    }
    let table = tables.iter().find(|table| table.name == "probe").unwrap();
    let found = table_copy::compare_table(&mut source, &mut target, table).await.unwrap().unwrap();
    assert_eq!(found.to_string(), "table probe: row 1 is missing");
}

crate::support::on_each_engine_bare!(all_rows_come_over, the_copy_has_its_indexes_and_what_forbids_changes);
