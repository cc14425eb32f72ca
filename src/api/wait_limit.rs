//! Limits how many requests wait or listen at the same time, in all and for one token or person.

use crate::{
    domain::actor::Actor,
    http::problem::ProblemType,
    keyed_limit::{KeyedLimit, LimitReached, Permit},
};

use super::error::ApiError;

/// The limit for one kind of request. Clones share the count.
#[derive(Debug, Clone)]
pub struct WaitLimit {
    /// What is limited, for the error, such as `streams`.
    what: &'static str,
    for_one: usize,
    limit: KeyedLimit<String>,
}

/// Lets a request wait or listen. Dropping it frees its place.
pub type WaitPermit = Permit<String>;

impl WaitLimit {
    pub fn new(what: &'static str, all: usize, for_one: usize) -> Self {
        Self { what, for_one, limit: KeyedLimit::new(all, for_one) }
    }

    /// A permit for this token or person. `Err` says which limit is reached.
    pub fn acquire(&self, actor: &Actor) -> Result<WaitPermit, ApiError> {
        let key = format!("{} {}", actor.kind().as_str(), actor.id());
        self.limit.acquire(key).map_err(|reached| match reached {
            LimitReached::ForOne => ApiError::new(
                ProblemType::TooManyOfYours,
                format!(
                    "One token or person may have {} {} open at a time. Close one, or try again a little later.",
                    self.for_one, self.what
                ),
            ),
            LimitReached::InAll => ApiError::new(
                ProblemType::TooManyWaiting,
                format!("Too many {} are open. Try again a little later.", self.what),
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{PersonId, TokenId};

    #[test]
    fn one_caller_gets_a_part_and_permits_come_back() {
        let limit = WaitLimit::new("streams", 5, 3);
        let ada = Actor::person(&PersonId::from_trusted("1"), "ada@example.com");
        let token = Actor::Token { id: TokenId::from_trusted("1"), name: "ci".to_owned() };
        let mut held: Vec<WaitPermit> = std::iter::from_fn(|| limit.acquire(&ada).ok()).collect();
        assert_eq!(held.len(), 3);
        assert_eq!(limit.acquire(&ada).unwrap_err().kind(), ProblemType::TooManyOfYours);
        held.extend([limit.acquire(&token).unwrap(), limit.acquire(&token).unwrap()]);
        assert_eq!(limit.acquire(&token).unwrap_err().kind(), ProblemType::TooManyWaiting);
        held.remove(0);
        held.push(limit.acquire(&ada).unwrap());
        drop(held);
    }
}
