//! How large a schema becomes: types written out where they are used, entities above entities, principals times resources. A few hundred
//! bytes can mean more than any memory holds, and the library counts none of it, so it is counted here before the library reads them.
//!
//! What is counted is never too little: every word that is the name of a common type counts as a use of it. Imports the tokens.

use std::collections::HashMap;

use serde_json::Value;

use crate::policy::cedar::read::scan::{Token, TokenKind, Tokens};

/// Most common types.
const TYPES_MOST: usize = 1000;
/// Most entity types: the library works out which is above which, for all pairs.
const ENTITIES_MOST: usize = 500;
/// Most pairs of a principal and a resource, over all actions: each policy is checked for each.
const PAIRS_MOST: usize = 10_000;
/// Most parts, with every common type written out where it is used.
const PARTS_MOST: usize = 100_000;
/// How deep types may be, written out.
const DEPTH_MOST: usize = 256;

/// A type, or everything outside of types: how many parts it has, how deep it is, and which types it may use.
#[derive(Default)]
struct Body {
    parts: usize,
    depth: usize,
    uses: Vec<String>,
}

#[derive(Default)]
struct Extent {
    types: HashMap<String, Body>,
    outside: Body,
    entities: usize,
    pairs: usize,
}

/// What is too large about a schema, if something is.
pub(super) fn too_large(text: &str) -> Option<String> {
    let extent = if text.trim_start().starts_with('{') {
        // What is no JSON is told by whoever reads it.
        Extent::of_json(&serde_json::from_str(text).ok()?)
    } else {
        Extent::of_cedar(text)
    };
    extent.too_large()
}

impl Extent {
    fn too_large(&self) -> Option<String> {
        let most = |count: usize, most: usize, what: &str| {
            (count > most).then(|| format!("a schema has at most {most} {what}; this one has {count}"))
        };
        let own = most(self.types.len(), TYPES_MOST, "common types")
            .or_else(|| most(self.entities, ENTITIES_MOST, "entity types"))
            .or_else(|| most(self.pairs, PAIRS_MOST, "pairs of principals and resources"));
        if own.is_some() {
            return own;
        }
        // There are few enough types for this to follow them.
        let mut known = HashMap::new();
        let (mut parts, mut depth) = self.whole(&self.outside, &mut known);
        for name in self.types.keys() {
            let (of_type, deep) = self.of_type(name, &mut known);
            parts = parts.saturating_add(of_type);
            depth = depth.max(deep);
        }
        most(parts, PARTS_MOST, "parts with its types written out")
            .or_else(|| most(depth, DEPTH_MOST, "levels with its types written out"))
    }

    /// Parts and depth of a type, written out. One that uses itself is refused by the library.
    fn of_type<'e>(&'e self, name: &'e str, known: &mut HashMap<&'e str, (usize, usize)>) -> (usize, usize) {
        if let Some(found) = known.get(name) {
            return *found;
        }
        let Some(body) = self.types.get(name) else { return (0, 0) };
        known.insert(name, (0, 0));
        let found = self.whole(body, known);
        known.insert(name, found);
        found
    }

    fn whole<'e>(&'e self, body: &'e Body, known: &mut HashMap<&'e str, (usize, usize)>) -> (usize, usize) {
        body.uses.iter().fold((body.parts, body.depth), |(parts, depth), used| {
            let (more, deep) = self.of_type(used, known);
            (parts.saturating_add(more), depth.max(body.depth.saturating_add(deep)))
        })
    }

    fn of_cedar(text: &str) -> Self {
        let mut extent = Self::default();
        let tokens: Vec<TokenKind<'_>> = Tokens::of(text).map(|Token { kind, .. }| kind).collect();
        for statement in tokens.split(|kind| *kind == TokenKind::Sign(b';')) {
            extent.statement(statement);
        }
        extent
    }

    /// One statement; `namespace X {` may stand before it.
    fn statement(&mut self, tokens: &[TokenKind<'_>]) {
        let word = |at: usize| match tokens.get(at) {
            Some(TokenKind::Word(word)) => Some(*word),
            _ => None,
        };
        let begins = |name: &str| tokens.iter().position(|kind| *kind == TokenKind::Word(name));
        if let Some(at) = begins("type").filter(|at| tokens.get(at + 2) == Some(&TokenKind::Sign(b'='))) {
            let name = word(at + 1).unwrap_or_default().to_owned();
            let body = body_of(tokens.get(at + 3..).unwrap_or_default());
            // Of two with one name in different namespaces the sum counts for both.
            let known = self.types.entry(name).or_default();
            known.parts += body.parts;
            known.depth = known.depth.max(body.depth);
            known.uses.extend(body.uses);
            return;
        }
        if let Some(at) = begins("entity") {
            let names = tokens.get(at + 1..).unwrap_or_default();
            let ends = |kind: &TokenKind<'_>| {
                matches!(kind, TokenKind::Word("in" | "tags" | "enum") | TokenKind::Sign(b'{' | b'='))
            };
            let names = names.split(ends).next().unwrap_or_default();
            self.entities += 1 + commas(names);
        }
        if let Some(at) = begins("appliesTo") {
            let actions = 1 + commas(tokens.get(..at).unwrap_or_default());
            let applied = tokens.get(at..).unwrap_or_default();
            let [principals, resources] = ["principal", "resource"].map(|name| listed(applied, name));
            self.pairs =
                self.pairs.saturating_add(actions.saturating_mul(principals).saturating_mul(resources));
        }
        let body = body_of(tokens);
        self.outside.parts += body.parts;
        self.outside.depth = self.outside.depth.max(body.depth);
        self.outside.uses.extend(body.uses);
    }

    fn of_json(schema: &Value) -> Self {
        let mut extent = Self::default();
        let members = |value: &Value, name: &str| value.get(name).and_then(Value::as_object).cloned();
        for namespace in schema.as_object().into_iter().flatten().map(|(_, namespace)| namespace) {
            for (name, body) in members(namespace, "commonTypes").unwrap_or_default() {
                let known = extent.types.entry(name).or_default();
                json_body(&body, 1, known);
            }
            for (_, entity) in members(namespace, "entityTypes").unwrap_or_default() {
                extent.entities += 1;
                json_body(&entity, 1, &mut extent.outside);
            }
            for (_, action) in members(namespace, "actions").unwrap_or_default() {
                let count = |name: &str| {
                    let list = action.pointer(&format!("/appliesTo/{name}")).and_then(Value::as_array);
                    list.map_or(0, Vec::len)
                };
                let pairs = count("principalTypes").saturating_mul(count("resourceTypes"));
                extent.pairs = extent.pairs.saturating_add(pairs);
                json_body(&action, 1, &mut extent.outside);
            }
        }
        extent
    }
}

