//! Blanks comments and literals out of Rust source, so that their words do not trip a rule.

/// A string literal as written between its quotes.
#[derive(Debug, PartialEq)]
pub(crate) struct Literal {
    /// Byte offset of the opening quote.
    pub(crate) offset: usize,
    /// The text between the quotes, escapes unresolved.
    pub(crate) text: String,
}

/// Source without its comments and literals.
#[derive(Debug, Default)]
pub(crate) struct Stripped {
    /// The source with every byte of a comment or of a literal's inside replaced by a space; offsets and line breaks stay.
    pub(crate) code: String,
    /// The string literals, in order.
    pub(crate) literals: Vec<Literal>,
}

/// Blanks comments and literals. Understands nested comments, raw and byte strings, and lifetimes.
pub(crate) fn strip(text: &str) -> Stripped {
    let mut scanner = Scanner { chars: text.chars().collect(), at: 0, out: Stripped::default() };
    while let Some(next) = scanner.peek(0) {
        match next {
            '/' if scanner.peek(1) == Some('/') => scanner.line_comment(),
            '/' if scanner.peek(1) == Some('*') => scanner.block_comment(),
            '"' => scanner.string(),
            'r' => scanner.raw_string_or_word(),
            '\'' => scanner.char_or_lifetime(),
            _ => scanner.keep(),
        }
    }
    scanner.out
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
    out: Stripped,
}

impl Scanner {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn keep(&mut self) {
        self.out.code.extend(self.peek(0));
        self.at += 1;
    }

    /// Replaces the next character by as many spaces as it has bytes; line breaks stay.
    fn blank(&mut self) {
        match self.peek(0) {
            Some('\n') => self.out.code.push('\n'),
            Some(other) => self.out.code.extend(std::iter::repeat_n(' ', other.len_utf8())),
            None => {}
        }
        self.at += 1;
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|next| next != '\n') {
            self.blank();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while let Some(next) = self.peek(0) {
            let pair = (next, self.peek(1));
            match pair {
                ('/', Some('*')) => depth += 1,
                ('*', Some('/')) => depth -= 1,
                _ => {
                    self.blank();
                    continue;
                }
            }
            self.blank();
            self.blank();
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        let offset = self.out.code.len();
        let mut text = String::new();
        self.keep();
        while let Some(next) = self.peek(0).filter(|next| *next != '"') {
            if next == '\\' {
                text.push(next);
                self.blank();
            }
            text.extend(self.peek(0));
            self.blank();
        }
        self.keep();
        self.out.literals.push(Literal { offset, text });
    }

    /// At an `r`: a raw string such as `r#"..."#`, or only a letter of a word or of a raw identifier.
    fn raw_string_or_word(&mut self) {
        let hashes = self.chars.iter().skip(self.at + 1).take_while(|next| **next == '#').count();
        let inside_word = self.out.code.ends_with(|last: char| last.is_alphanumeric() || last == '_')
            && !self.out.code.ends_with(['b', 'c']);
        self.keep();
        if inside_word || self.peek(hashes) != Some('"') {
            return;
        }
        for _ in 0..hashes {
            self.keep();
        }
        let offset = self.out.code.len();
        let mut text = String::new();
        self.keep();
        while self.peek(0).is_some() && !self.closes_raw_string(hashes) {
            text.extend(self.peek(0));
            self.blank();
        }
        self.keep();
        self.out.literals.push(Literal { offset, text });
    }

    fn closes_raw_string(&self, hashes: usize) -> bool {
        self.peek(0) == Some('"') && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#'))
    }

    fn char_or_lifetime(&mut self) {
        let escaped = self.peek(1) == Some('\\');
        if !escaped && self.peek(2) != Some('\'') {
            self.keep();
            return;
        }
        self.keep();
        if escaped {
            self.blank();
        }
        self.blank();
        while self.peek(0).is_some_and(|next| next != '\'' && next != '\n') {
            self.blank();
        }
        self.keep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, code: &str, literals: &[&str]) {
        let stripped = strip(text);
        assert_eq!(stripped.code, code);
        assert_eq!(stripped.code.len(), text.len(), "offsets must stay");
        let found: Vec<&str> = stripped.literals.iter().map(|literal| literal.text.as_str()).collect();
        assert_eq!(found, literals);
    }

    #[test]
    fn comments_are_blanked() {
        check("a // é!\nb", "a       \nb", &[]);
        check("a /* x /* y */ z */ b", "a                   b", &[]);
        check("/// crate::store\nfn f() {}", "                \nfn f() {}", &[]);
    }

    #[test]
    fn literals_are_blanked_and_kept_aside() {
        check(r#"f("a // \" b") // c"#, r#"f("         ")     "#, &[r#"a // \" b"#]);
        check(r##"r#"a"b"# + br"c""##, r##"r#"   "# + br" ""##, &[r#"a"b"#, "c"]);
        check("let r#type = var;", "let r#type = var;", &[]);
    }

    #[test]
    fn lifetimes_are_not_characters() {
        check("f::<'a>('\"', '\\'', 'x')", "f::<'a>(' ', '  ', ' ')", &[]);
        check("&'static str + \"s\"", "&'static str + \" \"", &["s"]);
    }
}
