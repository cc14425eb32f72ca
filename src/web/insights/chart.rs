//! The geometry of the pictures, in whole units: a picture is stretched to its place, and its words stand beside it.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    domain::{
        insights::{CompletionTimes, DailySum, Day, DayRange, range_of, range_start},
        time::span_in_words,
    },
    web::view::grouped,
};

/// The height of a picture, and the width of a bar with its gap.
pub const HEIGHT: u64 = 1_000;
pub const STEP: usize = 100;

/// The most bars of the picture of times. Fewer than the second number look like nothing.
const BARS_MAX: usize = 24;
const BARS_MIN: usize = 8;

/// One bar, from its upper edge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bar {
    pub x: usize,
    pub y: u64,
    pub height: u64,
}

/// A day of the picture and of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayBars {
    pub date: String,
    /// What Unstale sent, and above it what was made outside.
    pub own: Bar,
    pub outside: Bar,
    pub own_paths: String,
    pub outside_paths: String,
}

/// Billable paths a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayChart {
    pub days: Vec<DayBars>,
    pub width: usize,
    /// The numbers at the top and at the middle of the axis.
    pub top: String,
    pub middle: String,
    /// The days below: the first, the one in the middle, the last.
    pub labels: [String; 3],
    pub is_empty: bool,
}

impl DayChart {
    pub fn new(range: DayRange, sums: &BTreeMap<Day, DailySum>) -> Self {
        let most = sums.values().map(DailySum::all_paths).max().unwrap_or(0);
        let top = axis_end(most);
        let days: Vec<DayBars> = range
            .days()
            .enumerate()
            .map(|(place, day)| day_bars(place, day, &sums.get(&day).copied().unwrap_or_default(), top))
            .collect();
        let label = |place: usize| (place + 1).to_string();
        Self {
            width: days.len() * STEP,
            top: grouped(top),
            middle: grouped(top / 2),
            labels: [label(0), label(days.len() / 2), label(days.len() - 1)],
            is_empty: most == 0,
            days,
        }
    }
}

fn day_bars(place: usize, day: Day, sum: &DailySum, top: u64) -> DayBars {
    let height = |paths: u64| paths.saturating_mul(HEIGHT) / top;
    let (own, both) = (height(sum.paths), height(sum.all_paths()));
    let x = place * STEP + 15;
    DayBars {
        date: day.date(),
        own: Bar { x, y: HEIGHT - own, height: own },
        outside: Bar { x, y: HEIGHT - both, height: both - own },
        own_paths: grouped(sum.paths),
        outside_paths: grouped(sum.paths_outside),
    }
}

