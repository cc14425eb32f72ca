//! Tells people what happened: reads the history for what the rules of the channels ask for, and sends the messages.

mod collector;
mod conditions;
mod delivery;
mod mailer;
mod notices;
mod sender;

pub use collector::NotificationCollector;
pub use mailer::{MailEncryption, MailError, MailServer};
pub use sender::{NotificationSender, SenderSettings};

pub(super) use sender::LEASE;
