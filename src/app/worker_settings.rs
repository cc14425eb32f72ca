//! Turns the settings into what the workers need.

use std::path::PathBuf;

use crate::{
    config::{AuditSettingsArgs, BackupScheduleArgs, PaceArgs},
    domain::backups::BackupPlace,
    identity::is_safe_address,
    workers::{BackupSchedule, PostError, Retention, Webhook, WorkerSettings},
};

use super::given_secret;

/// Why a webhook cannot be used. The messages never contain its address, because that may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    #[error(
        "UNSTALE_AUDIT_WEBHOOK must be an https address such as https://siem.example.com/heads, without a user's name in it; http is for this machine only"
    )]
    Address,
    #[error("UNSTALE_AUDIT_WEBHOOK_TOKEN must be one line of visible ASCII, such as 3f9c… or Splunk 3f9c…")]
    Token,
    #[error("{0}")]
    TokenFile(String),
    #[error("UNSTALE_AUDIT_WEBHOOK cannot be called")]
    Post(#[from] PostError),
}

impl AuditSettingsArgs {
    /// The webhook that gets each signed head. `None` if none is set; `Err` if its address or token is wrong.
    pub fn webhook(&self) -> Result<Option<Webhook>, WebhookError> {
        let Some(address) = &self.audit_webhook else { return Ok(None) };
        if !is_safe_address(address) {
            return Err(WebhookError::Address);
        }
        let file = self.audit_webhook_token_file.as_deref();
        let token =
            given_secret::read("UNSTALE_AUDIT_WEBHOOK_TOKEN", self.audit_webhook_token.as_deref(), file)
                .map_err(WebhookError::TokenFile)?;
        let visible = |token: &String| token.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if !token.as_ref().is_none_or(visible) {
            return Err(WebhookError::Token);
        }
        Ok(Some(Webhook::new(address, token.as_deref())?))
    }

    /// How long events are kept. `None` if they are kept for ever.
    #[must_use]
    pub fn retention(&self) -> Option<Retention> {
        let (days, folder) = self.audit_days.zip(self.audit_archive.clone())?;
        Some(Retention { days, folder })
    }
}

impl BackupScheduleArgs {
    /// `None` if the service makes no backups.
    #[must_use]
    pub fn schedule(&self) -> Option<BackupSchedule> {
        let is_set = |place: &BackupPlace| *place != BackupPlace::Folder(PathBuf::new());
        let place = self.backup_dir.clone().filter(is_set)?;
        let keep = usize::try_from(self.backup_keep).unwrap_or(usize::MAX);
        Some(BackupSchedule { place, every: self.backup_every, keep })
    }
}

impl PaceArgs {
    #[must_use]
    pub fn worker_settings(self) -> WorkerSettings {
        WorkerSettings {
            limits: self.limits(),
            ..WorkerSettings::with_create(self.create_rate, self.create_burst)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_safe_and_never_shown() {
        let webhook = |address: &str, token: Option<&str>| {
            let (audit_webhook, audit_webhook_token) = (Some(address.to_owned()), token.map(str::to_owned));
            AuditSettingsArgs { audit_webhook, audit_webhook_token, ..AuditSettingsArgs::default() }.webhook()
        };
        for good in ["https://siem.example.com/heads?key=word", "http://127.0.0.1:9/"] {
            let shown = format!("{:?}", webhook(good, Some("Splunk word")));
            assert!(shown.contains("Webhook(…)") && !shown.contains("word"), "{shown}");
        }
        for bad in ["http://siem.example.com/", "https://me:word@siem.example.com/", "siem", ""] {
            let refused = webhook(bad, None).unwrap_err().to_string();
            assert!(refused.contains("UNSTALE_AUDIT_WEBHOOK") && !refused.contains("word"), "{refused}");
        }
        assert_eq!(webhook("https://a.example/", Some("two\nlines")).unwrap_err(), WebhookError::Token);
    }
}
