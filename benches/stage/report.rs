//! What was found, a figure a line: that of this build, that of the build beside it, and their ratio.

use std::{
    fmt::{self, Display},
    time::Duration,
};

/// The middle and the slow end of a row of times.
#[derive(Clone, Copy)]
pub struct Spread {
    pub middle: Duration,
    /// The 95th percentile.
    pub slow: Duration,
    /// The 99th percentile.
    pub slowest: Duration,
    pub count: usize,
}

impl Spread {
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100];
        Self { middle: at(50), slow: at(95), slowest: at(99), count: times.len() }
    }
}

impl Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { middle, slow, slowest, count } = *self;
        write!(f, "{} (p95 {}, p99 {}, n = {count})", millis(middle), millis(slow), millis(slowest))
    }
}

/// A figure of one build: the number by which builds are compared, and how it is written.
pub struct Figure {
    number: f64,
    text: String,
}

impl Figure {
    /// So many a second.
    pub fn rate(rate: f64) -> Self {
        Self { number: rate, text: format!("{rate:.0}/s") }
    }

    pub fn time(time: Duration) -> Self {
        Self { number: time.as_secs_f64(), text: millis(time) }
    }

    pub fn bytes(bytes: u64) -> Self {
        Self { number: as_number(bytes), text: mib(bytes) }
    }

    /// A mean of calls to CloudFront.
    pub fn calls(mean: f64) -> Self {
        Self { number: mean, text: format!("{mean:.2} calls") }
    }

    /// Says more of it.
    #[must_use]
    pub fn with(mut self, more: impl Display) -> Self {
        self.text = format!("{}, {more}", self.text);
        self
    }
}

impl From<Spread> for Figure {
    /// Compared by the middle.
    fn from(spread: Spread) -> Self {
        Self { number: spread.middle.as_secs_f64(), text: spread.to_string() }
    }
}

/// What was found, a figure a line.
#[derive(Default)]
pub struct Report(Vec<Row>);

struct Row {
    name: String,
    figure: String,
    /// The figure of the build beside this one, and what this build's is of it.
    beside: [String; 2],
    peer: String,
    aim: String,
}

impl Report {
    /// A figure that only this build has.
    pub fn row(&mut self, name: &str, figure: impl Display, peer: impl Display, aim: &str) {
        self.add(name, figure.to_string(), [String::new(), String::new()], peer, aim);
    }

    /// A figure of this build, and of the build beside it where there is one.
    pub fn of_each(&mut self, name: &str, figures: Vec<Figure>, peer: impl Display, aim: &str) {
        let mut figures = figures.into_iter();
        let Some(ours) = figures.next() else { return };
        let beside = figures.next().map_or_else(
            || [String::new(), String::new()],
            |beside| [beside.text, format!("{:.2}", ours.number / beside.number)],
        );
        self.add(name, ours.text, beside, peer, aim);
    }

    fn add(&mut self, name: &str, figure: String, beside: [String; 2], peer: impl Display, aim: &str) {
        let (name, peer, aim) = (name.to_owned(), peer.to_string(), aim.to_owned());
        self.0.push(Row { name, figure, beside, peer, aim });
    }

    pub fn print(&self) {
        let head = ["", "measured (p50)", "the build beside it", "ratio", "peer", "aim"].map(str::to_owned);
        let rows = self.0.iter().map(|row| {
            let [beside, ratio] = row.beside.clone();
            [row.name.clone(), row.figure.clone(), beside, ratio, row.peer.clone(), row.aim.clone()]
        });
        let rows: Vec<[String; 6]> = std::iter::once(head).chain(rows).collect();
        // A column that has nothing but its head is left out.
        let is_used = |column: usize| column == 0 || rows.iter().skip(1).any(|row| !row[column].is_empty());
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let columns: Vec<(usize, usize)> =
            (0..6).filter(|column| is_used(*column)).map(|column| (column, width(column))).collect();
        for row in &rows {
            let cells = columns.iter().map(|(column, width)| format!("{:width$}", row[*column]));
            println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
        }
    }
}

pub fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}

pub fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", as_number(bytes) / f64::from(1 << 20))
}

#[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
fn as_number(count: u64) -> f64 {
    count as f64
}
