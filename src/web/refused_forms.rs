//! Keeps in the history what a visitor's form asked for and was not done, as it was not right or too late: each act
//! leaves one event, however it ends.

use axum::extract::Request;

use crate::{
    commands::{self, CommandError},
    domain::{audit::Target, id::DistributionId},
    http::{error::HttpError, session::Visitor, state::AppState},
};

/// So much of an address is kept.
const ADDRESS_MAX: usize = 200;

impl Visitor {
    /// Keeps that a form was not right. `why` names the fault, and nothing that may be a secret.
    pub async fn refuse_invalid(
        &self,
        app: &AppState,
        what: &str,
        distribution: Option<&DistributionId>,
        why: &str,
    ) -> Result<(), HttpError> {
        Ok(commands::refuse(&app.context, &self.acting, &Target::act(what), distribution, why).await?)
    }

    /// Hands on what came of a command; what it has not told the history of a failure is told here.
    pub async fn keep<T>(
        &self,
        app: &AppState,
        what: &str,
        done: Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        if let Err(error) = &done
            && let Some(why) = error.untold()
        {
            commands::refuse(&app.context, &self.acting, &Target::act(what), None, &why).await?;
        }
        done
    }

    /// The address of an act names nothing that could be there.
    pub async fn no_such(&self, app: &AppState, what: &str) -> HttpError {
        let told = self.refuse_invalid(app, what, None, "there is no such thing").await;
        told.err().unwrap_or(HttpError::NotFound)
    }
}

/// Who sent a form where, for the history, should the form not be readable.
#[derive(Debug)]
pub struct FormSender(Option<(Visitor, String)>);

impl FormSender {
    /// Nobody where it is no act: strangers must not fill the history, and a plan changes nothing.
    pub fn of(request: &Request) -> Self {
        let address: String = request.uri().path().chars().take(ADDRESS_MAX).collect();
        let visitor = Visitor::of(request.extensions()).filter(|_| address != "/plan");
        Self(visitor.map(|visitor| (visitor, address)))
    }

    pub async fn refuse_unreadable(self, app: &AppState) -> Result<(), CommandError> {
        let Some((visitor, address)) = self.0 else { return Ok(()) };
        let what = Target::Address(address.clone());
        commands::refuse(&app.context, &visitor.acting, &what, None, "the form could not be read").await
    }
}
