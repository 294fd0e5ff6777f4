//! Regular expressions of `matches`. Imports nothing of ours but the tree.

use regex::RegexBuilder;
use regex_syntax::hir::{Hir, HirKind};

use crate::policy::conditions::expression::Pattern;

/// Longest regular expression, in bytes.
const TEXT_BYTES_MAX: usize = 1000;

/// What a compiled regular expression may take, in bytes, tried one after the other: the first that suffices is what it counts as,
/// since the crate does not tell. Nearly all fit in the first; classes beyond ASCII that are repeated take the most.
const COMPILED_BYTES: [usize; 4] = [1 << 14, 1 << 16, 1 << 18, COMPILED_BYTES_MAX];
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// Most places a search may be at once.
const PLACES_MAX: u32 = 1000;

/// Compiles a regular expression as the `regex` crate reads it: searched for anywhere, in linear time.
///
/// # Errors
/// What is wrong with it.
pub(super) fn compile(text: &str) -> Result<Pattern, String> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!("the regular expression is longer than {TEXT_BYTES_MAX} bytes"));
    }
    let hir = regex_syntax::ParserBuilder::new().nest_limit(50).build().parse(text).map_err(|error| {
        let kind = match error {
            regex_syntax::Error::Parse(error) => error.kind().to_string(),
            regex_syntax::Error::Translate(error) => error.kind().to_string(),
            _ => "unknown syntax".to_owned(),
        };
        format!("the regular expression cannot be read: {kind}")
    })?;
    let places = places(&hir);
    if places > PLACES_MAX {
        return Err(format!(
            "the regular expression has {places} places when its repetitions are written out, more than {PLACES_MAX}"
        ));
    }
    let within = |bytes: &usize| {
        let regex = RegexBuilder::new(text).nest_limit(50).size_limit(*bytes).build().ok()?;
        Some(Pattern { regex, places, bytes: *bytes })
    };
    COMPILED_BYTES.iter().find_map(within).ok_or_else(|| {
        format!(
            "the regular expression takes more than {COMPILED_BYTES_MAX} bytes compiled; (?-u:\\w) and the like, for ASCII alone, take far less"
        )
    })
}

/// How many letters the expression holds with its repetitions written out: as many places a search may be at, at worst.
fn places(hir: &Hir) -> u32 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => u32::try_from(literal.0.len()).unwrap_or(u32::MAX),
        // A class of letters beyond ASCII is several bytes.
        HirKind::Class(class) => u32::try_from(class.maximum_len().unwrap_or(1)).unwrap_or(4),
        HirKind::Capture(capture) => places(&capture.sub),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            places(&repetition.sub).saturating_mul(times)
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(places).fold(0, u32::saturating_add)
        }
    }
}
