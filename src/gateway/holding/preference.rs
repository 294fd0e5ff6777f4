//! What a caller prefers while its call is held: `Prefer: wait=N` and `Prefer: respond-async` (RFC 7240).

use std::time::Duration;

use http::HeaderMap;

/// The preferences of a request that matter here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::gateway) struct Preference {
    /// How long to wait; the first that is written counts.
    pub(in crate::gateway) wait: Option<Duration>,
    /// Whether to be told at once where the outcome will be found.
    pub(in crate::gateway) respond_async: bool,
}

impl Preference {
    /// Reads `Prefer`. What is not understood is ignored, as the standard asks.
    pub(in crate::gateway) fn read(headers: &HeaderMap) -> Self {
        let mut preference = Self::default();
        let fields = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        for item in fields.flat_map(|value| value.split(',')) {
            // Parameters of a preference stand behind a semicolon; these two have none.
            let item = item.split(';').next().unwrap_or_default().trim();
            let (name, value) = item.split_once('=').unwrap_or((item, ""));
            if name.trim().eq_ignore_ascii_case("respond-async") {
                preference.respond_async = true;
            } else if name.trim().eq_ignore_ascii_case("wait") && preference.wait.is_none() {
                let seconds = value.trim().trim_matches('"').parse::<u32>().ok();
                preference.wait = seconds.map(|seconds| Duration::from_secs(seconds.into()));
            }
        }
        preference
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(values: &[&str]) -> (Option<u64>, bool) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("prefer", HeaderValue::from_str(value).unwrap());
        }
        let preference = Preference::read(&headers);
        (preference.wait.map(|wait| wait.as_secs()), preference.respond_async)
    }

    #[test]
    fn waits_and_asynchronous_answers_are_understood_and_the_rest_is_not() {
        for (values, understood) in [
            (&[][..], (None, false)),
            (&["wait=10"], (Some(10), false)),
            (&["Wait = \"7\""], (Some(7), false)),
            (&["respond-async, wait=10"], (Some(10), true)),
            (&["return=minimal", "respond-async"], (None, true)),
            (&["wait=10, wait=20"], (Some(10), false)),
            (&["wait=-1"], (None, false)),
            (&["wait=99999999999"], (None, false)),
            (&["wait=5;loud=yes"], (Some(5), false)),
            (&["respond-asynchronously"], (None, false)),
        ] {
            assert_eq!(read(values), understood, "{values:?}");
        }
    }
}
