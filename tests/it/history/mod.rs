//! The history as an auditor tests it: tampering, signed heads, exports, hostile words.

mod command;
pub mod given;
mod hostile;
mod retention;
mod signing;
mod tables;
mod tampering;
mod webhook;
