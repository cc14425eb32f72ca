//! Events as both engines can keep them.

use super::Event;
use crate::{
    actor::{Acting, Actor},
    storable::MakeStorable,
};

impl Event {
    /// The same, with [storable](crate::storable::storable) texts: what is hashed has to be what is read back.
    #[must_use]
    pub fn storable(mut self) -> Self {
        let Acting { actor, origin } = &mut self.acting;
        actor.make_storable();
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
        texts.into_iter().for_each(String::make_storable);
        self.distribution.iter_mut().for_each(MakeStorable::make_storable);
        self.invalidation.iter_mut().for_each(MakeStorable::make_storable);
        self.items.shown.iter_mut().for_each(MakeStorable::make_storable);
        self
    }
}

impl MakeStorable for Actor {
    fn make_storable(&mut self) {
        match self {
            Self::Person { id, email } => {
                id.make_storable();
                email.make_storable();
            }
            Self::Token { id, name } => {
                id.make_storable();
                name.make_storable();
            }
            Self::CommandLine { name }
            | Self::Outside { name: Some(name) }
            | Self::Nobody { claimed: name } => {
                name.make_storable();
            }
            Self::Service | Self::Outside { name: None } => {}
        }
    }
}
