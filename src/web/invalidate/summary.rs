//! What the plan comes to, beside the button.

use super::plan_view::{PlanView, counted};

impl PlanView {
    /// The plan in a few words beside the button, because the plan itself may be out of sight.
    pub fn summary(&self) -> String {
        if self.refused > 0 {
            return format!("{} to correct, see below", counted(self.refused, "line"));
        }
        let all = || std::iter::once(&self.lines).chain(self.parts.iter().map(|part| &part.lines));
        let changes = [
            (all().map(|lines| lines.added).sum(), "added"),
            (all().map(|lines| lines.offered.count).sum(), "offered"),
        ];
        let changes = changes.into_iter().filter(|(count, _)| *count > 0);
        let changes = changes.map(|(count, what)| format!("{} {what}, see below", counted(count, "path")));
        let cost = Some(self.cost.clone()).filter(|_| all().any(|lines| !lines.is_empty()));
        changes.chain(cost).collect::<Vec<_>>().join(" · ")
    }
}
