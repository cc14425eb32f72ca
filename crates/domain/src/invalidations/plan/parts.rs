//! Finds the distribution of each line, where nobody chose one.

use std::collections::{BTreeMap, HashMap};

use super::{LineSource, LineVerdict, PlanInput, PlanLine, names};
use crate::{
    distributions::{
        distribution::Distribution, host::HostName, host_table::HostTable, path_mapping::PathMapping,
    },
    id::DistributionId,
    invalidations::{
        intake::{Entry, NamedFile, Reading},
        item::{ItemError, TargetDistribution, is_scheme, parse_line},
    },
};

/// The distributions among which the lines are placed: those that the actor may see and that CloudFront still lists.
#[derive(Debug, Clone, Copy)]
pub struct Candidates<'a> {
    pub distributions: &'a [Distribution],
    /// Which distribution serves which host.
    pub hosts: &'a HostTable,
    pub mappings: &'a HashMap<DistributionId, Vec<PathMapping>>,
}

/// What was asked for, by distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    pub parts: BTreeMap<DistributionId, PlanInput>,
    /// The lines that belong to none, or perhaps to several.
    pub unplaced: Vec<PlanLine>,
}

impl PlanInput {
    /// Gives each line to the distribution that its host or its bucket names. A line that names none goes to the only
    /// distribution that there is; where there are several, it is not placed, because a wrong one would be emptied.
    #[must_use]
    pub fn by_distribution(self, among: Candidates<'_>) -> Parts {
        let any = among.distributions.first().map(|any| TargetDistribution::new(any, among.hosts));
        let mut parts: BTreeMap<DistributionId, Self> = BTreeMap::new();
        let mut unplaced = Vec::new();
        for entry in self.entries {
            match place(&entry, among) {
                Ok(owners) => {
                    for owner in owners {
                        let part = parts.entry(owner).or_insert_with(|| Self {
                            entries: Vec::new(),
                            is_text: self.is_text,
                            choice: self.choice.clone(),
                        });
                        part.entries.push(entry.clone());
                    }
                }
                Err(verdict) => unplaced.push(PlanLine {
                    number: entry.number,
                    source: source(&entry.reading),
                    verdict: match &any {
                        Some(any) => own_fault(&entry.reading, verdict, any),
                        None => verdict,
                    },
                    typed: entry.typed,
                }),
            }
        }
        Parts { parts, unplaced }
    }
}

/// The verdict of a line that names no site. Where the line would be refused on every site, it says why.
fn own_fault(reading: &Reading, verdict: LineVerdict, any: &TargetDistribution<'_>) -> LineVerdict {
    let (Reading::Typed(line), LineVerdict::Refused(ItemError::NoDistribution)) = (reading, &verdict) else {
        return verdict;
    };
    match parse_line(line, any) {
        Err(error) if error.host().is_none() => LineVerdict::Refused(error),
        _ => verdict,
    }
}

fn source(reading: &Reading) -> LineSource {
    match reading {
        Reading::File(file) => LineSource::Tool(file.tool),
        Reading::Typed(_)
        | Reading::TypedFor(..)
        | Reading::AsSent(_)
        | Reading::Skipped(_)
        | Reading::Refused(_) => LineSource::Typed,
    }
}

fn place(entry: &Entry, among: Candidates<'_>) -> Result<Vec<DistributionId>, LineVerdict> {
    match &entry.reading {
        Reading::Typed(line) => typed(line, among).map(|owner| vec![owner]).map_err(LineVerdict::Refused),
        Reading::TypedFor(id, _) => among
            .distributions
            .iter()
            .find(|distribution| distribution.id == *id)
            .map(|owner| vec![owner.id.clone()])
            .ok_or_else(|| LineVerdict::Refused(ItemError::ForDistribution { id: id.to_string() })),
        Reading::AsSent(_) => the_only(among).map(|owner| vec![owner]).map_err(LineVerdict::Refused),
        Reading::File(file) => named(file, among),
        Reading::Skipped(why) => Err(LineVerdict::Dropped { item: None, why: super::Drop::Skipped(*why) }),
        Reading::Refused(error) => Err(LineVerdict::Refused(error.clone().into())),
    }
}

