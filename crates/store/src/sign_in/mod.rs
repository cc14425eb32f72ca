//! People, their sessions and how they sign in.

pub mod authentication_methods;
pub mod identities;
pub mod password_links;
pub mod pending_second_factors;
pub mod people;
pub mod second_steps;
pub mod sessions;
