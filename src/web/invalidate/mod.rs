//! The first page: the form for a request, the invalidations in flight, and the recent ones.

mod changed;
mod compared;
mod find;
mod guard;
mod map_folder;
mod page;
mod plan;
mod plan_line;
mod plan_view;
mod remove_refused;
mod repeat;
mod same_waiting;
mod staging;
mod submit;
mod summary;

pub use find::find;
pub use map_folder::map_folder;
pub use page::show;
pub use plan::plan;
pub use submit::submit;

use serde::Deserialize;

use crate::{
    commands::{self, PlanQuestion, PlanToShow},
    domain::{
        checks::{ExpectedContent, WarmingRefusal},
        distributions::distribution::Distribution,
        invalidations::{
            batching::Load,
            plan::{Plan, PlanInput},
        },
    },
    http::{session::Visitor, state::AppState},
    store::{Conn, StoreError},
};

/// The fields of the form, for the plan and for the request.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct RequestForm {
    #[serde(default)]
    pub distribution: String,
    #[serde(default)]
    pub items: String,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub request_key: String,
    /// The name of a protected distribution, typed as a confirmation.
    #[serde(default)]
    pub confirm: String,
    /// Set if it may be sent during the freeze windows that it meets.
    pub override_freeze: Option<String>,
    /// Set if an administrator sends the request without a second person.
    pub alone: Option<String>,
    /// Set if the items were taken down, so that viewers must not get them any more.
    pub gone: Option<String>,
    /// Set if the URLs are to be fetched once afterwards.
    pub warm: Option<String>,
    /// Set if the staging distribution gets the same items.
    pub staging: Option<String>,
    /// Set if the lines are names of files.
    pub names: Option<String>,
    /// Set if nothing is to be added or left out.
    pub exact: Option<String>,
    /// The items that the plan must not add, with white space between them.
    #[serde(default)]
    pub without: String,
    /// The lines that are items of an earlier plan and are not read as text, with white space between them.
    #[serde(default)]
    pub as_sent: String,
    /// How many invalidations were requested at once a moment ago. No form sends it.
    #[serde(skip)]
    pub sent: Option<usize>,
    /// Words for finding a distribution, if there are too many to list all.
    #[serde(default)]
    pub find: String,
    /// Set by the button that searches for them without a script.
    pub look: Option<String>,
    /// Set by a button that fills in items without a script.
    pub fill: Option<String>,
    /// Set by a button of the plan: a line to add.
    pub add: Option<String>,
    /// Set by a button of the plan: an item that it must not add.
    pub leave_out: Option<String>,
    /// Set by the button of the plan that takes out the lines that are refused.
    pub remove_refused: Option<String>,
    /// Set by the button of the plan that maps a folder to the root of the site.
    pub map: Option<String>,
}

impl RequestForm {
    /// What is asked for.
    fn input(&self) -> PlanInput {
        let without: Vec<&str> = self.without.split_whitespace().collect();
        let input = if self.names.is_some() {
            PlanInput::keys(&self.items.lines().collect::<Vec<_>>())
        } else {
            PlanInput::text_with_items(&self.items, &self.as_sent)
        };
        input.exactly(self.exact.is_some()).without(&without)
    }

    /// What viewers must get.
    fn expected(&self) -> ExpectedContent {
        if self.gone.is_some() { ExpectedContent::Gone } else { ExpectedContent::NewVersion }
    }

    /// Checks that the URLs can be fetched afterwards, where that is asked for.
    fn may_warm(&self, are_checks_on: bool) -> Result<(), WarmingRefusal> {
        WarmingRefusal::check(self.warm.is_some(), self.expected(), are_checks_on)
    }
}

/// Makes the plan for these lines from what is known of the distribution now.
async fn work_out(
    conn: &mut Conn,
    app: &AppState,
    visitor: &Visitor,
    distribution: &Distribution,
    input: PlanInput,
) -> Result<PlanToShow, StoreError> {
    let question = PlanQuestion {
        input,
        distribution,
        actor: &visitor.acting.actor,
        access: &visitor.access,
        throughput: app.options.throughput,
        not_before: None,
    };
    commands::plan_to_show(&app.context, conn, question).await
}

/// How much of CloudFront's limits the plan's own items use.
fn load(plan: &Plan) -> Load {
    Load::of(&plan.items)
}