fn typed(line: &str, among: Candidates<'_>) -> Result<DistributionId, ItemError> {
    let (is_url, authority) = authority(line);
    if is_url && authority.contains('@') {
        return Err(ItemError::Credentials);
    }
    let host = HostName::of_authority(authority).filter(|_| !line.starts_with('#'));
    let Some(host) = host else { return the_only(among) };
    let owners = among.hosts.served_by(&host);
    let mut seen = among.distributions.iter().filter(|distribution| owners.contains(&distribution.id));
    match (seen.next(), seen.next()) {
        (Some(owner), None) => Ok(owner.id.clone()),
        (None, _) if is_url => Err(ItemError::HostOfNone { host: host.to_string() }),
        (None, _) => the_only(among),
        (Some(_), Some(_)) => Err(ItemError::NoDistribution),
    }
}

fn the_only(among: Candidates<'_>) -> Result<DistributionId, ItemError> {
    match among.distributions {
        [only] => Ok(only.id.clone()),
        _ => Err(ItemError::NoDistribution),
    }
}

/// Whether the line is a URL, and the part of it in which a host stands. Marks around the URL are left out.
fn authority(line: &str) -> (bool, &str) {
    let line = line.trim_start_matches(['"', '\'', '<', '`']);
    let (is_url, rest) = match line.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (true, rest),
        _ => line.strip_prefix("//").map_or((false, line), |rest| (true, rest)),
    };
    (is_url, rest.split(['/', '?', '#', '>', '"', '\'']).next().unwrap_or_default())
}

/// Each distribution whose viewers can ask for the file. Several can have one bucket.
fn named(file: &NamedFile, among: Candidates<'_>) -> Result<Vec<DistributionId>, LineVerdict> {
    if let [only] = among.distributions {
        return Ok(vec![only.id.clone()]);
    }
    if !file.is_in_a_bucket() {
        return Err(LineVerdict::Refused(ItemError::NoDistribution));
    }
    let mut why = LineVerdict::Refused(ItemError::NoDistribution);
    let mut owners = Vec::new();
    for distribution in among.distributions {
        let mappings = among.mappings.get(&distribution.id).map_or(&[][..], Vec::as_slice);
        match names::verdict_of(file, distribution, mappings) {
            LineVerdict::Send { .. } => owners.push(distribution.id.clone()),
            LineVerdict::Refused(ItemError::OtherBucket { .. }) => {}
            other => why = other,
        }
    }
    if owners.is_empty() { Err(why) } else { Ok(owners) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distributions::distribution::tests::named;

    fn places(typed: &str, distributions: &[Distribution]) -> (Vec<String>, Vec<String>) {
        let (hosts, mappings) = (HostTable::of(distributions), HashMap::new());
        let among = Candidates { distributions, hosts: &hosts, mappings: &mappings };
        let found = PlanInput::items(&typed.lines().collect::<Vec<_>>()).by_distribution(among);
        let parts = found
            .parts
            .iter()
            .flat_map(|(id, part)| part.entries.iter().map(move |entry| format!("{id} {}", entry.typed)));
        let unplaced = found.unplaced.iter().map(|line| match &line.verdict {
            LineVerdict::Refused(error) => format!("{} {error:?}", line.number),
            other => format!("{other:?}"),
        });
        (parts.collect(), unplaced.collect())
    }

    #[test]
    fn a_line_goes_where_its_host_leads_and_never_elsewhere() {
        let distributions = [named("WIDE", &["*.example.com"]), named("ONE", &["a.example.com"])];
        let typed = "https://a.example.com/x\nhttps://b.example.com:8443/y?z\na.example.com/w\n/path\n#tag\nindex.html\nhttps://other.example/\nhttps://u:p@a.example.com/";
        let (parts, unplaced) = places(typed, &distributions);
        assert_eq!(
            parts,
            ["ONE https://a.example.com/x", "ONE a.example.com/w", "WIDE https://b.example.com:8443/y?z"]
        );
        assert_eq!(
            unplaced,
            [
                "4 NoDistribution",
                "5 NoDistribution",
                "6 NoDistribution",
                "7 HostOfNone { host: \"other.example\" }",
                "8 Credentials"
            ]
        );
    }

    #[test]
    fn a_damaged_line_is_told_what_is_wrong_with_it() {
        let distributions = [named("ONE", &["a.example.com"]), named("TWO", &["b.example.com"])];
        let (parts, unplaced) = places("https:/a.example.com/x\nSee you tomorrow.\n/path", &distributions);
        assert!(parts.is_empty());
        assert_eq!(unplaced, ["1 DamagedScheme", "2 Words", "3 NoDistribution"]);
    }

    #[test]
    fn where_there_is_one_distribution_it_is_meant() {
        let (parts, unplaced) = places("/path\n#tag\nindex.html", &[named("ONE", &[])]);
        assert_eq!(parts, ["ONE /path", "ONE #tag", "ONE index.html"]);
        assert!(unplaced.is_empty());
    }
}
