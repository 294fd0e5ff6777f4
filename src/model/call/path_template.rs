//! Path templates: which paths an operation of a REST service is, such as `/crm/contacts/{id}`.
//!
//! Two templates of one method may match one path only if one of them is the narrower at every segment: then that one is
//! meant, whoever reads. Start reading at [`PathTemplate`].

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;

use crate::model::json::{Json, Text};

/// Most segments of a path template.
const SEGMENTS_MAX: usize = 64;

/// A text that is no path template.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PathTemplateError {
    /// It does not start with a slash.
    #[error("the path must start with /")]
    NotAbsolute,
    /// More than 64 segments.
    #[error("the path has more than {SEGMENTS_MAX} segments")]
    TooManySegments,
    /// Two slashes in a row.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// `.` or `..`.
    #[error("the path has a dot segment")]
    DotSegment,
    /// `{}` or a name with other characters than letters, digits, `_`, `-`, `.`.
    #[error("a variable needs a name of letters, digits, _, - and .")]
    BadName,
    /// Where one variable ends and the next begins could not be told.
    #[error("a segment has more than one {{variable}}")]
    SeveralVariables,
    /// A brace without its partner.
    #[error("a brace is not closed")]
    UnclosedBrace,
    /// What a decoded path cannot hold, or would hold in two ways.
    #[error("the path is written decoded and without query: no ?, #, %, \\ or ;")]
    Encoded,
    /// A control character.
    #[error("the path has a control character")]
    Control,
    /// The same variable twice.
    #[error("the variable {{{0}}} stands twice in the path")]
    RepeatedVariable(String),
}

/// A segment of a path template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Matches this decoded text.
    Literal(String),
    /// Matches any segment that begins and ends so and has something between.
    Variable {
        /// What the part between is called.
        name: String,
        /// The literal text before it; mostly none.
        before: String,
        /// The literal text after it, such as `.json`; mostly none.
        after: String,
    },
}

impl Segment {
    fn parse(text: &str) -> Result<Self, PathTemplateError> {
        let refused = match text {
            "" => Some(PathTemplateError::EmptySegment),
            "." | ".." => Some(PathTemplateError::DotSegment),
            _ if text.contains(['?', '#', '%', '\\', ';']) => Some(PathTemplateError::Encoded),
            _ if text.chars().any(char::is_control) => Some(PathTemplateError::Control),
            _ => None,
        };
        if let Some(refused) = refused {
            return Err(refused);
        }
        let Some((before, rest)) = text.split_once('{') else {
            let unclosed = text.contains('}');
            return if unclosed {
                Err(PathTemplateError::UnclosedBrace)
            } else {
                Ok(Self::Literal(text.to_owned()))
            };
        };
        let (name, after) = rest.split_once('}').ok_or(PathTemplateError::UnclosedBrace)?;
        if after.contains('{') {
            return Err(PathTemplateError::SeveralVariables);
        }
        if before.contains('}') || after.contains('}') {
            return Err(PathTemplateError::UnclosedBrace);
        }
        if !is_variable_name(name) {
            return Err(PathTemplateError::BadName);
        }
        Ok(Self::Variable { name: name.to_owned(), before: before.to_owned(), after: after.to_owned() })
    }

    /// What of `text` the variable stands for; all of it for a literal. `None` when the segment does not match.
    #[must_use]
    pub fn matched<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Literal(literal) => (literal == text).then_some(text),
            Self::Variable { before, after, .. } => {
                let between = text.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
                (!between.is_empty()).then_some(between)
            }
        }
    }

    /// Whether there is a text that both match.
    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(text), segment) | (segment, Self::Literal(text)) => {
                segment.matched(text).is_some()
            }
            (
                Self::Variable { before, after, .. },
                Self::Variable { before: other_before, after: other_after, .. },
            ) => {
                let starts = before.starts_with(other_before) || other_before.starts_with(before);
                starts && (after.ends_with(other_after) || other_after.ends_with(after))
            }
        }
    }

    /// Whether `other` matches everything that this one matches.
    fn is_within(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(text), _) => other.matched(text).is_some(),
            (Self::Variable { .. }, Self::Literal(_)) => false,
            (
                Self::Variable { before, after, .. },
                Self::Variable { before: other_before, after: other_after, .. },
            ) => before.starts_with(other_before) && after.ends_with(other_after),
        }
    }

    /// The same without the variable's name.
    fn shape(&self) -> Self {
        match self {
            Self::Literal(_) => self.clone(),
            Self::Variable { before, after, .. } => {
                Self::Variable { name: String::new(), before: before.clone(), after: after.clone() }
            }
        }
    }
}

