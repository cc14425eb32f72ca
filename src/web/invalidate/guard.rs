//! What a protected distribution asks for, as the form shows it.

use crate::domain::{
    access::Role,
    distributions::{
        distribution::Distribution,
        protection::{Guard, Protection, is_its_name, name_to_type},
    },
    invalidations::plan::Plan,
};

use super::{RequestForm, same_waiting::SameWaiting};

/// The part of the form that is there only if the protection asks for something.
#[expect(clippy::struct_excessive_bools, reason = "each is a question that the template asks")]
#[derive(Debug, Clone)]
pub struct GuardView {
    /// `/* or more than 100 items`
    pub wide: String,
    /// The name to type. `None` if the protection does not ask for it.
    pub name: Option<String>,
    pub typed: String,
    pub error: Option<String>,
    /// Whether the name is what the form was refused for, so that its field has the focus. Not while somebody types elsewhere.
    pub has_focus: bool,
    /// Whether the request will wait for a second person.
    pub waits: bool,
    /// A request for the same items that waits already.
    pub same: Option<SameWaiting>,
    /// Whether the visitor may send it without a second person, as an administrator.
    pub may_go_alone: bool,
    pub reason_required: bool,
}

impl GuardView {
    pub fn new(
        protection: &Protection,
        distribution: &Distribution,
        plan: &Plan,
        form: &RequestForm,
        role: Role,
    ) -> Option<Self> {
        let guard = protection.asks(&plan.items);
        if guard == Guard::Open && !protection.reason_required {
            return None;
        }
        let wrong = !form.confirm.trim().is_empty() && !is_its_name(&form.confirm, distribution);
        let by_name = guard == Guard::TypedName;
        Some(Self {
            wide: protection.wide(),
            name: by_name.then(|| name_to_type(distribution).to_owned()),
            typed: form.confirm.clone(),
            error: (by_name && wrong).then(|| "This is not its name.".to_owned()),
            has_focus: false,
            waits: guard == Guard::SecondPerson,
            same: None,
            may_go_alone: guard == Guard::SecondPerson && role == Role::Admin,
            reason_required: protection.reason_required,
        })
    }
    /// Says at the field that the form was refused without the right name.
    pub fn ask_for_name(&mut self) {
        if self.name.is_some() && self.typed.trim().is_empty() {
            self.error = Some("Type the name here.".to_owned());
        }
        self.has_focus = self.error.is_some();
    }
}
