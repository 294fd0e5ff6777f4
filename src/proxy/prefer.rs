//! `Prefer` (RFC 7240) of a call that was held: what the gateway has heeded is no longer for the tool.

use http::header::{HeaderMap, HeaderName, HeaderValue};

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Takes the preferences out that say how a held call waits; the others stay as they are written.
pub(super) fn take_heeded(headers: &mut HeaderMap) {
    let fields: Vec<HeaderValue> = headers.get_all(PREFER).iter().cloned().collect();
    headers.remove(PREFER);
    for field in fields {
        // What is no text says nothing that was heeded.
        let Ok(text) = field.to_str() else {
            headers.append(PREFER, field);
            continue;
        };
        let all = items(text);
        let kept: Vec<&str> = all.iter().copied().filter(|item| !is_heeded(item)).collect();
        if kept.len() == all.len() {
            headers.append(PREFER, field);
        } else if !kept.is_empty()
            && let Ok(rest) = HeaderValue::from_str(&kept.join(", "))
        {
            headers.append(PREFER, rest);
        }
    }
}

fn is_heeded(item: &str) -> bool {
    let name = item.split([';', '=']).next().unwrap_or_default().trim();
    name.eq_ignore_ascii_case("wait") || name.eq_ignore_ascii_case("respond-async")
}

/// The items of a list: a comma between quotes does not part two of them.
fn items(text: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = |letter: char| {
        let parts = letter == ',' && !quoted;
        quoted ^= letter == '"' && !escaped;
        escaped = quoted && letter == '\\' && !escaped;
        parts
    };
    text.split(parts).map(str::trim).filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(values: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(PREFER, HeaderValue::from_str(value).unwrap());
        }
        take_heeded(&mut headers);
        headers.get_all(PREFER).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn what_was_heeded_goes_and_the_rest_stays_as_it_was() {
        for (values, left) in [
            (&["wait=10"][..], &[][..]),
            (&["Respond-Async , WAIT = \"3\"; a=b"], &[]),
            (
                &["return=minimal", "wait=1, handling=lenient,respond-async"],
                &["return=minimal", "handling=lenient"],
            ),
            (&["a=\"x, wait=1\", wait=2"], &["a=\"x, wait=1\""]),
            (&["a=\"\\\", wait=1\",  b"], &["a=\"\\\", wait=1\",  b"]),
            (&["waiting=1, respond-asynchronously"], &["waiting=1, respond-asynchronously"]),
            (&[], &[]),
        ] {
            assert_eq!(rest(values), left, "{values:?}");
        }
    }
}
