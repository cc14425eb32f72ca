//! What rules can be for.

use unstale_domain::{
    id::{DistributionId, PersonId},
    invalidations::monthly_budget::BudgetKind,
    notifications::{RuleScope, RuleScopeKind},
};

use crate::{Conn, StoreError, invalidations::monthly_budgets};

/// The scope of this kind and name: a distribution by its ID, a group by its name, a person by their e-mail address or ID.
/// `None` if there is no such thing.
pub async fn find(conn: &mut Conn, kind: RuleScopeKind, name: &str) -> Result<Option<RuleScope>, StoreError> {
    // A budget names the same things, in the same ways.
    let of = match kind {
        RuleScopeKind::Everything => return Ok(Some(RuleScope::Everything)),
        RuleScopeKind::Distribution => BudgetKind::Distribution,
        RuleScopeKind::Group => BudgetKind::Group,
        RuleScopeKind::Person => BudgetKind::Person,
    };
    let found = monthly_budgets::resolve(conn, of, name).await?;
    Ok(found.map(|(id, name)| match kind {
        RuleScopeKind::Everything => RuleScope::Everything,
        RuleScopeKind::Distribution => RuleScope::Distribution(DistributionId::from_trusted(id)),
        RuleScopeKind::Group => RuleScope::Group(id),
        RuleScopeKind::Person => RuleScope::Person { id: PersonId::from_trusted(id), email: name },
    }))
}
