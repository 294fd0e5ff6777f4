//! [`Secrets`]: which arguments must not be written into a policy. Imports `model`.
//!
//! By name, and by what values look like: a policy is read by more people than a call is. What is taken for a secret by mistake only makes
//! a policy say less of arguments; the check of all denied calls comes later in any case.

use std::collections::HashMap;

use crate::model::json::fold_case;
use crate::policy::generation::write::Scalar;

/// Parts of names whose values are secret, without separators, in lower case.
const WORDS: [&str; 26] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "authorization",
    "auth",
    "credential",
    "cookie",
    "session",
    "jwt",
    "bearer",
    "signature",
    "otp",
    "ssn",
    "cardnumber",
    "cvv",
    "iban",
    "accountnumber",
    "nonce",
    "salt",
    "pin",
];

/// Longest word that has to be a part of its own in a name.
const SHORT_MAX: usize = 4;

/// What stands where a record hides a value.
const REDACTED: &str = "[REDACTED]";

/// How secrets of known kinds begin.
const BEGINNINGS: [&str; 10] =
    ["sk-", "pk-", "ghp_", "gho_", "github_pat_", "xox", "AKIA", "ASIA", "eyJ", "-----BEGIN"];

/// Longest value that a policy is made of, in bytes.
const VALUE_MAX_BYTES: usize = 256;

/// From this many letters and digits in a row on, with both among them, a value may be random.
const RUN_MIN: usize = 20;

/// Bits of entropy in each character from which a run counts as random. Words have fewer than three.
const ENTROPY_MIN: f64 = 3.0;

/// From this many digits in a row on, a number may be that of a card or an account.
const DIGITS_MIN: usize = 13;

/// Which arguments must not be written into a policy.
#[derive(Clone, Debug, Default)]
pub(in crate::policy::generation) struct Secrets {
    words: Vec<String>,
}

impl Secrets {
    /// The built-in words, and those that the operators hide in records.
    pub(in crate::policy::generation) fn new(hidden: &[String]) -> Self {
        let words = WORDS.iter().map(|word| (*word).to_owned()).chain(hidden.iter().map(|word| plain(word)));
        Self { words: words.filter(|word| !word.is_empty()).collect() }
    }

    /// Whether one of the names that lead to a value says that it is secret.
    pub(in crate::policy::generation) fn hide_path(&self, path: &[String]) -> bool {
        path.iter().any(|name| {
            let (whole, folded) = (plain(name), fold_case(name));
            let parts: Vec<&str> = folded.split(is_separator).collect();
            // Short words are parts of their own: "user_pin" has one, "shipping" has not.
            self.words.iter().any(|word| match word.len() {
                0..=SHORT_MAX => parts.contains(&word.as_str()) || whole == *word,
                _ => whole.contains(word.as_str()),
            })
        })
    }

    /// Whether a value looks secret, or is too long to be shown.
    #[expect(
        clippy::unused_self,
        reason = "asked like the other question, whose answer depends on the words"
    )]
    pub(in crate::policy::generation) fn hide_value(&self, value: &Scalar) -> bool {
        match value {
            Scalar::Bool(_) => false,
            Scalar::Long(value) => value.unsigned_abs() >= 10_u64.pow(12),
            Scalar::Text(text) => looks_secret(text),
        }
    }
}

fn plain(name: &str) -> String {
    fold_case(name).chars().filter(|letter| !is_separator(*letter)).collect()
}

const fn is_separator(letter: char) -> bool {
    matches!(letter, '_' | '-' | ' ' | '.')
}

fn looks_secret(text: &str) -> bool {
    if text.len() > VALUE_MAX_BYTES || text.contains(REDACTED) {
        return true;
    }
    let begins = |word: &str| {
        BEGINNINGS.iter().any(|beginning| word.starts_with(beginning) && word.len() > beginning.len() + 7)
    };
    if text.split_whitespace().any(begins) {
        return true;
    }
    let is_of_key = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '=');
    text.split(|letter| !is_of_key(letter)).any(|run| {
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        digits >= DIGITS_MIN
            || (run.len() >= RUN_MIN && digits > 0 && digits < run.len() && entropy(run) >= ENTROPY_MIN)
    })
}

/// Shannon's entropy of the characters of `run`, in bits each.
fn entropy(run: &str) -> f64 {
    let mut counts: HashMap<u8, u32> = HashMap::new();
    run.bytes().for_each(|byte| *counts.entry(byte).or_default() += 1);
    let total = f64::from(u32::try_from(run.len()).unwrap_or(u32::MAX));
    let mut counts: Vec<u32> = counts.into_values().collect();
    // Sums of fractions depend on their order.
    counts.sort_unstable();
    counts.into_iter().map(|count| f64::from(count) / total).map(|share| -share * libm::log2(share)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_secret_is_hidden() {
        let secrets = Secrets::new(&["Kunden-Nr".to_owned()]);
        let text = |text: &str| Scalar::Text(text.to_owned());
        for value in [
            "sk-proj-abcdefgh",
            "eyJhbGciOiJIUzI1NiJ9.e30.x",
            "9f86d081884c7d659a2feaa0c55ad015",
            "AKIAIOSFODNN7EXAMPLE",
            "4111111111111111",
            "dGhpc2lzYXNlY3JldDEyMzQ1Njc4",
            "[REDACTED]",
        ] {
            assert!(secrets.hide_value(&text(value)), "{value}");
        }
        for value in
            ["/srv/reports/2026-11-20/quarter.txt", "eu-central-1", "hello world", "agent-001", "12.50"]
        {
            assert!(!secrets.hide_value(&text(value)), "{value}");
        }
        assert!(secrets.hide_value(&Scalar::Long(4_111_111_111_111_111)));
        assert!(!secrets.hide_value(&Scalar::Long(-250)));
        for (name, hidden) in [
            ("password", true),
            ("API-Key", true),
            ("db.Pass_Word", true),
            ("pin", true),
            ("user_pin", true),
            ("shipping", false),
            ("path", false),
            ("kundennr", true),
            ("author", false),
            ("auth", true),
        ] {
            assert_eq!(secrets.hide_path(&[name.to_owned()]), hidden, "{name}");
        }
    }
}
