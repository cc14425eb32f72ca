//! Records forms that were refused because they were wrong or too late, so that each attempt to act leaves one
//! event in the history.

use axum::extract::Request;

use crate::{
    commands::{self, CommandError},
    domain::{audit::Target, id::DistributionId},
    http::{error::HttpError, session::Visitor, state::AppState},
};

/// The number of characters of an address that are recorded.
const ADDRESS_MAX: usize = 200;

impl Visitor {
    /// Records a form that was wrong. `why` names the error and must not contain anything secret.
    pub async fn refuse_invalid(
        &self,
        app: &AppState,
        what: &str,
        distribution: Option<&DistributionId>,
        why: &str,
    ) -> Result<(), HttpError> {
        Ok(commands::refuse(&app.context, &self.acting, &Target::act(what), distribution, why).await?)
    }

    /// Passes on the result of a command. An error that the command itself did not record is recorded here.
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

    /// Records an act whose address has an ID that cannot exist, and returns the error to show.
    pub async fn no_such(&self, app: &AppState, what: &str) -> HttpError {
        let told = self.refuse_invalid(app, what, None, "there is no such thing").await;
        told.err().unwrap_or(HttpError::NotFound)
    }
}

/// The sender and the address of a form, for the history if the form cannot be read.
#[derive(Debug)]
pub struct FormSender(Option<(Visitor, String)>);

impl FormSender {
    /// Takes them from the request. Records nothing without a visitor, because strangers must not fill the history,
    /// and nothing for `/plan`, which changes nothing.
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
