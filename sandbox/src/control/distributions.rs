//! Owns listing, adding, changing and removing distributions while the sandbox runs.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{Outcome, bad, merged};
use crate::id;
use crate::state::Distribution;
use crate::world::World;

/// All of them, each with the address of its edge.
pub(super) fn list(world: &World) -> Value {
    let all = world.shared.lock().distributions.clone();
    all.iter().map(|distribution| shown(world, distribution)).collect()
}

fn shown(world: &World, distribution: &Distribution) -> Value {
    let mut value = json!(distribution);
    value["edge_url"] = json!(world.edge_url_of(distribution));
    value["origin"] = json!(world.folder_of(distribution));
    value
}

/// One or a list: adds those with a new ID (or none), changes the others, removes those with `"delete": true`.
pub(super) fn change(world: &World, value: Value) -> Outcome {
    match value {
        Value::Array(changes) => changes.into_iter().map(|change| change_one(world, change)).collect(),
        change => change_one(world, change),
    }
}

fn change_one(world: &World, mut change: Value) -> Outcome {
    let members = change.as_object_mut().ok_or_else(|| bad("A JSON object is needed here."))?;
    let id = members.get("id").and_then(Value::as_str).map_or_else(id::distribution, str::to_owned);
    // What the list shows beside the distribution itself may come back with it.
    members.remove("edge_url");
    members.remove("origin");
    if members.remove("delete") == Some(Value::Bool(true)) {
        return if world.shared.lock().remove_distribution(&id) {
            Ok(json!({ "id": id, "deleted": true }))
        } else {
            Err((StatusCode::NOT_FOUND, format!("There is no distribution {id}.")))
        };
    }
    let known = world.shared.lock().distribution(&id).cloned();
    let mut distribution: Distribution =
        merged(json!(known.unwrap_or_else(|| Distribution::new(id, id::domain()))), change)?;
    if distribution.continuous_deployment.as_ref().is_some_and(|policy| !policy.is_valid()) {
        return Err(bad(
            "The name of the policy's header begins with aws-cf-cd-, and its weight is 0 to 0.15.",
        ));
    }
    distribution.last_modified = world.clock.now();
    world.put(distribution.clone()).map_err(bad)?;
    Ok(shown(world, &distribution))
}
