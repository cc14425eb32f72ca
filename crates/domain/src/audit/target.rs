//! The target of an event.

use crate::id::{BatchId, DistributionId, GrantId, InvalidationId, PersonId, ProposalId, TokenId};

macro_rules! targets {
    ($($(#[$doc:meta])* $name:ident($id:ident) = $kind:literal;)*) => {
        /// What an event acted on.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub enum Target {
            /// No target other than what the event's other fields name.
            #[default]
            None,
            $($(#[$doc])* $name($id)),*
        }

        impl Target {
            /// The stable word for the form and for programs. Empty if there is no target.
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self {
                    Self::None => "",
                    $(Self::$name(_) => $kind),*
                }
            }

            #[must_use]
            pub fn id(&self) -> &str {
                match self {
                    Self::None => "",
                    $(Self::$name(id) => id.as_str()),*
                }
            }

            /// Parses the results of [`Target::kind`] and [`Target::id`]. `None` if the kind is unknown.
            #[must_use]
            pub(super) fn read(kind: &str, id: &str) -> Option<Self> {
                match kind {
                    "" => id.is_empty().then_some(Self::None),
                    $($kind => Some(Self::$name(targets!(@id $id, id))),)*
                    _ => None,
                }
            }
        }
    };
    (@id String, $id:expr) => { $id.to_owned() };
    (@id $type:ident, $id:expr) => { $type::from_trusted($id) };
}

targets! {
    /// The action that was refused, as a word such as `invalidate`.
    Act(String) = "act";
    /// A page's or a resource's address.
    Address(String) = "address";
    Batch(BatchId) = "batch";
    Distribution(DistributionId) = "distribution";
    Grant(GrantId) = "grant";
    /// A group by its name.
    Group(String) = "group";
    Invalidation(InvalidationId) = "invalidation";
    Person(PersonId) = "person";
    Proposal(ProposalId) = "proposal";
    /// An identity provider by its issuer.
    Provider(String) = "provider";
    /// A saved search.
    Search(String) = "search";
    /// A segment of the history by the name of its file.
    Segment(String) = "segment";
    /// A session by its public handle.
    Session(String) = "session";
    /// Settings by their name.
    Settings(String) = "settings";
    Token(TokenId) = "token";
}

impl Target {
    /// The target of an action that was refused.
    #[must_use]
    pub fn act(what: &str) -> Self {
        Self::Act(what.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_reads_back_and_another_kind_is_none() {
        let all = [
            Target::None,
            Target::act("look"),
            Target::Person(PersonId::from_trusted("p1")),
            Target::Session("s1".to_owned()),
        ];
        for target in all {
            assert_eq!(Target::read(target.kind(), target.id()), Some(target));
        }
        assert_eq!(Target::read("", "x"), None);
        assert_eq!(Target::read("planet", "x"), None);
    }
}
