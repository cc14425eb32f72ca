//! Sends the messages of each channel, one after the other. Each channel has a task of its own while it has something to
//! send, so that one whose receiver hangs delays no other.

use std::{collections::HashSet, fmt, sync::Arc, time::Duration};

use tokio::{sync::Mutex, task::JoinSet};

use crate::{
    clock::Clock,
    cloudfront::Publisher,
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        causes::with_causes,
        id::ChannelId,
        notifications::{AllowedNetworks, Channel},
        secrets_key::SecretsKey,
    },
    edge, failpoint,
    metrics::{self, NotificationOutcome},
    store::{
        Db, StoreError, audit,
        notifications::{self, ClaimedMessage, DueChannel, channels},
    },
};

use super::{
    super::{
        Next, new_lease,
        post::{Post, PostError},
    },
    delivery::{self, Delivery},
    mailer::{MailError, MailServer, Mailer},
};

/// How long a process holds the message that it sends. Longer than a try can take.
pub(in crate::workers) const LEASE: Duration = Duration::from_mins(1);

/// What messages are sent with.
#[derive(Clone)]
pub struct SenderSettings {
    pub(super) post: Post,
    /// Sends e-mail. `None`: there is no mail server.
    pub(super) mailer: Option<Mailer>,
    /// Publishes to topics and event buses of AWS. `None`: there is no AWS.
    pub(super) publisher: Option<Publisher>,
    /// What the addresses and signing keys are encrypted with. `None`: no message can be sent.
    pub(super) secrets_key: Option<Arc<SecretsKey>>,
    /// The address of this Unstale, for links. `None`: messages have no links.
    pub(super) base_url: Option<String>,
}

impl fmt::Debug for SenderSettings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SenderSettings(…)")
    }
}

impl SenderSettings {
    /// Messages go to addresses of the public internet, and to these networks.
    pub fn new(
        allowed: AllowedNetworks,
        secrets_key: Option<Arc<SecretsKey>>,
        base_url: Option<String>,
    ) -> Result<Self, PostError> {
        let judge = move |address| edge::is_public(address) || allowed.contains(address);
        Ok(Self {
            post: Post::judged(Arc::new(judge))?,
            mailer: None,
            publisher: None,
            secrets_key,
            base_url,
        })
    }

    /// Lets messages go to topics and event buses of AWS.
    #[must_use]
    pub fn with_publisher(self, publisher: Publisher) -> Self {
        Self { publisher: Some(publisher), ..self }
    }

    /// Lets e-mail go by this server.
    pub fn with_mail_server(self, server: MailServer) -> Result<Self, MailError> {
        Ok(Self { mailer: Some(Mailer::new(server)?), ..self })
    }
}

/// The worker that sends messages.
#[derive(Debug, Clone)]
pub struct NotificationSender {
    sending: Sending,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

/// What the task of a channel needs.
#[derive(Debug, Clone)]
struct Sending {
    db: Db,
    clock: Clock,
    settings: SenderSettings,
    /// The channels that have a task.
    busy: Arc<Mutex<HashSet<ChannelId>>>,
}

impl NotificationSender {
    #[must_use]
    pub fn new(db: Db, clock: Clock, settings: SenderSettings) -> Self {
        let sending = Sending { db, clock, settings, busy: Arc::default() };
        Self { sending, tasks: Arc::default() }
    }

    /// Starts a task for each channel that something is due for and that has none.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let mut tasks = self.tasks.lock().await;
        while tasks.try_join_next().is_some() {}
        let due = notifications::due_channels(&mut *self.sending.db.read().await?).await?;
        let now = self.sending.clock.now();
        let mut busy = self.sending.busy.lock().await;
        for DueChannel { channel, .. } in due.iter().filter(|one| one.due_at <= now) {
            if busy.insert(channel.clone()) {
                let (sending, channel) = (self.sending.clone(), channel.clone());
                tasks.spawn(async move { sending.send_all(channel).await });
            }
        }
        // What is due and was not started waits for another message or process.
        let next = due.iter().map(|one| one.due_at).find(|at| *at > now);
        Ok(next.map_or(Next::Idle, Next::At))
    }

    /// Waits for the tasks that were started.
    pub async fn settled(&self) {
        let mut tasks = self.tasks.lock().await;
        while tasks.join_next().await.is_some() {}
    }
}

impl Sending {
    /// Sends what is due for a channel until its receiver takes nothing more or nothing is left.
    async fn send_all(&self, channel: ChannelId) {
        loop {
            match self.send_one(&channel).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::error!(channel = %channel, error = %with_causes(&error), "a message could not be sent");
                    break;
                }
            }
        }
        self.busy.lock().await.remove(&channel);
    }

    /// Sends the next message of a channel. `false` if none can be sent now.
    async fn send_one(&self, id: &ChannelId) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let lease = new_lease();
        let claimed = notifications::claim(&mut tx, id, &lease, now, now.plus(LEASE)).await?;
        let Some(claimed) = claimed else { return Ok(false) };
        let (channel, secrets) = (channels::find(&mut tx, id).await?, channels::secrets(&mut tx, id).await?);
        let Some((channel, secrets)) = channel.zip(secrets) else { return Ok(false) };
        tx.commit().await?;
        failpoint::hit("message_claimed");
        let delivery = delivery::deliver(&self.settings, &channel, &secrets, &claimed, now).await;
        failpoint::hit("message_answered");
        self.settle(&channel, &claimed, &delivery).await?;
        Ok(!matches!(delivery, Delivery::Gone | Delivery::Failed { whole_channel: true, .. }))
    }

    async fn settle(
        &self,
        channel: &Channel,
        claimed: &ClaimedMessage,
        delivery: &Delivery,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let outcome = match delivery {
            Delivery::Taken => {
                notifications::set_delivered(&mut tx, &channel.id, claimed, now).await?;
                NotificationOutcome::Delivered
            }
            Delivery::Failed { problem, retry_at, whole_channel } => {
                if channel.trouble.is_none() {
                    tracing::warn!(
                        channel = channel.name,
                        problem,
                        "a message was not taken; it is tried again"
                    );
                }
                let failure = (problem.as_str(), *retry_at, *whole_channel);
                notifications::set_failed(&mut tx, &channel.id, claimed, failure, now).await?;
                NotificationOutcome::Failed
            }
            Delivery::Gone => {
                let because = "Its receiver answered 410: it is gone for good.";
                if notifications::set_gone(&mut tx, &channel.id, claimed, because, now).await? {
                    let mut event = Event::new(now, &Acting::service(), Action::ChannelTurnedOff);
                    event.target = Target::Settings(format!("notification channel {}", channel.name));
                    because.clone_into(&mut event.note);
                    audit::append(&mut tx, event);
                }
                NotificationOutcome::Failed
            }
        };
        tx.commit().await?;
        metrics::notification(channel.kind.as_str(), outcome);
        Ok(())
    }
}
