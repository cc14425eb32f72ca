//! Settings: one's own account, and the people.

pub mod account;
pub mod manage;
pub mod password;
pub mod people;
pub mod person;
pub mod qr;
pub mod second_step;
pub mod sessions;
