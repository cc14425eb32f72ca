//! Who acts: a person, a token, the schedule, the service itself, or somebody outside.

use super::{id::PersonId, secret::SecretHash};

/// The kind of an actor, as it stands in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    Person,
    Token,
    Schedule,
    /// Unstale's own workers, telling what they saw at CloudFront.
    Service,
    /// Somebody with the console or another tool.
    Outside,
    /// Somebody who has not signed in.
    Nobody,
}

impl ActorKind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Token => "token",
            Self::Schedule => "schedule",
            Self::Service => "service",
            Self::Outside => "outside",
            Self::Nobody => "nobody",
        }
    }

    /// Reads what [`ActorKind::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Person, Self::Token, Self::Schedule, Self::Service, Self::Outside, Self::Nobody]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// Who did something, as they were named when they did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub kind: ActorKind,
    /// The person's or token's ID; empty where there is none.
    pub id: String,
    /// The name at that time: an e-mail address, a token's name.
    pub name: String,
}

impl Actor {
    #[must_use]
    pub fn person(id: &PersonId, email: &str) -> Self {
        Self { kind: ActorKind::Person, id: id.to_string(), name: email.to_owned() }
    }

    #[must_use]
    pub fn service() -> Self {
        Self { kind: ActorKind::Service, id: String::new(), name: "Unstale".to_owned() }
    }

    #[must_use]
    pub fn outside() -> Self {
        Self { kind: ActorKind::Outside, id: String::new(), name: "outside Unstale".to_owned() }
    }

    /// Somebody not signed in, named by what they claimed to be.
    #[must_use]
    pub fn nobody(claimed: &str) -> Self {
        Self { kind: ActorKind::Nobody, id: String::new(), name: claimed.to_owned() }
    }
}

/// From where and how an actor came: what the history keeps beside the name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address; empty for the command line and the workers.
    pub client_address: String,
    pub request_id: String,
    /// The way of sign-in: `password`, `setup link`, `command line`.
    pub sign_in: String,
    /// A public handle of the session or token, never its secret.
    pub session: String,
    /// What a program says of its request, such as the page of its run: it ends up in the notes of its events.
    pub via: String,
    /// What the browser says of itself: kept with its session, not in the history.
    pub user_agent: String,
    /// The session whose cookie came with the request: a new one takes its place.
    pub earlier: Option<SecretHash>,
    /// What addresses for people begin with: the public URL, or else the address that they use now; empty where that
    /// cannot be told. It is for whoever asks, and not in the history.
    pub base_url: String,
}

/// An actor together with where they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acting {
    pub actor: Actor,
    pub origin: Origin,
}

/// The way of sign-in of somebody at the shell of the machine.
pub const COMMAND_LINE: &str = "command line";

impl Acting {
    /// Somebody at the shell of the machine, whom no session or token stands for.
    #[must_use]
    pub fn is_command_line(&self) -> bool {
        self.origin.sign_in == COMMAND_LINE && self.origin.session.is_empty()
    }

    #[must_use]
    pub fn service() -> Self {
        Self { actor: Actor::service(), origin: Origin::default() }
    }
}
