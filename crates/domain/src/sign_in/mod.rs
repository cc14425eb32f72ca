//! People and how they prove who they are.

pub mod claims;
pub mod password;
pub mod person;
pub mod second_step;
pub mod session;
pub mod throttle;
