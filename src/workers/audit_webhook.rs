//! Sends signed heads to a webhook, in order. Each is sent again until the webhook accepts it.
//!
//! The database stores the newest head that was accepted, so that a restart loses none. A head whose answer was
//! lost is sent twice.

use std::{fmt, time::Duration};

use crate::{
    clock::Clock,
    domain::{
        audit::head::{PublicKey, SignedHead},
        secret::authorization,
    },
    metrics::{self, CallOutcome},
    store::{Conn, Db, StoreError, audit},
};

use super::{
    Next,
    post::{Post, PostError},
};

/// The number of heads that one query reads.
const PAGE: usize = 100;
/// The time within which the webhook has to answer.
const WITHIN: Duration = Duration::from_secs(10);
/// How long a process holds the head that it sends. Longer than a call can take.
const HELD: Duration = Duration::from_secs(30);
/// The time after a failure before the head is sent again.
const AFTER_FAILURE: Duration = Duration::from_mins(1);

/// The webhook's address and credentials. `Debug` shows neither, because the address may contain a secret.
#[derive(Clone)]
pub struct Webhook {
    address: String,
    authorization: Option<String>,
    post: Post,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Webhook(…)")
    }
}

impl Webhook {
    /// A token that begins with a scheme, such as `Splunk …`, is sent as it is. Any other is sent as a bearer
    /// token.
    pub fn new(address: &str, token: Option<&str>) -> Result<Self, PostError> {
        let authorization = token.map(str::trim).filter(|token| !token.is_empty()).map(authorization);
        Ok(Self { address: address.to_owned(), authorization, post: Post::new()? })
    }

    async fn tell(&self, line: String) -> Result<(), PostError> {
        let mut headers = vec![("content-type", "application/json"), ("user-agent", "unstale")];
        headers.extend(self.authorization.as_deref().map(|authorization| ("authorization", authorization)));
        self.post.send(&self.address, &headers, line.into_bytes(), WITHIN).await
    }
}

/// The worker that sends signed heads to the webhook.
#[derive(Debug, Clone)]
pub struct AuditWebhook {
    db: Db,
    clock: Clock,
    webhook: Webhook,
    keys: Vec<PublicKey>,
}

impl AuditWebhook {
    #[must_use]
    pub const fn new(db: Db, clock: Clock, webhook: Webhook, keys: Vec<PublicKey>) -> Self {
        Self { db, clock, webhook, keys }
    }

    /// The first head after event `after` that was signed with one of the keys.
    async fn next(&self, conn: &mut Conn, mut after: i64) -> Result<Option<SignedHead>, StoreError> {
        loop {
            let page = audit::signed_heads(conn, after, PAGE).await?;
            let Some(last) = page.last().map(|signed| signed.head.sequence) else { return Ok(None) };
            after = last;
            if let Some(head) = page.into_iter().find(|signed| signed.check(&self.keys).is_ok()) {
                return Ok(Some(head));
            }
        }
    }

    /// Sends the next head that the webhook has not accepted, if there is one and it is due.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let now = self.clock.now();
        let mut conn = self.db.read().await?;
        let state = audit::check_state(&mut conn).await?;
        let head = self.next(&mut conn, state.head_posted).await?;
        drop(conn);
        let Some(head) = head else { return Ok(Next::Idle) };
        if let Some(due_at) = state.post_due_at.filter(|due_at| *due_at > now) {
            return Ok(Next::At(due_at));
        }
        let held = now.plus(HELD);
        let mut tx = self.db.begin().await?;
        // If the claim fails, another replica sends this head.
        if !audit::claim_post(&mut tx, state.head_posted, now, held).await? {
            return Ok(Next::Again);
        }
        tx.commit().await?;
        let told = self.webhook.tell(head.line() + "\n").await;
        let mut tx = self.db.begin().await?;
        match told {
            Ok(()) => {
                metrics::audit_webhook_post(CallOutcome::Ok);
                audit::set_head_posted(&mut tx, held, head.head.sequence).await?;
            }
            Err(error) => {
                let is_refused = matches!(error, PostError::Refused { .. });
                metrics::audit_webhook_post(if is_refused {
                    CallOutcome::Refused
                } else {
                    CallOutcome::Failed
                });
                if state.post_problem.is_empty() {
                    tracing::warn!(%error, event = head.head.sequence,
                        "the webhook did not take a signed head; this is tried again");
                }
                let due_at = self.clock.now().plus(AFTER_FAILURE);
                audit::set_post_problem(&mut tx, held, &error.to_string(), due_at).await?;
            }
        }
        tx.commit().await?;
        Ok(Next::Again)
    }
}
