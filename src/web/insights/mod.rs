//! The insights: what a month came to, as pictures, tables and files.

mod bills;
mod chart;
mod csv;
mod months;
mod page;
mod reading;
mod tables;

pub use csv::send as csv;
pub use page::show;
