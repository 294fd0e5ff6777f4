//! Two things the document's clients know from Python: how its numbers are written in a query, and how its JSON is written in a text.

use std::fmt::Write;

use crate::model::json::{Json, Number, NumberValue};

/// First digits of the scripts whose decimal digits follow each other.
const ZEROS: [char; 8] = ['0', '٠', '۰', '०', '০', '๐', '０', '𝟎'];

/// An integer of Python: spaces around it, one sign, digits of any script, single underscores between them. `Err`: it is none;
/// `None`: it is one that no list is as long as.
pub(super) fn integer(text: &str) -> Result<Option<i64>, ()> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut value: Option<i64> = Some(0);
    let mut after_digit = false;
    for letter in digits.chars() {
        if letter == '_' && after_digit {
            after_digit = false;
            continue;
        }
        let digit = digit(letter).ok_or(())?;
        value = value.and_then(|value| value.checked_mul(10)?.checked_add(digit));
        after_digit = true;
    }
    // Nothing at all, or an underscore at the end.
    if !after_digit {
        return Err(());
    }
    Ok(value.map(|value| if negative { -value } else { value }))
}

fn digit(letter: char) -> Option<i64> {
    let within = |zero: &char| u32::from(letter).checked_sub(u32::from(*zero)).filter(|value| *value < 10);
    ZEROS.iter().find_map(within).map(i64::from)
}

/// JSON as Python writes it: a space behind each comma and colon, everything beyond ASCII escaped, decimals in their shortest form.
pub(super) fn dumps(value: &Json<'_>) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Json<'_>, text: &mut String) {
    match value {
        Json::Null => text.push_str("null"),
        Json::Bool(true) => text.push_str("true"),
        Json::Bool(false) => text.push_str("false"),
        Json::Number(number) => write_number(number, text),
        Json::String(string) => write_string(string.as_str(), text),
        Json::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write(item, text);
            }
            text.push(']');
        }
        Json::Object(members) => {
            text.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write_string(name.as_str(), text);
                text.push_str(": ");
                write(member, text);
            }
            text.push('}');
        }
    }
}

fn write_number(number: &Number<'_>, text: &mut String) {
    let integer = !number.text.contains(['.', 'e', 'E']);
    match number.value {
        _ if integer => text.push_str(if number.text == "-0" { "0" } else { number.text }),
        NumberValue::Integer(value) => text.push_str(&value.to_string()),
        NumberValue::Decimal(value) => {
            let shortest = format!("{value:?}");
            match shortest.split_once('e') {
                // Python writes the sign of an exponent, and two digits of it at least.
                Some((digits, exponent)) => {
                    let (sign, exponent) =
                        exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
                    let _always_fits = write!(text, "{digits}e{sign}{exponent:0>2}");
                }
                None => text.push_str(&shortest),
            }
        }
    }
}

fn write_string(string: &str, text: &mut String) {
    text.push('"');
    for letter in string.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            ' '..='~' => text.push(letter),
            _ => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    let _always_fits = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::Reader;

    #[test]
    fn integers_are_those_of_python() {
        for (text, value) in [
            ("2", Ok(Some(2))),
            ("+2", Ok(Some(2))),
            (" 2 ", Ok(Some(2))),
            ("-1", Ok(Some(-1))),
            ("1_0", Ok(Some(10))),
            ("２", Ok(Some(2))),
            ("99999999999999999999", Ok(None)),
            ("", Err(())),
            ("abc", Err(())),
            ("1.5", Err(())),
            ("_1", Err(())),
            ("1_", Err(())),
            ("1__0", Err(())),
            ("+ 2", Err(())),
            ("--2", Err(())),
            ("0x10", Err(())),
        ] {
            assert_eq!(integer(text), value, "{text:?}");
        }
    }

    #[test]
    fn json_is_written_as_python_writes_it() {
        for (written, read) in [
            (
                r#"{"ü":1.0,"a":[1,{"b":null,"c":true}],"s":"a\"b\\ \u2028 \n\u007f🙂"}"#,
                r#"{"\u00fc": 1.0, "a": [1, {"b": null, "c": true}], "s": "a\"b\\ \u2028 \n\u007f\ud83d\ude42"}"#,
            ),
            ("[1.50,1e2,1E400]", ""),
            ("[1.50,1e2,1e25,0.00001,-0.0]", "[1.5, 100.0, 1e+25, 1e-05, -0.0]"),
            ("[-0,100000000000000000000000000]", "[0, 100000000000000000000000000]"),
            ("[[],{}]", "[[], {}]"),
        ] {
            let dumped = Reader::default().parse_answer(written.as_bytes()).map(|value| dumps(&value));
            assert_eq!(dumped.unwrap_or_default(), read, "{written}");
        }
    }
}
