//! Text as sentences, and sentences as words. Imports nothing of ours.

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A word, as written.
    Word(String),
    /// What stood between quotes.
    Quoted(String),
    /// `,` or a comparison.
    Sign(&'static str),
}

/// Signs, the longer ones first.
const SIGNS: [&str; 8] = ["==", "!=", "<=", ">=", "<", ">", "=", ","];

/// The sentences of `text`, without what ends them and what marks the items of a list; none of them empty.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in text.lines() {
        let (mut start, mut quoted) = (0, false);
        for (at, letter) in line.char_indices() {
            let behind = line.get(at + letter.len_utf8()..).unwrap_or_default();
            let ends = match letter {
                '"' => {
                    // A quote that nothing closes protects nothing.
                    quoted = !quoted && behind.contains('"');
                    false
                }
                ';' => !quoted,
                '.' => !quoted && behind.chars().next().is_none_or(char::is_whitespace),
                _ => false,
            };
            if ends {
                found.push(line.get(start..at).unwrap_or_default());
                start = at + letter.len_utf8();
            }
        }
        found.push(line.get(start..).unwrap_or_default());
    }
    let bare = |sentence: &'_ str| sentence.trim().trim_start_matches(['-', '*']).trim().len();
    found.retain(|sentence| bare(sentence) > 0);
    found.into_iter().map(|sentence| sentence.trim().trim_start_matches(['-', '*']).trim_start()).collect()
}

/// The pieces of a sentence; `None` where a quote is not closed.
pub(super) fn tokens(sentence: &str) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = sentence.trim_start();
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix('"') {
            let (quoted, behind) = behind.split_once('"')?;
            found.push(Token::Quoted(quoted.to_owned()));
            rest = behind;
        } else if let Some((sign, behind)) = sign(rest) {
            found.push(Token::Sign(sign));
            rest = behind;
        } else {
            let ends =
                |letter: char| letter.is_whitespace() || matches!(letter, '"' | ',' | '<' | '>' | '=' | '!');
            // At least one character: a lone `!` is a word that nobody knows.
            let end = rest
                .char_indices()
                .skip(1)
                .find(|(_, letter)| ends(*letter))
                .map_or(rest.len(), |(at, _)| at);
            let (word, behind) = rest.split_at_checked(end)?;
            found.push(Token::Word(word.to_owned()));
            rest = behind;
        }
        rest = rest.trim_start();
    }
    Some(found)
}

fn sign(text: &str) -> Option<(&'static str, &str)> {
    SIGNS.into_iter().find_map(|sign| Some((sign, text.strip_prefix(sign)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_they_seem_to() {
        let text = "- allow a to call b.c. deny x; \n\n* \"a. b\" c.\r\n  last \"open. one";
        assert_eq!(sentences(text), ["allow a to call b.c", "deny x", "\"a. b\" c", "last \"open", "one"]);
        assert!(sentences(" ; . \n -").is_empty());
    }

    #[test]
    fn words_quotes_and_signs_are_told_apart() {
        let word = |text: &str| Token::Word(text.to_owned());
        let quoted = |text: &str| Token::Quoted(text.to_owned());
        let expected = vec![
            word("a.b"),
            Token::Sign("<="),
            word("-5"),
            Token::Sign(","),
            quoted("x, y"),
            Token::Sign("!="),
            word("z"),
            word("!"),
        ];
        assert_eq!(tokens("a.b<=-5,\"x, y\" != z !"), Some(expected));
        assert_eq!(tokens("a \"b"), None);
    }
}
