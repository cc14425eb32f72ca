//! Who acts: a person, a token, the service itself, or somebody outside.

use super::{
    id::{PersonId, TokenId},
    secret::SecretHash,
    trace_parent::TraceParent,
};

/// The kind of an actor, as the history stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    Person,
    Token,
    /// Unstale's own workers, which report what they found at CloudFront.
    Service,
    /// Somebody who used the AWS console or another tool instead of Unstale.
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
/// The name of somebody outside Unstale whose real name is not known.
const OUTSIDE: &str = "outside Unstale";

/// Who did something, with the name that they had at that time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Somebody with an account in Unstale.
    Person { id: PersonId, email: String },
    /// Somebody who runs the command line on the server. `name` is their operating system account. They have no
    /// account in Unstale, so the history stores a person without an ID.
    CommandLine { name: String },
    /// A program with an API token.
    Token { id: TokenId, name: String },
    /// Unstale's own workers.
    Service,
    /// Somebody who used the AWS console or another tool. `name` comes from CloudTrail; it is `None` if no name was
    /// found there.
    Outside { name: Option<String> },
    /// Somebody who has not signed in. `claimed` is the name that they typed; it is often empty.
    Nobody { claimed: String },
}

impl Actor {
    #[must_use]
    pub fn person(id: &PersonId, email: &str) -> Self {
        Self::Person { id: id.clone(), email: email.to_owned() }
    }

    /// Somebody outside Unstale whose name is not known.
    #[must_use]
    pub const fn outside() -> Self {
        Self::Outside { name: None }
    }

    /// Somebody who has not signed in, with the name that they typed.
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

    /// The ID of a person or a token, as the history stores it. Empty for every other actor.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Person { id, .. } => id.as_str(),
            Self::Token { id, .. } => id.as_str(),
            Self::CommandLine { .. } | Self::Service | Self::Outside { .. } | Self::Nobody { .. } => "",
        }
    }

    /// The name at that time, such as the e-mail address of a person or the name of a token.
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

    /// The ID of the person who acts. `None` for a token, also if a person is responsible for it.
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

    /// Reads the values that [`kind`](Self::kind), [`id`](Self::id) and [`name`](Self::name) returned. `None` for a
    /// combination that no actor has.
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

/// What a program says about its request. A field is empty if the program did not send it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Via {
    /// The URL of the page of the pipeline run.
    pub run_url: String,
    pub idempotency_key: String,
}

/// Where a request came from and how the actor signed in. The history stores most of it beside the actor's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's IP address. Empty for the command line and the workers.
    pub client_address: String,
    pub request_id: String,
    /// How the actor signed in, such as `password`, `setup link` or `command line`.
    pub sign_in: String,
    /// A public handle of the session or token. It is never the secret.
    pub session: String,
    /// What a program says about its request.
    pub via: Via,
    /// The browser's `User-Agent` header. It is stored with the session, not in the history.
    pub user_agent: String,
    /// The hash of the session cookie in the request. A new sign-in ends that session.
    pub earlier: Option<SecretHash>,
    /// The base URL of links for people: the public URL, or the address that the client used for this request.
    /// Empty if neither is known. It is used in the response and is not stored in the history.
    pub base_url: String,
    /// Where the trace of the request goes on. `None` if no traces are recorded. It is no part of the history.
    pub trace_parent: Option<TraceParent>,
}

/// An actor and the origin of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acting {
    pub actor: Actor,
    pub origin: Origin,
}

/// [`Origin::sign_in`] of somebody who runs the command line on the server.
pub const COMMAND_LINE: &str = "command line";

impl Acting {
    /// Whether the actor runs the command line on the server, without a session or token. `origin` does not count,
    /// because it is only text.
    #[must_use]
    pub const fn is_command_line(&self) -> bool {
        matches!(self.actor, Actor::CommandLine { .. })
    }

    /// Somebody who runs the command line on the server. `name` is their operating system account.
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
