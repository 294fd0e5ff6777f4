//! The scope of a policy that has been read before, from its text. Imports entities.
//!
//! Only for what is told of present policies: nothing is decided by it.

use crate::policy::generation::EntityRef;

/// One of the three parts of a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Any,
    Is(EntityRef),
    /// In one of these.
    In(Vec<EntityRef>),
    OfType(String),
    OfTypeIn(String, EntityRef),
}

/// Principal, action and resource.
pub(super) type WrittenScope = [Part; 3];

impl Part {
    /// Whether more than one entity can be in it.
    pub(super) const fn is_open(&self) -> bool {
        !matches!(self, Self::Is(_))
    }

    /// Whether an entity with these above it is in it.
    pub(super) fn admits<'e>(
        &self,
        entity: &EntityRef,
        above: impl IntoIterator<Item = &'e EntityRef>,
    ) -> bool {
        let mut above = above.into_iter();
        let mut is_in = |group: &EntityRef| entity == group || above.any(|parent| parent == group);
        match self {
            Self::Any => true,
            Self::Is(one) => entity == one,
            Self::In(groups) => {
                let above: Vec<&EntityRef> = above.collect();
                groups.iter().any(|group| entity == group || above.contains(&group))
            }
            Self::OfType(kind) => entity.kind() == kind,
            Self::OfTypeIn(kind, group) => entity.kind() == kind && is_in(group),
        }
    }
}

/// The scope of the policy with that text; `None` where the text is not understood.
pub(super) fn written_scope(text: &str) -> Option<WrittenScope> {
    let mut tokens = tokens(text).into_iter().peekable();
    // Annotations: `@name` and perhaps a value in brackets.
    while tokens.next_if_eq(&"@").is_some() {
        tokens.next()?;
        if tokens.next_if_eq(&"(").is_some() {
            while tokens.next()? != ")" {}
        }
    }
    if !matches!(tokens.next()?, "permit" | "forbid") || tokens.next()? != "(" {
        return None;
    }
    let mut parts: Vec<Vec<&str>> = vec![Vec::new()];
    let mut open = 0_usize;
    loop {
        let token = tokens.next()?;
        match token {
            ")" if open == 0 => break,
            "," if open == 0 => parts.push(Vec::new()),
            _ => {
                open = match token {
                    "[" => open + 1,
                    "]" => open.saturating_sub(1),
                    _ => open,
                };
                parts.last_mut()?.push(token);
            }
        }
    }
    // The last one may be followed by a comma.
    parts.retain(|part| !part.is_empty());
    let [principal, action, resource] = parts.as_slice() else { return None };
    Some([part(principal)?, part(action)?, part(resource)?])
}

fn part(tokens: &[&str]) -> Option<Part> {
    match tokens {
        ["principal" | "action" | "resource"] => Some(Part::Any),
        [_, "==", entity @ ..] => EntityRef::parse(&entity.concat()).map(Part::Is),
        [_, "in", "[", list @ .., "]"] => {
            let entities = list.split(|token| *token == ",").filter(|entity| !entity.is_empty());
            entities.map(|entity| EntityRef::parse(&entity.concat())).collect::<Option<_>>().map(Part::In)
        }
        [_, "in", entity @ ..] => Some(Part::In(vec![EntityRef::parse(&entity.concat())?])),
        [_, "is", rest @ ..] => match rest.iter().position(|token| *token == "in") {
            None => Some(Part::OfType(rest.concat())),
            Some(at) => {
                let (kind, group) = (rest.get(..at)?, rest.get(at + 1..)?);
                Some(Part::OfTypeIn(kind.concat(), EntityRef::parse(&group.concat())?))
            }
        },
        _ => None,
    }
}

/// Words, strings with their quotes, `::`, `==` and single characters, without spaces and comments.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return found };
        if rest.starts_with("//") {
            rest = rest.find('\n').and_then(|end| rest.get(end..)).unwrap_or_default();
            continue;
        }
        let length = match first {
            '"' => string_bytes(rest),
            '_' | '0'..='9' | 'a'..='z' | 'A'..='Z' => rest
                .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
                .unwrap_or(rest.len()),
            _ if rest.starts_with("::") || rest.starts_with("==") => 2,
            _ => first.len_utf8(),
        };
        let (token, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        found.push(token);
        rest = behind;
    }
}

/// How long the string is that `text` begins with, with its quotes.
fn string_bytes(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(text: &str) -> EntityRef {
        EntityRef::parse(text).unwrap()
    }

    #[test]
    fn scopes_are_read_from_texts() {
        let scope = written_scope(
            "// permit (a)\n@id(\"x)y\") @plain permit ( // here\n principal is A::B in C::\"d\\\"),\",\n\
             action in [Action::\"a\", Action :: \"b\",], resource,) when { true };",
        );
        let expected = [
            Part::OfTypeIn("A::B".to_owned(), entity("C::\"d\\\"),\"")),
            Part::In(vec![entity("Action::\"a\""), entity("Action::\"b\"")]),
            Part::Any,
        ];
        assert_eq!(scope, Some(expected));
        let scope = written_scope("forbid(principal == U::\"a\", action, resource is R);");
        assert_eq!(scope, Some([Part::Is(entity("U::\"a\"")), Part::Any, Part::OfType("R".to_owned())]));
        assert_eq!(written_scope("permit(principal, action"), None);
        assert_eq!(written_scope(""), None);
    }
}
