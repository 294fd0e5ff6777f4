//! The canonical form of a JSON tree: one spelling for everything that means the same. What is hashed to find a call again.
//!
//! Imports the tree alone. This is RFC 8785 with two differences: keys are sorted by their UTF-8 bytes, not by UTF-16 code
//! units, and numbers keep the text they were written as. A number that went through a double would let two calls that the
//! tool tells apart (`1` and `1.0`, 2^53 and 2^53 + 1) pass for one.

use crate::model::json::scan::plain_bytes;
use crate::model::json::write::write_quoted;
use crate::model::json::{Json, Text};

/// The way to a member of nested objects: the decoded keys from the root down, such as `["params", "_meta"]`.
pub type MemberPath<'p> = &'p [&'p str];

/// Appends `value` in canonical form to `out`, without the members that `leave_out` names.
///
/// - No whitespace.
/// - Members sorted by the UTF-8 bytes of their decoded keys.
/// - Strings by what they mean: `"` and `\` behind a backslash; U+0008, U+0009, U+000A, U+000C and U+000D as `\b`, `\t`,
///   `\n`, `\f` and `\r`; other characters below U+0020 as `\u00` and two lower-case digits; all others as themselves.
/// - Numbers as they were written, byte for byte: `1`, `1.0`, `1e0` and `1E0` are four values.
///
/// A path leads through objects only, never into an array. A member that is left out leaves nothing behind: the value is
/// written as if it had never had that member, and an object that becomes empty stays, as `{}`. Paths that lead nowhere
/// change nothing, and neither does the empty path.
///
/// Two trees of the strict reader have the same form only if they mean the same, left-out members aside. The form is part of
/// stored digests, so it may not change: it does not share [`write_json`](crate::model::json::write_json), which is there
/// for people's eyes.
pub fn write_canonical(value: &Json<'_>, leave_out: &[MemberPath<'_>], out: &mut Vec<u8>) {
    match value {
        Json::Null => out.extend_from_slice(b"null"),
        Json::Bool(true) => out.extend_from_slice(b"true"),
        Json::Bool(false) => out.extend_from_slice(b"false"),
        Json::Number(number) => out.extend_from_slice(number.text.as_bytes()),
        Json::String(text) => write_string(text.as_str(), out),
        Json::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_canonical(item, &[], out);
            }
            out.push(b']');
        }
        Json::Object(members) => write_object(members, leave_out, out),
    }
}

fn write_object(members: &[(Text<'_>, Json<'_>)], leave_out: &[MemberPath<'_>], out: &mut Vec<u8>) {
    let mut sorted: Vec<(&str, &Json<'_>)> = members
        .iter()
        .map(|(key, member)| (key.as_str(), member))
        .filter(|(key, _)| !leave_out.iter().any(|path| matches!(path, [last] if last == key)))
        .collect();
    // Strings compare by their bytes.
    sorted.sort_by_key(|(key, _)| *key);
    out.push(b'{');
    for (index, (key, member)) in sorted.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(key, out);
        out.push(b':');
        write_canonical(member, &paths_behind(key, leave_out), out);
    }
    out.push(b'}');
}

/// What is left of the paths that lead through the member `key`.
fn paths_behind<'p>(key: &str, paths: &[MemberPath<'p>]) -> Vec<MemberPath<'p>> {
    let through = |path: &MemberPath<'p>| path.split_first().filter(|(first, _)| **first == key);
    paths.iter().filter_map(through).map(|(_, rest)| rest).collect()
}

/// The loop is that of other strings; what is escaped and how is fixed here, since stored digests depend on it.
fn write_string(text: &str, out: &mut Vec<u8>) {
    write_quoted(text, plain_bytes, write_escape, out);
}

/// `byte` is a quote, a backslash or below 0x20.
fn write_escape(byte: u8, out: &mut Vec<u8>) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        _ => {
            out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::json::Reader;

    fn canonical(text: &str, leave_out: &[MemberPath<'_>]) -> String {
        let mut out = Vec::new();
        write_canonical(&Reader::default().parse(text.as_bytes()).unwrap(), leave_out, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn keys_are_sorted_by_the_bytes_of_what_they_mean() {
        // U+FF61 comes before U+1D11E by code points and bytes, behind it by UTF-16 units.
        let text =
            r#" { "b" : [ 2 , 1 ] , "\u0061" : { "z" : null , "" : true } , "\ud834\udd1e" : 1 , "｡" : 0 } "#;
        assert_eq!(canonical(text, &[]), r#"{"a":{"":true,"z":null},"b":[2,1],"｡":0,"𝄞":1}"#);
    }

    #[test]
    fn numbers_keep_their_text() {
        let text = "[1, 1.0, 1.00, 1e0, 1E0, 1e+0, -0, 0, -0.0, 9007199254740993, 1e-400]";
        assert_eq!(canonical(text, &[]), text.replace(' ', ""));
    }

    /// The same as `json.dumps(text, ensure_ascii=False)` of Python writes.
    #[test]
    fn strings_have_one_spelling() {
        let every: String = (0..0x80_u32).map(|code| format!("\\u{code:04X}")).collect();
        let expected = concat!(
            r#""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f\u0010\u0011\u0012\u0013"#,
            r#"\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f !\"#,
            "\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\u{7f}\"",
        );
        assert_eq!(canonical(&format!("\"{every}\""), &[]), expected);
        assert_eq!(canonical(r#""\/\u00e9\u2028\ud83d\ude00""#, &[]), "\"/é\u{2028}😀\"");
    }

    #[test]
    fn members_are_left_out_by_path() {
        let leave_out: &[MemberPath<'_>] = &[&["id"], &["params", "_meta", "progressToken"]];
        for (text, expected) in [
            (r#"{"id":1,"a":2}"#, r#"{"a":2}"#),
            (r#"{"\u0069d":{"deep":[1]}}"#, "{}"),
            (r#"{"params":{"_meta":{"progressToken":"x"},"id":1}}"#, r#"{"params":{"_meta":{},"id":1}}"#),
            (r#"{"_meta":{"progressToken":1},"ID":3}"#, r#"{"ID":3,"_meta":{"progressToken":1}}"#),
            (r#"{"params":{"progressToken":1,"_meta":[{"progressToken":2}]}}"#, ""),
            (r#"{"params":[{"_meta":{"progressToken":1}}]}"#, ""),
            (r#"{"x":{"params":{"_meta":{"progressToken":1}}}}"#, ""),
            (r#"[{"id":1}]"#, ""),
            (r#""id""#, ""),
        ] {
            let kept = canonical(text, &[]);
            assert_eq!(
                canonical(text, leave_out),
                if expected.is_empty() { &kept } else { expected },
                "{text}"
            );
        }
        assert_eq!(canonical(r#"{"":1,"a":{"b":1}}"#, &[&[], &["a"], &["a", "b"]]), r#"{"":1}"#);
    }

    proptest! {
        /// The canonical form means what was written, and is its own canonical form.
        #[test]
        fn means_the_same_and_is_a_fixed_point(text in r#"[\[\]{}:,"\\ 0-9a-c.eE+\-]{0,40}"#) {
            if Reader::default().parse(text.as_bytes()).is_ok() {
                let form = canonical(&text, &[]);
                let ours: serde_json::Value = serde_json::from_str(&form).unwrap();
                let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(ours, theirs);
                prop_assert_eq!(canonical(&form, &[]), form);
            }
        }
    }
}
