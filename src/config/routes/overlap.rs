//! Do routes get in each other's way? Imports `model` only.

use std::collections::HashMap;

use crate::config::resolve::Spot;
use crate::config::routes::route::Route;

/// Complains about names used twice, routes that no request can reach, and capability prefixes that overlap: with them,
/// one policy would mean two tools.
pub(in crate::config) fn check_overlaps(routes: &[(Spot<'_>, Route)]) {
    let mut names: HashMap<&str, &Spot<'_>> = HashMap::new();
    for (index, (spot, route)) in routes.iter().enumerate() {
        if let Some(first) = names.get(route.name.as_str()) {
            spot.key("name").refuse(format!("the route in {} has this name already", first.line()));
        } else {
            names.insert(&route.name, spot);
        }
        let earlier = routes.get(..index).unwrap_or_default();
        if let Some((first, covering)) = earlier.iter().find(|(_, covering)| covers(covering, route)) {
            let message = format!(
                "this route can never be reached: \"{}\" in {} takes every request of it first",
                covering.name,
                first.line()
            );
            spot.key("match").refuse_with(message, "put the narrower path first");
        }
        if let Some((first, other)) = earlier.iter().find(|(_, other)| prefixes_overlap(other, route)) {
            let message = format!(
                "overlaps with capability_prefix {} of \"{}\" in {}: one capability would name two tools",
                other.capability_prefix,
                other.name,
                first.line()
            );
            spot.key("capability_prefix").refuse(message);
        }
    }
}

/// Whether `first` takes every request that `second` would.
fn covers(first: &Route, second: &Route) -> bool {
    let hosts = first.host.is_none() || first.host == second.host;
    hosts && second.path_prefix.segments.starts_with(&first.path_prefix.segments)
}

fn prefixes_overlap(one: &Route, other: &Route) -> bool {
    let (one, other) = (one.capability_prefix.as_str(), other.capability_prefix.as_str());
    let is_within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    is_within(one, other) || is_within(other, one)
}
