//! Notifications: what happened is told to each channel once and in order, whatever its receiver does.

mod delivery;
mod receiver;
mod told;
