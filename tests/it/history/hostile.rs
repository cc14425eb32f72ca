//! Hostile words in every field: one line each, inert in exports, pages and the log.
//!
//! `UNSTALE_HOSTILE` makes it the long form, see `scripts/torture`.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use unstale::{
    domain::{
        actor::Actor,
        audit::{
            Action, Event, ItemsRecord, Target,
            search::{item_key, words_of},
            verify::Walk,
        },
        id::{DistributionId, PersonId},
        invalidations::item::Item,
    },
    store::audit::{self, IndexEntry},
};

use crate::{
    simulation::rng::Rng,
    support::{Browser, TestApp, acting, at, css, encoded},
};

const PIECES: [&str; 30] = [
    "\r\n",
    "\n",
    "\r",
    "\u{1b}[31m",
    "\u{1b}]0;x\u{7}",
    "\u{202e}",
    "\u{2066}",
    "\u{200f}",
    "\u{2028}",
    "\u{85}",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'><svg/onload=alert(1)>",
    "&lt;b&gt;",
    "{{7*7}}",
    "'; DROP TABLE audit_event; --",
    "\" OR 1=1",
    "%' ESCAPE",
    "=1+1",
    "+cmd|' /C calc'!A0",
    "@SUM(1)",
    "-2",
    "\t=1",
    "; =1",
    "| @x",
    "javascript:alert(1)",
    "\\u0000",
    "🦀é\u{301}",
    "\u{feff}",
    "../../etc/passwd",
];

/// What a spreadsheet may begin a cell behind.
const SEPARATORS: [char; 5] = [';', '\t', '|', '\r', '\n'];

fn hostile(rng: &mut Rng) -> String {
    let count = 1 + rng.below(4);
    (0..count).map(|_| rng.pick(&PIECES)).collect()
}

fn event(rng: &mut Rng) -> Event {
    let mut word = || hostile(rng);
    let mut acting = acting();
    acting.actor = Actor::Person { id: PersonId::from_trusted(word()), email: word() };
    let origin = &mut acting.origin;
    (origin.client_address, origin.request_id) = (word(), word());
    (origin.sign_in, origin.session) = (word(), word());
    let mut event = Event::new(at(1), &acting, Action::ActRefused);
    event.target = Target::act(&word());
    event.distribution = Some(DistributionId::from_trusted(word()));
    event.items = ItemsRecord::of(&[Item::from_trusted(word()), Item::from_trusted(format!("/{}*", word()))]);
    event.reason = word();
    event.note = word();
    event.aws_request_id = word();
    event.cloudfront_id = word();
    event.old = word();
    event.new = word();
    let via = &mut event.acting.origin.via;
    (via.run_url, via.idempotency_key) = (word(), word());
    event.requested_by = Some(Actor::nobody(&word()));
    event
}

async fn fill(app: &TestApp, events: u64) {
    let mut rng = Rng::new(7);
    let db = &app.world.database;
    db.write(async |tx| {
        for _ in 0..events {
            audit::append(tx, event(&mut rng));
        }
        Ok(())
    })
    .await;
    let all = db.get(async |conn| audit::after(conn, 0, 100_000).await).await;
    let entries: Vec<IndexEntry> = all
        .iter()
        .map(|chained| IndexEntry {
            sequence: chained.sequence,
            item_keys: chained.event.items.shown.iter().map(item_key).collect(),
            words: words_of(&chained.event),
        })
        .collect();
    let to = entries.last().unwrap().sequence;
    db.write(async |tx| audit::add_to_index(tx, 0, to, &entries).await).await;
}

fn events() -> u64 {
    std::env::var("UNSTALE_HOSTILE").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
}

