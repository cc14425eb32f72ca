//! Events as both engines can keep them.

use std::borrow::Cow;

use super::Event;
use crate::{
    actor::{Acting, Actor},
    id::{DistributionId, InvalidationId, PersonId, TokenId},
    invalidations::item::Item,
    storable::{make_storable, storable},
};

impl Event {
    /// The same, with [`storable`] texts: what is hashed has to be what is read back.
    #[must_use]
    pub fn storable(mut self) -> Self {
        let Acting { actor, origin } = &mut self.acting;
        let texts = [
            &mut origin.sign_in,
            &mut origin.session,
            &mut origin.client_address,
            &mut origin.request_id,
            &mut self.target.kind,
            &mut self.target.id,
            &mut self.reason,
            &mut self.note,
            &mut self.aws_request_id,
            &mut self.cloudfront_id,
            &mut self.old,
            &mut self.new,
        ];
        texts.into_iter().for_each(make_storable);
        make_actor_storable(actor);
        if let Some(id) = self.distribution.as_ref().and_then(|id| changed(id.as_str())) {
            self.distribution = Some(DistributionId::from_trusted(id));
        }
        if let Some(id) = self.invalidation.as_ref().and_then(|id| changed(id.as_str())) {
            self.invalidation = Some(InvalidationId::from_trusted(id));
        }
        for item in &mut self.items.shown {
            if let Some(text) = changed(item.as_str()) {
                *item = Item::from_trusted(text);
            }
        }
        self
    }
}

fn make_actor_storable(actor: &mut Actor) {
    match actor {
        Actor::Person { id, email: name } => {
            if let Some(text) = changed(id.as_str()) {
                *id = PersonId::from_trusted(text);
            }
            make_storable(name);
        }
        Actor::Token { id, name } => {
            if let Some(text) = changed(id.as_str()) {
                *id = TokenId::from_trusted(text);
            }
            make_storable(name);
        }
        Actor::CommandLine { name }
        | Actor::Outside { name: Some(name) }
        | Actor::Nobody { claimed: name } => {
            make_storable(name);
        }
        Actor::Service | Actor::Outside { name: None } => {}
    }
}

/// `None` where the text can be kept as it is.
fn changed(text: &str) -> Option<String> {
    match storable(text) {
        Cow::Owned(changed) => Some(changed),
        Cow::Borrowed(_) => None,
    }
}
