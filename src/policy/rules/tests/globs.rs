//! Globs against a slow matcher that is written after Python's documentation of `fnmatch`, letter by letter.

use proptest::prelude::*;

use crate::policy::rules::glob::Glob;

/// Whether `glob` covers all of `text`, found by trying.
fn slow(glob: &[char], text: &[char]) -> bool {
    match glob.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|skipped| slow(rest, &text[skipped..])),
        Some((first, rest)) => {
            let Some((letter, after)) = text.split_first() else { return false };
            match (first, class(rest)) {
                ('?', _) => slow(rest, after),
                ('[', Some((members, behind))) => in_class(members, *letter) && slow(behind, after),
                _ => first == letter && slow(rest, after),
            }
        }
    }
}

/// What stands between the brackets, and what behind them.
fn class(behind_bracket: &[char]) -> Option<(&[char], &[char])> {
    let mut end = usize::from(behind_bracket.first() == Some(&'!'));
    end += usize::from(behind_bracket.get(end) == Some(&']'));
    while *behind_bracket.get(end)? != ']' {
        end += 1;
    }
    Some((&behind_bracket[..end], &behind_bracket[end + 1..]))
}

fn in_class(members: &[char], letter: char) -> bool {
    let negated = members.first() == Some(&'!');
    let members = &members[usize::from(negated)..];
    // Python takes reversed ranges out first, and only then asks whether the class is negated.
    let reversed = |members: &[char]| matches!(members, [low, '-', high, ..] if low > high);
    if !negated && reversed(members) {
        let mut left = members;
        while reversed(left) {
            left = &left[3..];
        }
        return in_class(left, letter);
    }
    let (mut place, mut found) = (0, false);
    while place < members.len() {
        if place + 2 < members.len() && members[place + 1] == '-' {
            found |= (members[place]..=members[place + 2]).contains(&letter);
            place += 3;
        } else {
            found |= members[place] == letter;
            place += 1;
        }
    }
    found != negated
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn a_glob_covers_what_the_slow_matcher_says(
        glob in r"[abc*?\[\]!^\-\\/\n\u{e9}]{0,10}",
        text in r"[abc!^\-\]\[\\/\n\u{e9}]{0,6}",
    ) {
        let letters = |text: &str| text.chars().collect::<Vec<char>>();
        prop_assert_eq!(Glob::compile(&glob).unwrap().matches(&text), slow(&letters(&glob), &letters(&text)));
    }
}

#[test]
fn a_glob_that_would_cost_too_much_is_refused() {
    let policy = |glob: &str| {
        let text = format!("rules: [{{match: {{type: \"{glob}\"}}, approval: auto}}]");
        let document = crate::model::document::Document::parse("rules.yaml", &text).unwrap();
        crate::policy::rules::compile(&document).map(|rules| rules.len())
    };
    assert_eq!(policy(&"*a".repeat(500)).unwrap(), 1);
    let refused = policy(&"*a".repeat(501)).unwrap_err().to_string();
    assert!(refused.contains("at most 1000 bytes"), "{refused}");
}
