//! The order of a list, which a click on the head of a column changes.

use std::cmp::Ordering;

/// The order that a page was asked for: `email`, or `-email` for descending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortOrder<C> {
    pub column: C,
    pub descending: bool,
}

/// The head of a column that the list can be ordered by.
#[derive(Debug)]
pub struct SortHead {
    pub label: &'static str,
    /// The address of the list in the order that a click asks for.
    pub address: String,
    /// The value of `aria-sort`.
    pub now: &'static str,
}

impl<C: Copy + PartialEq> SortOrder<C> {
    /// Reads the order. One that is not known is that of the first column.
    pub fn parse(text: &str, columns: &[(&str, C)]) -> Self {
        let name = text.strip_prefix('-');
        let column = columns.iter().find(|(known, _)| *known == name.unwrap_or(text));
        match column {
            Some((_, column)) => Self { column: *column, descending: name.is_some() },
            None => Self { column: columns[0].1, descending: false },
        }
    }

    /// Orders rows that are in memory. `compare` compares two of them by the column.
    pub fn apply<T>(&self, rows: &mut [T], compare: impl Fn(C, &T, &T) -> Ordering) {
        rows.sort_by(|a, b| {
            let (a, b) = if self.descending { (b, a) } else { (a, b) };
            compare(self.column, a, b)
        });
    }

    /// The head of this column. `address` makes the address of the list in an order.
    pub fn head(
        &self,
        (name, column): (&str, C),
        label: &'static str,
        address: impl FnOnce(&str) -> String,
    ) -> SortHead {
        let is_this = self.column == column;
        let turns = is_this && !self.descending;
        SortHead {
            label,
            address: address(&if turns { format!("-{name}") } else { name.to_owned() }),
            now: match (is_this, self.descending) {
                (false, _) => "none",
                (true, false) => "ascending",
                (true, true) => "descending",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [(&str, u8); 2] = [("name", 0), ("since", 1)];

    #[test]
    fn a_click_on_a_column_orders_by_it_and_the_next_one_turns_the_order() {
        let address = |order: &str| format!("/list?sort={order}");
        let head = |text, index: usize| {
            let head = SortOrder::parse(text, &COLUMNS).head(COLUMNS[index], "A", address);
            (head.address, head.now)
        };
        let expected = |order, now| (address(order), now);
        assert_eq!(head("", 0), expected("-name", "ascending"));
        assert_eq!(head("", 1), expected("since", "none"));
        assert_eq!(head("since", 1), expected("-since", "ascending"));
        assert_eq!(head("-since", 1), expected("since", "descending"));
        assert_eq!(head("-dancing", 0), expected("-name", "ascending"));
    }

    #[test]
    fn rows_are_ordered_by_the_column_both_ways() {
        let ordered = |text| {
            let mut rows = [("b", 1), ("a", 2), ("c", 0)];
            let by = |column: u8, a: &(&str, i32), b: &(&str, i32)| match column {
                0 => a.0.cmp(b.0),
                _ => a.1.cmp(&b.1),
            };
            SortOrder::parse(text, &COLUMNS).apply(&mut rows, by);
            rows.map(|(name, _)| name).concat()
        };
        assert_eq!(["", "-name", "since", "-since"].map(ordered), ["abc", "cba", "cba", "abc"]);
    }
}