/// The end of an axis that has room for a number: 2, 4 or 10 and a power of ten, so that its half is a whole number.
fn axis_end(most: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for digit in [2, 4, 10] {
            let end = power.saturating_mul(digit);
            if end >= most {
                return end;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// A range of times of the picture and of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeBar {
    pub bar: Bar,
    pub from: String,
    pub until: String,
    pub invalidations: u64,
}

/// How long invalidations took. Each bar is a range of times that is longer than the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeChart {
    pub bars: Vec<TimeBar>,
    pub width: usize,
    /// Where the marks of the median and of 95 % are, and what they are.
    pub marks: [usize; 2],
    pub median: String,
    pub most: String,
    /// The times below: at the beginning, in the middle, at the end.
    pub labels: [String; 3],
    pub total: u64,
}

impl TimeChart {
    /// `None` if nothing completed.
    pub fn new(times: &CompletionTimes) -> Option<Self> {
        let (first, last) = (*times.counts.keys().next()?, *times.counts.keys().next_back()?);
        let (median, most) = (times.percentile(50)?, times.percentile(95)?);
        let span = last - first + 1;
        let ranges = span.div_ceil(BARS_MAX);
        let count = span.div_ceil(ranges).max(BARS_MIN).next_multiple_of(2);
        // What is left over goes to both sides.
        let first = first.saturating_sub((count * ranges - span) / 2);
        let sums: Vec<u64> = (0..count)
            .map(|place| {
                let from = first + place * ranges;
                times.counts.range(from..from + ranges).map(|(_, invalidations)| invalidations).sum()
            })
            .collect();
        let highest = sums.iter().copied().max().unwrap_or(1).max(1);
        let start = |place: usize| span_in_words(range_start(first + place * ranges));
        let bar = |(place, sum): (usize, u64)| {
            let height = sum.saturating_mul(HEIGHT) / highest;
            TimeBar {
                bar: Bar { x: place * STEP + 10, y: HEIGHT - height, height },
                from: start(place),
                until: start(place + 1),
                invalidations: sum,
            }
        };
        let mark = |time: Duration| (range_of(time).saturating_sub(first) * STEP + STEP / 2) / ranges;
        Some(Self {
            marks: [mark(median), mark(most)],
            median: span_in_words(median),
            most: span_in_words(most),
            labels: [start(0), start(count / 2), start(count)],
            width: count * STEP,
            total: times.total(),
            bars: sums.into_iter().enumerate().map(bar).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn an_axis_ends_at_a_round_number_with_a_whole_half() {
        let ends = [0, 1, 2, 3, 5, 11, 39, 40, 41, 388, 1_001].map(axis_end);
        assert_eq!(ends, [2, 2, 2, 4, 10, 20, 40, 40, 100, 400, 2_000]);
    }

    #[test]
    fn bars_of_both_origins_stand_on_each_other() {
        let range = DayRange::month_of(Timestamp::parse("2026-11-23T10:00:00Z").unwrap());
        let empty = DayChart::new(range, &BTreeMap::new());
        assert!(empty.is_empty && empty.days.iter().all(|day| day.own.height == 0 && day.own.y == HEIGHT));
        let sum = DailySum { paths: 30, paths_outside: 10, ..DailySum::default() };
        let chart = DayChart::new(range, &BTreeMap::from([(range.from.next(), sum)]));
        assert_eq!(
            (chart.days.len(), chart.width, chart.labels.clone()),
            (30, 3_000, ["1", "16", "30"].map(str::to_owned))
        );
        assert_eq!((chart.top.as_str(), chart.middle.as_str()), ("40", "20"));
        let day = &chart.days[1];
        assert_eq!(day.own, Bar { x: 115, y: 250, height: 750 });
        assert_eq!(day.outside, Bar { x: 115, y: 0, height: 250 });
        assert_eq!((day.own_paths.as_str(), day.outside_paths.as_str()), ("30", "10"));
    }

    #[test]
    fn every_time_is_in_a_bar_and_the_marks_are_at_theirs() {
        assert_eq!(TimeChart::new(&CompletionTimes::default()), None);
        for millis in [vec![50], vec![22_000; 9], (1..200).map(|n| n * 500).collect::<Vec<u64>>()] {
            let mut times = CompletionTimes::default();
            for one in &millis {
                times.add(range_of(Duration::from_millis(*one)), 1);
            }
            let chart = TimeChart::new(&times).unwrap();
            let in_bars: u64 = chart.bars.iter().map(|bar| bar.invalidations).sum();
            assert_eq!((in_bars, chart.total), (millis.len() as u64, millis.len() as u64));
            assert!((BARS_MIN..=BARS_MAX).contains(&chart.bars.len()), "{}", chart.bars.len());
            assert!(chart.marks.iter().all(|mark| *mark <= chart.width), "{chart:?}");
            assert!(chart.bars.iter().any(|bar| bar.bar.height == HEIGHT));
            assert!(chart.bars.windows(2).all(|pair| pair[0].until == pair[1].from));
            let marked = &chart.bars[chart.marks[0] / STEP];
            assert!(marked.invalidations > 0, "the median is in a bar: {chart:?}");
        }
    }
}
