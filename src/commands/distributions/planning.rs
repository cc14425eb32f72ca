//! Makes plans from what is known of the distributions. The pages and the API both use it. It only reads.

use std::collections::HashMap;

use crate::{
    domain::{
        access::Access,
        distributions::{distribution::Distribution, host_table::HostTable, path_mapping::PathMapping},
        id::DistributionId,
        invalidations::{
            batching,
            item::{Item, TargetDistribution},
            plan::{Candidates, ItemLines, Plan, PlanInput, PlanLine, Surroundings},
        },
    },
    store::{
        Conn, StoreError,
        distributions::{self, path_mappings},
    },
};

/// The plan of what was asked for, on this distribution.
pub async fn plan(
    conn: &mut Conn,
    input: PlanInput,
    distribution: &Distribution,
    around: Surroundings,
    access: &Access,
) -> Result<Plan, StoreError> {
    let hosts = host_table(conn, &input, access).await?;
    let mappings =
        if input.may_use_a_mapping() { path_mappings::of(conn, &distribution.id).await? } else { Vec::new() };
    let on = TargetDistribution::new(distribution, &hosts).with_mappings(&mappings);
    Ok(Plan::within(input, &on, around, access))
}

/// The items of an earlier request as lines of the form, and whether the form has to send exactly these lines, so that its
/// plan has the same items.
pub async fn item_lines(
    conn: &mut Conn,
    items: &[Item],
    distribution: &Distribution,
    access: &Access,
) -> Result<(ItemLines, bool), StoreError> {
    let texts: Vec<&str> = items.iter().map(Item::as_str).collect();
    let hosts = host_table(conn, &PlanInput::items(&texts), access).await?;
    let on = TargetDistribution::new(distribution, &hosts);
    // What is used up changes no item.
    let around = Surroundings::unmeasured(batching::OURS);
    let plan = |input| Plan::within(input, &on, around, access);
    let lines = ItemLines::new(items, plan);
    let have_to_be_exact = lines.have_to_be_exact(items, plan);
    Ok((lines, have_to_be_exact))
}

/// What was asked for, by distribution.
pub struct PlacedInput {
    pub parts: Vec<(Distribution, PlanInput)>,
    /// The lines that belong to no distribution that the actor may see, or perhaps to several.
    pub unplaced: Vec<PlanLine>,
}

impl PlacedInput {
    /// All of it for one distribution.
    #[must_use]
    pub fn on(distribution: Distribution, input: PlanInput) -> Self {
        Self { parts: vec![(distribution, input)], unplaced: Vec::new() }
    }
}

/// Finds the distribution of each line among those that the actor may see.
pub async fn place(conn: &mut Conn, input: PlanInput, access: &Access) -> Result<PlacedInput, StoreError> {
    let all = distributions::list(conn).await?;
    let hosts = HostTable::of_seen(&all, |id| access.sees(id));
    let is_candidate =
        |distribution: &Distribution| distribution.gone_at.is_none() && access.sees(&distribution.id);
    let seen: Vec<Distribution> = all.into_iter().filter(is_candidate).collect();
    let ids: Vec<&DistributionId> = seen.iter().map(|distribution| &distribution.id).collect();
    let mut mappings: HashMap<DistributionId, Vec<PathMapping>> = HashMap::new();
    for (id, mapping) in path_mappings::of_some(conn, &ids).await? {
        mappings.entry(id).or_default().push(mapping);
    }
    let among = Candidates { distributions: &seen, hosts: &hosts, mappings: &mappings };
    let mut found = input.by_distribution(among);
    let parts = seen.into_iter().filter_map(|distribution| {
        let input = found.parts.remove(&distribution.id)?;
        Some((distribution, input))
    });
    Ok(PlacedInput { parts: parts.collect(), unplaced: found.unplaced })
}

/// The hosts of all distributions that CloudFront still lists, as far as this access may know them
/// ([`HostTable::of_seen`]). Empty if no line can name a host, as in most pipelines, so that nothing is read then.
async fn host_table(conn: &mut Conn, input: &PlanInput, access: &Access) -> Result<HostTable, StoreError> {
    if input.may_name_a_host() {
        Ok(HostTable::of_seen(&distributions::list(conn).await?, |id| access.sees(id)))
    } else {
        Ok(HostTable::default())
    }
}
