//! The word that was probably meant. Imports nothing of ours.

/// The one of `known` that `word` is most likely a misspelling of; `None` when nothing is close.
///
/// Letter case, `-` and `_` do not count, so `connectMs` finds `connect_ms`. Otherwise about a third of the letters may
/// differ (Damerau-Levenshtein).
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = plain(word);
    let near = known.into_iter().filter_map(|candidate| {
        let other = self::plain(candidate);
        let distance = strsim::damerau_levenshtein(&plain, &other);
        let allowed = plain.chars().count().max(other.chars().count()).div_ceil(3);
        (distance <= allowed && distance < other.chars().count()).then_some((distance, candidate))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

fn plain(word: &str) -> String {
    // Longer words are no misspellings, and the distance takes time quadratic in the length.
    word.chars().take(64).filter(|c| *c != '_' && *c != '-').flat_map(char::to_lowercase).collect()
}

/// `did you mean "x"?`, or the whole list when nothing is close and the list is short enough to read.
pub(super) fn key_hint(word: &str, known: &[&str]) -> Option<String> {
    if let Some(near) = nearest(word, known.iter().copied()) {
        return Some(format!("did you mean \"{near}\"?"));
    }
    (!known.is_empty() && known.len() <= 16).then(|| format!("known keys: {}", known.join(", ")))
}
