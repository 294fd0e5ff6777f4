//! Does one glob match everything another does? Never said of globs where it is not so; some where it is so are missed.

/// A piece of a glob.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// `*`
    Any,
    /// `?`
    One,
    /// This character.
    Letter(char),
    /// A class, without its brackets.
    Class(String),
}

/// Whether `wide` certainly matches every text that `narrow` matches.
pub(super) fn covers(wide: &str, narrow: &str) -> bool {
    let (wide, narrow) = (pieces(wide), pieces(narrow));
    // reached[n]: the pieces of `wide` looked at so far match whatever the first n of `narrow` match.
    let mut reached: Vec<bool> = std::iter::once(true).chain(narrow.iter().map(|_| false)).collect();
    for piece in &wide {
        let mut next = Vec::with_capacity(reached.len());
        for (index, before) in reached.iter().enumerate() {
            let one_less = index.checked_sub(1);
            let consumed = one_less.and_then(|index| Some((*reached.get(index)?, narrow.get(index)?)));
            next.push(match piece {
                Piece::Any => {
                    *before || one_less.and_then(|index| next.get(index)).copied().unwrap_or_default()
                }
                piece => consumed.is_some_and(|(reached, narrow)| reached && takes(piece, narrow)),
            });
        }
        reached = next;
    }
    reached.last().copied().unwrap_or_default()
}

/// Whether the piece, which stands for one character, matches whatever the other does.
fn takes(wide: &Piece, narrow: &Piece) -> bool {
    match (wide, narrow) {
        (Piece::One, Piece::One | Piece::Letter(_) | Piece::Class(_)) => true,
        (Piece::Letter(one), Piece::Letter(other)) => one == other,
        (Piece::Class(one), Piece::Class(other)) => one == other,
        (Piece::Class(class), Piece::Letter(letter)) => {
            // Plain members only: what ranges and negation mean is left to the glob itself.
            !class.starts_with('!') && !class.contains('-') && class.contains(*letter)
        }
        _ => false,
    }
}

fn pieces(glob: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = glob.chars();
    while let Some(letter) = rest.next() {
        pieces.push(match letter {
            '*' => Piece::Any,
            '?' => Piece::One,
            '[' => match class(rest.as_str()) {
                Some((class, after)) => {
                    rest = after.chars();
                    Piece::Class(class.to_owned())
                }
                None => Piece::Letter('['),
            },
            letter => Piece::Letter(letter),
        });
    }
    pieces
}

/// A class behind its opening bracket, and what follows it. A `]` that comes first is a member.
fn class(text: &str) -> Option<(&str, &str)> {
    let negation = usize::from(text.starts_with('!'));
    let first = text.get(negation..)?.chars().next()?;
    let from = negation + first.len_utf8();
    let end = from + text.get(from..)?.find(']')?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_globs_cover_narrower_ones() {
        for (wide, narrow, covered) in [
            ("*", "", true),
            ("*", "read*", true),
            ("read*", "read*", true),
            ("read*", "read_*", true),
            ("read_*", "read*", false),
            ("*.read", "crm.*.read", true),
            ("a*c", "abbc", true),
            ("a*c", "a*b*c", true),
            ("a*c", "a*", false),
            ("a?c", "abc", true),
            ("a?c", "a*c", false),
            ("a?c", "a[xy]c", true),
            ("a[xy]c", "axc", true),
            ("a[!x]c", "axc", false),
            ("a[!x]c", "a[!x]c", true),
            ("a[xy]c", "azc", false),
            ("[ab]", "[bc]", false),
            ("[a-c]", "b", false),
            ("[!a]", "b", false),
            ("[]x]", "]", true),
            ("[", "[", true),
            ("a", "b", false),
            ("", "", true),
            ("", "*", false),
            ("**", "*", true),
            ("*", "**", true),
        ] {
            assert_eq!(covers(wide, narrow), covered, "{wide} over {narrow}");
        }
    }
}
