//! Finds items in stripped source: matching braces, and which lines are test code.

use crate::tidy::text::pattern;

/// Which bytes of stripped source lie in items that exist only in tests (`#[cfg(test)]`, `#[test]`).
pub(crate) fn test_spans(code: &str) -> Vec<(usize, usize)> {
    let marker = pattern(r"#\s*\[\s*(?:cfg\s*\(\s*(?:all\s*\(\s*)?test\b|(?:\w+\s*::\s*)?test\s*[\](])");
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for found in marker.find_iter(code) {
        if spans.last().is_none_or(|(_, end)| found.start() >= *end) {
            spans.push((found.start(), end_of_item(code, found.start())));
        }
    }
    spans
}

/// The end of the item whose first attribute starts at `start`.
fn end_of_item(code: &str, start: usize) -> usize {
    let item = skip_attributes(code, start);
    let keyword = pattern(
        r"^(?:pub\s*(?:\([^)]*\))?\s*)?(?:fn|mod|use|impl|struct|enum|const|static|type|trait|unsafe|async|macro_rules|extern|union)\b",
    );
    let is_item = keyword.is_match(code.get(item..).unwrap_or_default());
    let mut depth = 0_usize;
    for (offset, next) in code.char_indices().skip_while(|(offset, _)| *offset < item) {
        match next {
            '{' if depth == 0 => return matching_close(code, offset).map_or(code.len(), |close| close + 1),
            ';' if depth == 0 => return offset + 1,
            // A field, a variant or an arm ends at its comma, or where its owner ends.
            ',' if depth == 0 && !is_item => return offset + 1,
            '}' if depth == 0 => return offset,
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    code.len()
}

fn skip_attributes(code: &str, start: usize) -> usize {
    let mut at = start;
    loop {
        let rest = code.get(at..).unwrap_or_default();
        let attribute = at + (rest.len() - rest.trim_start().len());
        if !code.get(attribute..).is_some_and(|rest| rest.starts_with('#')) {
            return attribute;
        }
        let Some(open) = code.get(attribute..).and_then(|rest| rest.find('[')) else { return attribute };
        let Some(close) = matching_close(code, attribute + open) else { return code.len() };
        at = close + 1;
    }
}

/// The offset of the bracket that closes the one at `open`.
pub(crate) fn matching_close(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (offset, next) in code.get(open..)?.char_indices() {
        match next {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' if depth <= 1 => return Some(open + offset),
            '}' | ')' | ']' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The offset and text of the body of the declaration that starts at `start`: what its braces hold, or for a tuple
/// struct or a declaration without a body, everything up to its semicolon.
pub(crate) fn block_after(code: &str, start: usize) -> (usize, &str) {
    let rest = code.get(start..).unwrap_or_default();
    let Some(found) = rest.find(['{', ';']) else { return (start, rest) };
    let open = start + found;
    if rest.get(found..).is_some_and(|rest| rest.starts_with(';')) {
        return (start, code.get(start..open).unwrap_or_default());
    }
    let close = matching_close(code, open).unwrap_or(code.len());
    (open + 1, code.get(open + 1..close).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[` and `]` cannot be told from code, so the samples mark test code with `<` and `>`.
    fn check(marked: &str) {
        let code = marked.replace(['<', '>'], "");
        let mut shown = code.clone();
        for (start, end) in test_spans(&code).into_iter().rev() {
            shown.insert(end, '>');
            shown.insert(start, '<');
        }
        assert_eq!(shown, marked);
    }

    #[test]
    fn test_items_end_where_their_braces_do() {
        check("fn a() {}\n<#[cfg(test)]\nmod tests { fn b() { {} } }>\nfn c() {}");
        check("<#[cfg(test)]\n#[path = \"\"]\nmod tests;>\nmod product;");
        check("<#[cfg(all(test, not(loom)))] use a::{b, c}>; fn d() {}");
        check("<#[test] fn f(a: [u8; 3]) {}> fn g() {}");
        check("<#[tokio::test] async fn f() {}> fn g() {}");
    }

    #[test]
    fn fields_end_at_their_comma() {
        check("struct S { <#[cfg(test)] pub a: u8,> b: u8 } fn f() {}");
        check("struct S { a: u8, <#[cfg(test)] b: u8 >} fn f() {}");
    }

    #[test]
    fn product_code_is_not_a_test() {
        check("#[cfg(not(test))] fn f() {}");
        check("#[cfg(any(test, fuzzing))] fn f() {}");
        check("#[testing] fn f() {}");
    }
}
