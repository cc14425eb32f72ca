//! The staging distribution of a continuous deployment, in the plan.

use serde_json::Value;

use super::lines::counted;

/// The staging distributions that the plan is for too.
pub fn staging_of(plan: &Value) -> Vec<String> {
    let parts = || plan["parts"].as_array().into_iter().flatten();
    let staging = parts().filter_map(|part| part["staging"]["distribution"].as_str());
    let is_part = |id: &&str| parts().any(|part| part["distribution"] == *id);
    staging.filter(is_part).map(str::to_owned).collect()
}

/// The staging distribution that a plan does not reach.
pub fn unreached(plan: &Value, staged: &[String]) -> Option<String> {
    let staging = &plan["staging"];
    let id = staging["distribution"].as_str().filter(|id| !staged.iter().any(|one| one == id))?;
    let paths = counted(staging["paths"].as_u64().unwrap_or_default(), "path");
    let offer = if staging["allowed"] == true {
        format!("\n? {id}  ({paths} more with --staging, billed too)")
    } else {
        String::new()
    };
    let text = staging["text"].as_str().unwrap_or_default();
    Some(format!("! {text} This request does not reach it.{offer}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_that_is_a_part_is_not_offered() {
        let staging = json!({"distribution": "E2", "paths": 1, "allowed": true, "text": "Some get E2."});
        let primary = json!({"distribution": "E1", "staging": staging});
        let alone = json!({"parts": [primary]});
        assert!(staging_of(&alone).is_empty() && staging_of(&primary).is_empty());
        let words =
            "! Some get E2. This request does not reach it.\n? E2  (1 path more with --staging, billed too)";
        assert_eq!(unreached(&primary, &[]).as_deref(), Some(words));
        let both = json!({"parts": [{"distribution": "E2", "staging": null}, primary]});
        assert_eq!(staging_of(&both), ["E2"]);
        assert_eq!(unreached(&primary, &staging_of(&both)), None);
        let looks = json!({"staging": {"distribution": "E2", "allowed": false, "text": "Not you."}});
        assert_eq!(unreached(&looks, &[]).as_deref(), Some("! Not you. This request does not reach it."));
    }
}
