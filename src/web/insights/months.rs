//! The month that a page is about, and those that it leads to.

use crate::{
    domain::{
        insights::{Day, DayRange},
        time::Timestamp,
    },
    http::error::HttpError,
    web::view,
};

/// The most months of the list: twenty years. Earlier ones are reached by links.
const LISTED_MAX: usize = 240;

/// The month of an address, such as `2026-11`; the present one if the address names none.
pub fn read(typed: &str, now: Timestamp) -> Result<DayRange, HttpError> {
    let present = DayRange::month_of(now);
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(present);
    }
    let is_month = typed.len() == 7 && typed.as_bytes().get(4) == Some(&b'-');
    let start = is_month.then(|| Timestamp::parse(&format!("{typed}-01T00:00:00Z"))).flatten();
    let month = start.map(DayRange::month_of).filter(|month| month.from <= present.from);
    let advice =
        "The month of this address is not right. Write it like 2026-11, and none that is still to come.";
    month.ok_or_else(|| HttpError::BadRequest(advice.to_owned()))
}

/// `2026-11`
pub fn word(month: DayRange) -> String {
    month.from.date().chars().take(7).collect()
}

/// `November 2026`
pub fn title(month: DayRange) -> String {
    let year: String = month.from.date().chars().take(4).collect();
    format!("{} {year}", month.from.start().month_name())
}

/// The address of the page of a month.
pub fn address(month: DayRange) -> String {
    view::address("/insights", &[("month", &word(month))])
}

/// A month of the list.
pub struct MonthChoice {
    pub word: String,
    pub title: String,
    pub is_chosen: bool,
}

/// The months from the first day that has sums up to the present one, newest first.
pub fn choices(chosen: DayRange, first: Option<Day>, now: Timestamp) -> Vec<MonthChoice> {
    let first = first.map_or(chosen.from, |day| day.month().min(chosen.from));
    let mut choices = Vec::new();
    let mut month = DayRange::month_of(now);
    while month.from >= first && choices.len() < LISTED_MAX {
        choices.push(MonthChoice { word: word(month), title: title(month), is_chosen: month == chosen });
        month = month.month_before();
    }
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-30T22:00:00Z").unwrap()
    }

    #[test]
    fn a_month_is_read_as_it_is_written() {
        let month = read("2026-02", now()).unwrap();
        assert_eq!((word(month).as_str(), title(month).as_str()), ("2026-02", "February 2026"));
        assert_eq!(address(month), "/insights?month=2026-02");
        assert_eq!(read(" ", now()).unwrap(), DayRange::month_of(now()));
        for wrong in ["2026-13", "2026-12", "2026-1", "November", "2026-011", "2026/11", "-026-11", "ü026-1"]
        {
            assert!(read(wrong, now()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_list_goes_back_to_the_first_sums_and_to_the_chosen_month() {
        let words = |chosen: &str, first: Option<&str>| {
            let chosen = read(chosen, now()).unwrap();
            let first = first.map(|date| Day::of(Timestamp::parse(&format!("{date}T00:00:00Z")).unwrap()));
            let all = choices(chosen, first, now());
            assert_eq!(all.iter().filter(|choice| choice.is_chosen).count(), 1);
            (all.len(), all.last().unwrap().word.clone())
        };
        assert_eq!(words("", None), (1, "2026-11".to_owned()));
        assert_eq!(words("", Some("2025-12-31")), (12, "2025-12".to_owned()));
        assert_eq!(words("2026-09", Some("2026-11-02")), (3, "2026-09".to_owned()));
        let all = choices(read("", now()).unwrap(), Some(Day::from_number(0)), now());
        assert_eq!(all.len(), LISTED_MAX);
    }
}
