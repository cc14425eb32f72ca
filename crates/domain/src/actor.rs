//! Who acts: a person, a token, the service itself, or somebody outside.

use super::{
    id::{PersonId, TokenId},
    secret::SecretHash,
};

/// The kind of an actor, as it stands in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    Person,
    Token,
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
            Self::Service => "service",
            Self::Outside => "outside",
            Self::Nobody => "nobody",
        }
    }

    /// Reads what [`ActorKind::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Person, Self::Token, Self::Service, Self::Outside, Self::Nobody]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// The service's name in the history.
const SERVICE: &str = "Unstale";
/// The name of somebody outside as long as nobody knows who it was.
const OUTSIDE: &str = "outside Unstale";

/// Who did something, as they were named when they did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Somebody with an account here.
    Person { id: PersonId, email: String },
    /// Somebody at the shell of the machine, by the name of their account there. No account here stands for them; the
    /// history calls them a person without an ID.
    CommandLine { name: String },
    /// A program with an API token.
    Token { id: TokenId, name: String },
    /// Unstale's own workers.
    Service,
    /// Somebody with the console or another tool, by the name that CloudTrail has for them where it was found.
    Outside { name: Option<String> },
    /// Somebody who has not signed in, by what they claimed to be; often nothing.
    Nobody { claimed: String },
}

impl Actor {
    #[must_use]
    pub fn person(id: &PersonId, email: &str) -> Self {
        Self::Person { id: id.clone(), email: email.to_owned() }
    }

    /// Somebody outside of whom nothing is known.
    #[must_use]
    pub const fn outside() -> Self {
        Self::Outside { name: None }
    }

    /// Somebody not signed in, named by what they claimed to be.
    #[must_use]
    pub fn nobody(claimed: &str) -> Self {
        Self::Nobody { claimed: claimed.to_owned() }
    }

    #[must_use]
    pub const fn kind(&self) -> ActorKind {
        match self {
            Self::Person { .. } | Self::CommandLine { .. } => ActorKind::Person,
            Self::Token { .. } => ActorKind::Token,
            Self::Service => ActorKind::Service,
            Self::Outside { .. } => ActorKind::Outside,
            Self::Nobody { .. } => ActorKind::Nobody,
        }
    }

    /// The ID as the history keeps it: of a person or token, and empty of everybody else.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Person { id, .. } => id.as_str(),
            Self::Token { id, .. } => id.as_str(),
            Self::CommandLine { .. } | Self::Service | Self::Outside { .. } | Self::Nobody { .. } => "",
        }
    }

    /// The name at that time: an e-mail address, a token's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Person { email, .. } => email,
            Self::Token { name, .. } | Self::CommandLine { name } => name,
            Self::Service => SERVICE,
            Self::Outside { name } => name.as_deref().unwrap_or(OUTSIDE),
            Self::Nobody { claimed } => claimed,
        }
    }

    /// The account of a person who acts themselves.
    #[must_use]
    pub const fn person_id(&self) -> Option<&PersonId> {
        match self {
            Self::Person { id, .. } => Some(id),
            Self::CommandLine { .. }
            | Self::Token { .. }
            | Self::Service
            | Self::Outside { .. }
            | Self::Nobody { .. } => None,
        }
    }

    /// Reads what [`kind`](Self::kind), [`id`](Self::id) and [`name`](Self::name) gave; `None` for what none of them
    /// gives together.
    #[must_use]
    pub fn from_trusted(kind: &str, id: String, name: String) -> Option<Self> {
        let without_id = |actor: Self| id.is_empty().then_some(actor);
        match ActorKind::parse(kind)? {
            ActorKind::Person if id.is_empty() => Some(Self::CommandLine { name }),
            ActorKind::Person => Some(Self::Person { id: PersonId::from_trusted(id), email: name }),
            ActorKind::Token => Some(Self::Token { id: TokenId::from_trusted(id), name }),
            ActorKind::Service if name == SERVICE => without_id(Self::Service),
            ActorKind::Service => None,
            ActorKind::Outside => {
                without_id(Self::Outside { name: Some(name).filter(|name| name != OUTSIDE) })
            }
            ActorKind::Nobody => without_id(Self::Nobody { claimed: name }),
        }
    }
}

/// What a program says of its request; a text is empty where it said nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Via {
    /// The page of its run.
    pub run_url: String,
    pub idempotency_key: String,
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
    /// What a program says of its request.
    pub via: Via,
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
    pub const fn is_command_line(&self) -> bool {
        matches!(self.actor, Actor::CommandLine { .. })
    }

    /// Somebody at the shell, by the name of their account on this machine.
    #[must_use]
    pub fn command_line(name: &str) -> Self {
        let origin = Origin { sign_in: COMMAND_LINE.to_owned(), ..Origin::default() };
        Self { actor: Actor::CommandLine { name: name.to_owned() }, origin }
    }

    #[must_use]
    pub fn service() -> Self {
        Self { actor: Actor::Service, origin: Origin::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_read_from_its_three_columns() {
        let person = PersonId::from_trusted("p1");
        for actor in [
            Actor::person(&person, "ada@example.com"),
            Actor::CommandLine { name: "root".to_owned() },
            Actor::Token { id: TokenId::from_trusted("t1"), name: "deploy".to_owned() },
            Actor::Service,
            Actor::outside(),
            Actor::Outside { name: Some("arn:aws:iam::1:user/eve".to_owned()) },
            Actor::nobody(""),
            Actor::nobody("eve@example.com"),
        ] {
            let (kind, id, name) = (actor.kind().as_str(), actor.id(), actor.name());
            let read = Actor::from_trusted(kind, id.to_owned(), name.to_owned());
            assert_eq!(read, Some(actor.clone()), "{kind} {id} {name}");
        }
    }

    #[test]
    fn columns_that_no_actor_has_are_not_read() {
        for (kind, id, name) in [
            ("service", "", "Somebody"),
            ("service", "p1", SERVICE),
            ("outside", "p1", OUTSIDE),
            ("nobody", "p1", "eve@example.com"),
            ("schedule", "", ""),
            ("", "", ""),
        ] {
            assert_eq!(Actor::from_trusted(kind, id.to_owned(), name.to_owned()), None, "{kind} {id} {name}");
        }
    }

    #[test]
    fn only_the_command_line_is_the_command_line() {
        assert!(Acting::command_line("root").is_command_line());
        let origin = Acting::command_line("root").origin;
        let named_so =
            Acting { actor: Actor::person(&PersonId::from_trusted("p1"), "ada@example.com"), origin };
        assert!(!named_so.is_command_line(), "an origin's text gives nobody a right");
    }
}