/// Parts, depth and words of some tokens.
fn body_of(tokens: &[TokenKind<'_>]) -> Body {
    let (mut body, mut open) = (Body::default(), 0_usize);
    for kind in tokens {
        match kind {
            TokenKind::Sign(b'(' | b'[' | b'{' | b'<') => open += 1,
            TokenKind::Sign(b')' | b']' | b'}' | b'>') => open = open.saturating_sub(1),
            TokenKind::Word(word) => {
                body.parts += 1;
                body.uses.push((*word).to_owned());
            }
            _ => {}
        }
        body.depth = body.depth.max(open + 1);
    }
    body
}

fn commas(tokens: &[TokenKind<'_>]) -> usize {
    tokens.iter().filter(|kind| **kind == TokenKind::Sign(b',')).count()
}

/// How many types stand behind `name:`.
fn listed(tokens: &[TokenKind<'_>], name: &str) -> usize {
    let Some(at) = tokens.iter().position(|kind| *kind == TokenKind::Word(name)) else { return 0 };
    let behind = tokens.get(at + 2..).unwrap_or_default();
    match behind.first() {
        Some(TokenKind::Sign(b'[')) => {
            1 + commas(behind.split(|kind| *kind == TokenKind::Sign(b']')).next().unwrap_or_default())
        }
        _ => 1,
    }
}

/// Adds the parts of a value; every text in it may be the name of a type.
fn json_body(value: &Value, depth: usize, body: &mut Body) {
    body.parts += 1;
    body.depth = body.depth.max(depth);
    match value {
        Value::String(text) => body.uses.push(text.rsplit("::").next().unwrap_or_default().to_owned()),
        Value::Array(items) => items.iter().for_each(|item| json_body(item, depth + 1, body)),
        Value::Object(members) => members.values().for_each(|member| json_body(member, depth + 1, body)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(text: &str, words: &str) {
        let why = too_large(text).unwrap_or_else(|| panic!("taken: {text:.80}"));
        assert!(why.contains(words), "{why}");
    }

    #[test]
    fn schemas_that_grow_are_refused_before_they_do() {
        let twice: String =
            (1..40).map(|n| format!("type T{n} = {{a: T{}, b: T{}}};\n", n - 1, n - 1)).collect();
        is_refused(&format!("type T0 = String;\n{twice}"), "parts with its types written out");
        let chain: String = (1..300).map(|n| format!("type T{n} = {{a: T{}}};\n", n - 1)).collect();
        is_refused(&format!("type T0 = String;\n{chain}"), "levels with its types written out");
        let many: String = (0..2000).map(|n| format!("type T{n} = Long;\n")).collect();
        is_refused(&many, "common types");
        let above: String = (0..900).map(|n| format!("entity E{n} in [E{}];\n", n + 1)).collect();
        is_refused(&above, "entity types");
        let names = |letter: &str| (0..150).map(|n| format!("{letter}{n}")).collect::<Vec<_>>().join(", ");
        let grid = format!(
            "entity {}, {};\naction \"a\" appliesTo {{ principal: [{}], resource: [{}] }};",
            names("P"),
            names("R"),
            names("P"),
            names("R")
        );
        is_refused(&grid, "pairs of principals and resources");
        let json: String = (1..40)
            .map(|n| {
                let member = format!("{{\"type\": \"T{}\"}}", n - 1);
                format!(", \"T{n}\": {{\"type\": \"Record\", \"attributes\": {{\"a\": {member}, \"b\": {member}}}}}")
            })
            .collect();
        let json = format!(
            "{{\"\": {{\"commonTypes\": {{\"T0\": {{\"type\": \"Long\"}}{json}}}, \"entityTypes\": {{}}, \"actions\": {{}}}}}}"
        );
        is_refused(&json, "parts with its types written out");
    }

    #[test]
    fn usual_schemas_are_taken() {
        let text = "namespace A {\n type Money = {amount: Long, currency: String};\n entity Agent, Robot in [Group];\n entity Group;\n\
                    entity Gateway {owner: String} tags String;\n action \"pay\", \"refund\" in [\"Call\"] appliesTo {\n\
                    principal: [Agent, Robot], resource: Gateway, context: {input: {sum: Money, also?: Set<Money>}} };\n action \"Call\";\n}";
        assert_eq!(too_large(text), None);
        let extent = Extent::of_cedar(text);
        assert_eq!((extent.types.len(), extent.entities, extent.pairs), (1, 4, 4));
    }
}
