//! Turns the budgets of a plan into text for the log of a pipeline.

use serde_json::Value;

/// One line for each budget that applies: `budget of the account 1: 5 of 10 used, 5 left, needs 2`.
pub fn lines(plan: &Value) -> Vec<String> {
    let number = |budget: &Value, name: &str| budget[name].as_u64().unwrap_or_default();
    let line = |budget: &Value| {
        let text = |name: &str| budget[name].as_str().unwrap_or_default();
        let most = budget["hard_items"].as_u64().or(budget["soft_items"].as_u64()).unwrap_or_default();
        let passes = match text("passes") {
            "soft" => ", passes the soft budget",
            "hard" => ", passes the hard budget: it is refused",
            _ => "",
        };
        let (used, left, needs) = (number(budget, "used"), number(budget, "left"), number(budget, "needs"));
        let (scope, name) = (text("scope"), text("name"));
        format!(
            "budget of the {scope} {name}: {used} of {most} items used, {left} left, needs {needs}{passes}"
        )
    };
    plan["budget"]["budgets"].as_array().into_iter().flatten().map(line).collect()
}

/// Why a budget of the month does not allow it.
pub fn refusal(plan: &Value) -> Option<&str> {
    let parts = plan["parts"].as_array().into_iter().flatten().chain([plan]);
    parts.into_iter().find_map(|part| part["budget"]["refusal"].as_str())
}

/// Whether a budget alone stands in the way. The server decides on that: it may have taken the same request before, and
/// whom it refuses is in its history.
pub fn is_left_to_the_server(plan: &Value) -> bool {
    let mut parts = plan["parts"].as_array().into_iter().flatten().chain([plan]);
    let is_whole = |part: &Value| {
        let mut lines = part["lines"].as_array().into_iter().flatten();
        part["refusal"].is_null() && lines.all(|line| line["verdict"] != "refused")
    };
    refusal(plan).is_some() && parts.all(is_whole)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_budget_has_a_line_and_the_server_decides() {
        let budgets = json!([{"scope": "account", "name": "1", "soft_items": 5, "hard_items": 10, "used": 8,
            "left": 2, "needs": 3, "passes": "hard"}]);
        let why = "It would be refused: why.";
        let mut plan = json!({"sendable": false, "lines": [{"verdict": "send"}], "refusal": null,
            "budget": {"passes": "hard", "refusal": why, "budgets": budgets}});
        let wanted = "budget of the account 1: 8 of 10 items used, 2 left, needs 3, passes the hard budget: it is refused";
        assert_eq!(lines(&plan), [wanted]);
        assert_eq!((refusal(&plan), is_left_to_the_server(&plan)), (Some(why), true));
        plan["lines"][0]["verdict"] = json!("refused");
        assert!(!is_left_to_the_server(&plan), "a line needs mending first");
        let older = json!({"sendable": false, "lines": []});
        assert_eq!((lines(&older).len(), is_left_to_the_server(&older)), (0, false));
    }
}
