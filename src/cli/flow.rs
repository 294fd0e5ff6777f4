//! A JSON value as one line of YAML, as people write it in a configuration.

use std::fmt::Write;

use serde_json::Value;

/// Words that some reader of YAML takes for something else than a text.
const WORDS: [&str; 10] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan"];

/// The value in flow style: `{id: bot, scopes: ["governance:propose"]}`. Texts stand in quotes unless no reader could take them
/// for anything else.
pub(super) fn line(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(line).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Object(entries) => {
            let entry = |(key, value): (&String, &Value)| format!("{}: {}", scalar(key), line(value));
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn scalar(text: &str) -> String {
    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is_word { text.to_owned() } else { quoted(text) }
}

/// In double quotes, with escapes for what could not be read again.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            // Control characters, line ends of their own, a byte order mark and what is no character.
            '\0'..='\u{1f}'
            | '\u{7f}'..='\u{a0}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                let _always_fits = write!(quoted, "\\u{:04x}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model::document::Document;

    fn read_again(value: &Value) -> Value {
        Document::parse("line.yaml", &line(value)).unwrap().to_json()
    }

    #[test]
    fn plain_words_stand_without_quotes_and_nothing_else_does() {
        let value = json!({"id": "bot-1", "scopes": ["governance:propose", "admin"], "force": true, "n": 5, "none": null, "x": []});
        let expected =
            "{id: bot-1, scopes: [\"governance:propose\", admin], force: true, \"n\": 5, none: null, x: []}";
        assert_eq!(line(&value), expected);
        for text in [
            "",
            "no",
            "NULL",
            "1",
            "1e5",
            "a b",
            "a: b",
            "#a",
            "*",
            "-",
            "2030-01-01",
            "\"",
            "\\",
            "\n",
            "\u{7f}",
            "\u{2028}",
        ] {
            let value = json!(text);
            assert!(line(&value).starts_with('"'), "{text:?}");
            assert_eq!(read_again(&value), value, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_again_as_it_was(text in any::<String>(), key in any::<String>()) {
            let value = json!({key: [text.clone(), {"a": text}]});
            prop_assert_eq!(read_again(&value), value);
        }
    }
}