#[tokio::test]
async fn exports_hold_each_event_whole_and_nothing_that_acts() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    fill(&app, events()).await;
    let all = app.world.history().await;
    let jsonl = ada.get("/history.jsonl").await;
    let mut walk = Walk::default();
    assert_eq!(jsonl.body.split_terminator('\n').count(), all.len());
    for line in jsonl.body.split_terminator('\n') {
        walk.take_line(line).unwrap();
    }
    let csv = ada.get("/history.csv").await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert!(
        csv.header("content-disposition").unwrap().starts_with("attachment; filename=\"unstale-history-2026")
    );
    let raw = ada.open(reqwest::Method::GET, "/history.csv", &[], Vec::new()).await.bytes().await.unwrap();
    assert!(raw.starts_with("\u{feff}sequence,at,at_utc,".as_bytes()), "spreadsheets read it as UTF-8");
    let mut reader = csv::Reader::from_reader(csv.body.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), all.len());
    for (row, chained) in rows.iter().zip(&all) {
        let without = |text: &str| text.replace('\'', "");
        assert_eq!(without(row.get(18).unwrap()), without(&chained.event.reason));
        for cell in row {
            assert!(!cell.starts_with(['\t', '\r', '\n']), "{cell:?}");
            for part in cell.split(SEPARATORS) {
                let first = part.trim_start().chars().next().unwrap_or('a');
                assert!(!"=+-@".contains(first), "{part:?} of {cell:?}");
            }
        }
    }
    let ocsf = ada.get("/history.ocsf.jsonl").await;
    assert_eq!(ocsf.body.split_terminator('\n').count(), all.len());
    for line in ocsf.body.split_terminator('\n') {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["class_uid"], 6003);
    }
    app.finish().await;
}

fn assert_inert(page: &crate::support::Answer) {
    let html = page.html();
    for element in
        ["script:not([src])", "img", "svg[onload]", "[onerror]", "[onload]", "a[href^='javascript']", "b"]
    {
        assert_eq!(html.select(&css(element)).count(), 0, "{} has {element}", page.path);
    }
    assert!(!page.body.contains(">49<"), "{}", page.path);
}

#[tokio::test]
async fn pages_show_words_as_words_and_searches_find_them() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    fill(&app, events()).await;
    for tab in ["invalidations", "access", "everything"] {
        let mut address = format!("/history?tab={tab}");
        loop {
            let page = ada.get(&address).await;
            page.assert_status(200);
            assert_inert(&page);
            let older = page.attributes(".pager a", "href").pop();
            let Some(older) = older.filter(|link| link.contains("before=") || link.contains("after=")) else {
                break;
            };
            address = older;
        }
    }
    let head = app.world.head().await;
    for sequence in head - 20..=head {
        let page = ada.get(&format!("/history/{sequence}")).await;
        page.assert_status(200).assert_says("Valid: the hash matches the event");
        assert_inert(&page);
    }
    let mut rng = Rng::new(8);
    for _ in 0..events() / 25 {
        let word = hostile(&mut rng);
        for name in ["q", "who", "distribution", "action", "from", "outside", "state", "when", "tab", "after"]
        {
            let page = ada.get(&format!("/history?{}", encoded(&[(name, &word)]))).await;
            assert!([200, 422].contains(&page.status), "{name}={word:?}: {}", page.status);
            assert_inert(&page);
        }
    }
    app.finish().await;
}

/// What was logged.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn ask_with_hostile_words(app: &TestApp, ada: &Browser) -> usize {
    let mut rng = Rng::new(9);
    let mut asked = 0;
    for _ in 0..40 {
        let word = hostile(&mut rng);
        let escaped: String = url::form_urlencoded::byte_serialize(word.as_bytes()).collect();
        ada.get(&format!("/{escaped}")).await;
        ada.get(&format!("/history?q={escaped}")).await;
        ada.post("/history/searches", &[("name", &word), ("query", "q=x")]).await;
        app.stranger().post("/sign-in", &[("email", &word), ("password", &word)]).await;
        asked += 4;
    }
    asked
}

#[tokio::test]
async fn the_log_has_one_line_an_event() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let asked = {
        let _here = tracing::subscriber::set_default(subscriber);
        ask_with_hostile_words(&app, &ada).await
    };
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.lines().count() >= asked, "{}", text.lines().count());
    for line in text.split_terminator('\n') {
        assert!(line.starts_with("20") && line.contains("Z "), "{line:?}");
        assert!(
            !line.chars().any(|c| c.is_control() || "\u{202e}\u{2066}\u{200f}\u{2028}".contains(c)),
            "{line:?}"
        );
    }
    app.finish().await;
}
