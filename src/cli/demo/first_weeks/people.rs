//! Who acts in the first two weeks.

use crate::{
    commands::{self, CommandContext, CommandError, NewToken},
    domain::{
        access::Role,
        actor::{Acting, Actor, Origin, Via},
        sign_in::person::Email,
    },
};

use super::{
    super::{EMAIL, add_person},
    acts::Who,
};

/// The second person. The names of example.com belong to nobody (RFC 2606).
const COLLEAGUE: &str = "mia@example.com";
/// The token of a pipeline.
const PIPELINE: &str = "release-pipeline";

/// Everybody who acts.
pub(super) struct People {
    pub demo: Acting,
    colleague: Acting,
    pipeline: Acting,
}

impl People {
    /// Adds the two people and the token.
    pub async fn add(context: &CommandContext) -> Result<Self, CommandError> {
        let demo = person(context, EMAIL, Role::Admin, "demo").await?;
        let colleague = person(context, COLLEAGUE, Role::Operator, "password").await?;
        let new = NewToken {
            name: PIPELINE.to_owned(),
            role: Role::Operator,
            life: None,
            distributions: Vec::new(),
        };
        // Nobody gets to know the secret: the token is there to be looked at and to be revoked.
        let (token, _) = commands::make_token(context, &demo, &new).await?;
        let pipeline = Acting {
            actor: Actor::Token { id: token.id, name: token.name },
            origin: Origin {
                sign_in: "token".to_owned(),
                via: Via { run_url: "https://ci.example.com/runs/412".to_owned(), ..Via::default() },
                ..Origin::default()
            },
        };
        Ok(Self { demo, colleague, pipeline })
    }

    /// Who this is to the service. The console is nobody here.
    pub fn acting(&self, who: Who) -> Option<&Acting> {
        match who {
            Who::Demo => Some(&self.demo),
            Who::Colleague => Some(&self.colleague),
            Who::Pipeline => Some(&self.pipeline),
            Who::Console => None,
        }
    }
}

async fn person(
    context: &CommandContext,
    email: &str,
    role: Role,
    sign_in: &str,
) -> Result<Acting, CommandError> {
    let email = Email::parse(email)?;
    let person = add_person(context, &email, role).await?;
    let origin =
        Origin { client_address: "127.0.0.1".to_owned(), sign_in: sign_in.to_owned(), ..Origin::default() };
    Ok(Acting { actor: Actor::person(&person.id, email.as_str()), origin })
}
