//! Where in a JSON text an offset lies, for whoever is told what is wrong there. Imports nothing of ours.

/// Longest path that is shown, in characters: keys are the caller's, and may be long.
const SHOWN_CHARS: usize = 128;

/// What is around the place that was reached.
#[derive(Debug)]
enum Around {
    /// An object, and the key that was read last.
    Object(String),
    /// A list, and the number of the element that is read.
    List(usize),
}

/// The members and elements that the value at `offset` lies in, as people write them: `actions[1].params.amount`. Empty for the
/// value of the whole text. What stands before `offset` must be sound JSON; keys are shown as they are written.
pub(super) fn path_at(text: &[u8], offset: usize) -> String {
    let mut around = Vec::new();
    let mut rest = text.get(..offset).unwrap_or(text);
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match (byte, around.last_mut()) {
            (b'{', _) => around.push(Around::Object(String::new())),
            (b'[', _) => around.push(Around::List(0)),
            (b'}' | b']', _) => drop(around.pop()),
            (b',', Some(Around::List(number))) => *number += 1,
            (b'"', within) => {
                let (string, behind) = string(rest);
                rest = behind;
                // Of key and value the key is the one with a colon behind it.
                if let Some(Around::Object(key)) = within
                    && rest.trim_ascii_start().first() == Some(&b':')
                {
                    *key = String::from_utf8_lossy(string).into_owned();
                }
            }
            _ => {}
        }
    }
    let mut path = String::new();
    for around in around {
        match around {
            Around::Object(key) if path.is_empty() => path = key,
            Around::Object(key) => path = format!("{path}.{key}"),
            Around::List(number) => path = format!("{path}[{number}]"),
        }
    }
    path.chars().take(SHOWN_CHARS).collect()
}

/// A string that `text` begins within, without its closing quote, and what is behind that.
fn string(text: &[u8]) -> (&[u8], &[u8]) {
    let mut escaped = false;
    let end = text.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    let (string, behind) = text.split_at(end.unwrap_or(text.len()));
    (string, behind.get(1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_named_as_people_write_it() {
        for (text, path) in [
            ("1", ""),
            ("[1", "[0]"),
            (r#"{"a":1"#, "a"),
            (r#"{"a":{"b":[0,{}, 1"#, "a.b[2]"),
            (
                r#"{"actions":[{"params":{"x":"}]"}},{"type":"a","params":{"amount": 1"#,
                "actions[1].params.amount",
            ),
            (r#"{"a\"b":"c","d" : 1"#, "d"),
            (r#"{"x":{"y":"z"},"a\"b":1"#, "a\\\"b"),
        ] {
            assert_eq!(path_at(text.as_bytes(), text.len() - 1), path, "{text}");
        }
        assert_eq!(path_at(format!("{{\"{}\":1", "k".repeat(999)).as_bytes(), 1003).len(), SHOWN_CHARS);
    }
}
