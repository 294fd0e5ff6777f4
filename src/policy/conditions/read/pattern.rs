//! Regular expressions of `matches`. Imports nothing of ours but the tree.

use regex::RegexBuilder;
use regex_syntax::hir::{Hir, HirKind};

use crate::policy::conditions::expression::Pattern;

/// Longest regular expression, in bytes.
const TEXT_BYTES_MAX: usize = 1000;

/// Most memory a compiled regular expression may take, in bytes.
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
    let built = RegexBuilder::new(text).nest_limit(50).size_limit(COMPILED_BYTES_MAX).build();
    match built {
        Ok(regex) => Ok(Pattern { regex, places }),
        Err(_) => Err(format!("the regular expression takes more than {COMPILED_BYTES_MAX} bytes compiled")),
    }
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