/// A path template, segment by segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTemplate {
    segments: Vec<Segment>,
}

impl PathTemplate {
    /// Reads `text`, such as `/crm/contacts/{id}`. A trailing slash means nothing.
    ///
    /// # Errors
    /// See [`PathTemplateError`].
    pub fn parse(text: &str) -> Result<Self, PathTemplateError> {
        let rest = text.strip_prefix('/').ok_or(PathTemplateError::NotAbsolute)?;
        let mut template = Self { segments: Vec::new() };
        if rest.is_empty() {
            return Ok(template);
        }
        for piece in rest.strip_suffix('/').unwrap_or(rest).split('/') {
            let segment = Segment::parse(piece)?;
            if let Segment::Variable { name, .. } = &segment
                && template.variable_names().any(|known| known == name)
            {
                return Err(PathTemplateError::RepeatedVariable(name.clone()));
            }
            if template.segments.len() == SEGMENTS_MAX {
                return Err(PathTemplateError::TooManySegments);
            }
            template.segments.push(segment);
        }
        Ok(template)
    }

    /// The same template below a path of these decoded segments.
    ///
    /// # Errors
    /// More than 64 segments together.
    pub fn below(self, literals: &[String]) -> Result<Self, PathTemplateError> {
        if literals.len() + self.segments.len() > SEGMENTS_MAX {
            return Err(PathTemplateError::TooManySegments);
        }
        let literals = literals.iter().cloned().map(Segment::Literal);
        Ok(Self { segments: literals.chain(self.segments).collect() })
    }

    /// The segments.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The names of the variables.
    pub fn variable_names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Variable { name, .. } => Some(name.as_str()),
            Segment::Literal(_) => None,
        })
    }

    /// What templates have in common that match the same paths: the segments without the names of variables.
    #[must_use]
    pub fn shape(&self) -> Vec<Segment> {
        self.segments.iter().map(Segment::shape).collect()
    }

    /// Whether a path of these decoded segments, or one below it, can match. A variable may stand for a segment of it.
    #[must_use]
    pub fn may_lie_under(&self, prefix: &[String]) -> bool {
        self.segments.len() >= prefix.len()
            && self.segments.iter().zip(prefix).all(|(segment, wanted)| segment.matched(wanted).is_some())
    }

    /// Whether some path matches both while neither is at every segment at least as narrow as the other: which of them is
    /// meant would depend on who reads.
    #[must_use]
    pub fn is_ambiguous_with(&self, other: &Self) -> bool {
        let pairs = || self.segments.iter().zip(&other.segments);
        self.segments.len() == other.segments.len()
            && pairs().all(|(one, other)| one.meets(other))
            && !pairs().all(|(one, other)| one.is_within(other))
            && !pairs().all(|(one, other)| other.is_within(one))
    }

    /// The template of exactly the paths that match both, which must have equally many segments and be ambiguous; `None`
    /// where no template is that. Variables keep their names.
    #[must_use]
    pub fn shared_with(&self, other: &Self) -> Option<Self> {
        let narrower = |(one, other): (&Segment, &Segment)| {
            let (within, around) = (one.is_within(other), other.is_within(one));
            if within { Some(one.clone()) } else { around.then(|| other.clone()) }
        };
        let segments = self.segments.iter().zip(&other.segments).map(narrower).collect::<Option<_>>()?;
        Some(Self { segments })
    }

    /// The variables of a path that matches, as a JSON object.
    #[must_use]
    pub fn variables<'a>(&self, path: &[Cow<'_, str>]) -> Option<Json<'a>> {
        if self.segments.len() != path.len() {
            return None;
        }
        let mut variables = Vec::new();
        for (segment, actual) in self.segments.iter().zip(path) {
            let matched = segment.matched(actual)?;
            if let Segment::Variable { name, .. } = segment {
                let value = Json::String(Text::from_owned(matched.to_owned()));
                variables.push((Text::from_owned(name.clone()), value));
            }
        }
        Some(Json::Object(variables))
    }
}

