//! The address of a list with what was searched for.

use url::form_urlencoded::Serializer;

/// The path with these parameters. Those without a value are left out.
pub fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let set = parameters.iter().filter(|(_, value)| !value.is_empty());
    let query = Serializer::new(String::new()).extend_pairs(set).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
