//! `ListTagsForResource`: the tags that people put on a distribution to sort their bill.

use super::errors::ApiError;
use super::reply::Reply;
use crate::state::{State, arn};
use crate::xml::Element;

pub(crate) fn answer(state: &State, query: &str) -> Result<Reply, ApiError> {
    let resource = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "Resource");
    let Some((_, resource)) = resource else {
        return Err(ApiError::invalid_argument("The parameter Resource is required."));
    };
    let Some(id) = resource.strip_prefix(&arn("")) else {
        return Err(ApiError::invalid_argument("The parameter Resource is not valid."));
    };
    let distribution = state.distribution(id).ok_or_else(ApiError::no_such_resource)?;
    let tags = distribution
        .tags
        .iter()
        .map(|(key, value)| Element::new("Tag").leaf("Key", key).leaf("Value", value));
    Ok(Reply::ok(Element::new("Tags").child(Element::new("Items").children(tags))))
}
