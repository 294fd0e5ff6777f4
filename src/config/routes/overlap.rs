//! Do routes get in each other's way? Imports `model` only.

use crate::config::resolve::Spot;
use crate::config::routes::route::Outline;

/// Complains about names used twice, routes that no request can reach, and capability prefixes that overlap: with them,
/// one policy would mean two tools.
pub(in crate::config) fn check_overlaps(routes: &[(Spot<'_>, Outline)]) {
    for (index, (spot, route)) in routes.iter().enumerate() {
        let earlier = routes.get(..index).unwrap_or_default();
        if let Some((first, _)) = earlier.iter().find(|(_, other)| other.name == route.name) {
            spot.key("name").refuse(format!("the route in {} has this name already", first.line()));
        }
        if let Some((first, covering)) = earlier.iter().find(|(_, other)| covers(other, route)) {
            let message = format!(
                "this route can never be reached: \"{}\" in {} takes every request of it first",
                covering.name.escape_debug(),
                first.line()
            );
            spot.key("match").refuse_with(message, "put the narrower path first");
        }
        if let Some((first, other)) = earlier.iter().find(|(_, other)| prefixes_overlap(other, route)) {
            let message = format!(
                "overlaps with capability_prefix {} of \"{}\" in {}: one capability would name two tools",
                other.capability_prefix.as_deref().unwrap_or_default(),
                other.name.escape_debug(),
                first.line()
            );
            spot.key("capability_prefix").refuse(message);
        }
    }
}

/// Whether `first` takes every request that `second` would. Not known of routes whose match is not sound.
fn covers(first: &Outline, second: &Outline) -> bool {
    let (Some(first_host), Some(second_host)) = (&first.host, &second.host) else { return false };
    let (Some(first_path), Some(second_path)) = (&first.path_prefix, &second.path_prefix) else {
        return false;
    };
    let hosts = first_host.is_none() || first_host == second_host;
    hosts && second_path.segments.starts_with(&first_path.segments)
}

fn prefixes_overlap(one: &Outline, other: &Outline) -> bool {
    let (Some(one), Some(other)) = (&one.capability_prefix, &other.capability_prefix) else { return false };
    let is_within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    is_within(one, other) || is_within(other, one)
}
