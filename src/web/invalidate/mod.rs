//! The first page: the request form, what is in flight, and what was done last.

mod find;
mod guard;
mod page;
mod plan;
mod submit;

pub use find::find;
pub use page::show;
pub use plan::plan;
pub use submit::submit;

use serde::Deserialize;

use crate::{
    commands,
    domain::{
        distributions::distribution::Distribution,
        invalidations::{batching::Load, item::TargetDistribution, plan::Plan},
    },
    http::{session::Visitor, state::AppState},
    store::{Conn, StoreError},
};

/// What the form sends, to be planned or to be kept.
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
    /// The name of a protected distribution, typed once more.
    #[serde(default)]
    pub confirm: String,
    /// An administrator goes on without a second person.
    pub alone: Option<String>,
    /// Words that find a distribution, where there are too many to offer all.
    #[serde(default)]
    pub find: String,
    /// The button that looks for them, where there is no script.
    pub look: Option<String>,
    /// A button that fills the items in, where there is no script.
    pub fill: Option<String>,
}

/// Works out what the typed lines would do, with what is known of the distribution now.
async fn work_out(
    conn: &mut Conn,
    app: &AppState,
    visitor: &Visitor,
    distribution: &Distribution,
    items: &str,
) -> Result<Plan, StoreError> {
    let around =
        commands::look_around(&app.context, conn, &visitor.acting.actor, distribution, app.options.limits)
            .await?;
    let hosts = commands::host_table(conn, items, &visitor.access).await?;
    Ok(Plan::within(items, &TargetDistribution::new(distribution, &hosts), around, &visitor.access))
}

/// The load of a plan's own items.
fn load(plan: &Plan) -> Load {
    Load::of(&plan.items)
}