/// As it is written, without a trailing slash.
impl fmt::Display for PathTemplate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.segments {
            match segment {
                Segment::Literal(text) => write!(formatter, "/{text}")?,
                Segment::Variable { name, before, after } => {
                    write!(formatter, "/{before}{{{name}}}{after}")?;
                }
            }
        }
        if self.segments.is_empty() { formatter.write_str("/") } else { Ok(()) }
    }
}

/// Whether a variable may have that name: parts of letters, digits, `_` and `-`, with dots between them.
#[must_use]
pub fn is_variable_name(name: &str) -> bool {
    name.split('.').all(|part| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn template(text: &str) -> PathTemplate {
        PathTemplate::parse(text).unwrap()
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for (text, error) in [
            ("crm", PathTemplateError::NotAbsolute),
            ("/a//b", PathTemplateError::EmptySegment),
            ("//", PathTemplateError::EmptySegment),
            ("/a/..", PathTemplateError::DotSegment),
            ("/a/{}", PathTemplateError::BadName),
            ("/a/{b c}", PathTemplateError::BadName),
            ("/{a}-{b}", PathTemplateError::SeveralVariables),
            ("/{a", PathTemplateError::UnclosedBrace),
            ("/a}", PathTemplateError::UnclosedBrace),
            ("/{a}}", PathTemplateError::UnclosedBrace),
            ("/{{a}", PathTemplateError::BadName),
            ("/a%20b", PathTemplateError::Encoded),
            ("/a\u{7}", PathTemplateError::Control),
            ("/{a}/x{a}", PathTemplateError::RepeatedVariable("a".to_owned())),
        ] {
            assert_eq!(PathTemplate::parse(text), Err(error), "{text}");
        }
        assert_eq!(PathTemplate::parse(&"/a".repeat(65)), Err(PathTemplateError::TooManySegments));
        assert!(PathTemplate::parse(&"/a".repeat(64)).is_ok());
        let below = template("/a").below(&vec!["b".to_owned(); 64]);
        assert_eq!(below, Err(PathTemplateError::TooManySegments));
        for text in ["/", "/a", "/a/{b}", "/{b}.json", "/v{n}", "/a:{b}:c/d", "/caf\u{e9}"] {
            assert_eq!(template(text).to_string(), text);
            let trailing = format!("{}/", text.trim_end_matches('/'));
            assert_eq!(template(&trailing), template(text));
        }
    }

    #[test]
    fn variables_are_what_stands_in_their_place() {
        let read = |text: &str, path: &[&str]| {
            let path: Vec<Cow<'_, str>> = path.iter().map(|segment| Cow::Borrowed(*segment)).collect();
            let found = template(text).variables(&path)?;
            let Json::Object(members) = found else { panic!("{found:?}") };
            let told =
                |(key, value): &(Text<'_>, Json<'_>)| format!("{}={}", key.as_str(), value.as_str().unwrap());
            Some(members.iter().map(told).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(read("/a/{b}", &["a", "1"]).as_deref(), Some("b=1"));
        assert_eq!(read("/a/x{b}.json", &["a", "x1.json.json"]).as_deref(), Some("b=1.json"));
        assert_eq!(read("/a", &["a"]).as_deref(), Some(""));
        for (text, path) in [
            ("/a/{b}", &["a"][..]),
            ("/a/{b}", &["a", "b", "c"]),
            ("/a/{b}", &["b", "b"]),
            ("/{b}.json", &[".json"]),
            ("/aba{b}ba", &["ababa"]),
            ("/{b}.json", &["a.xml"]),
        ] {
            assert_eq!(read(text, path), None, "{text} {path:?}");
        }
    }

    #[test]
    fn templates_are_ambiguous_where_neither_is_the_narrower() {
        for (one, other, ambiguous) in [
            ("/a/{x}/c", "/a/b/{y}", true),
            ("/{x}/b", "/a/{y}", true),
            ("/{x}.json", "/a{y}", true),
            ("/{x}/a{z}", "/b/{y}", true),
            ("/contacts/search", "/contacts/{id}", false),
            ("/contacts/{id}", "/{kind}/{id}", false),
            ("/{x}.json", "/{y}", false),
            ("/a{x}", "/ab{y}", false),
            ("/{x}.json", "/me.json", false),
            ("/{x}.json", "/{y}.xml", false),
            ("/a/{x}/c", "/a/b/{y}/d", false),
            ("/a/{x}/c", "/a/b/d", false),
            ("/a/{x}", "/a/{y}", false),
        ] {
            assert_eq!(template(one).is_ambiguous_with(&template(other)), ambiguous, "{one} {other}");
            assert_eq!(template(other).is_ambiguous_with(&template(one)), ambiguous, "{other} {one}");
        }
    }

    #[test]
    fn what_two_templates_share_is_a_template_of_its_own() {
        let shared = |one: &str, other: &str| {
            template(one).shared_with(&template(other)).map(|shared| shared.to_string())
        };
        assert_eq!(shared("/a/{x}/c", "/a/b/{y}").as_deref(), Some("/a/b/c"));
        assert_eq!(shared("/{x}.json/{z}", "/{y}/b").as_deref(), Some("/{x}.json/b"));
        assert_eq!(shared("/a{x}", "/{x}b"), None);
    }

    #[test]
    fn what_lies_under_a_prefix_can_be_reached_there() {
        let under = |text: &str, prefix: &[&str]| {
            let prefix: Vec<String> = prefix.iter().map(|segment| (*segment).to_owned()).collect();
            template(text).may_lie_under(&prefix)
        };
        assert!(under("/crm/a", &["crm"]) && under("/crm", &["crm"]) && under("/{x}/a", &["crm"]));
        assert!(!under("/crm", &["crm", "a"]) && !under("/crmx", &["crm"]) && under("/a", &[]));
        assert_eq!(template("/a/{b}").below(&["{x}".to_owned()]).unwrap().to_string(), "/{x}/a/{b}");
        assert_eq!(template("/a").below(&["{x}".to_owned()]).unwrap().variable_names().count(), 0);
    }

    proptest! {
        /// What is said of two templates holds for every path: where both match, one is the narrower or they are ambiguous.
        #[test]
        fn narrowness_agrees_with_matching(
            one in "(/(a|b|ab|\\{x\\}|a\\{x\\}|\\{x\\}b|a\\{x\\}b)){1}(/(a|b|\\{y\\}|\\{y\\}b)){0,1}",
            other in "(/(a|b|ab|\\{x\\}|a\\{x\\}|\\{x\\}b|a\\{x\\}b)){1}(/(a|b|\\{y\\}|\\{y\\}b)){0,1}",
            path in "(/[ab]{1,4}){1,2}",
        ) {
            let (one, other) = (template(&one), template(&other));
            let path: Vec<Cow<'_, str>> = path.split('/').skip(1).map(Cow::Borrowed).collect();
            let within = |one: &PathTemplate, other: &PathTemplate| {
                one.segments.len() == other.segments.len()
                    && one.segments.iter().zip(&other.segments).all(|(one, other)| one.is_within(other))
            };
            let (first, second) = (one.variables(&path).is_some(), other.variables(&path).is_some());
            if first && second {
                prop_assert!(within(&one, &other) || within(&other, &one) || one.is_ambiguous_with(&other));
            }
            if first && within(&one, &other) {
                prop_assert!(second);
            }
            prop_assert_eq!(one.shape() == other.shape(), within(&one, &other) && within(&other, &one));
        }
    }
}
