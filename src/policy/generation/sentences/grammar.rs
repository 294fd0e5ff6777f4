//! One sentence, understood wholly or not at all. Imports drafts and names. The grammar is in the doc of `sentences`.

use std::collections::BTreeSet;

use crate::policy::cedar::Effect;
use crate::policy::generation::sentences::parts::{Condition, clauses, operator};
use crate::policy::generation::sentences::tokens::{Token, tokens};
use crate::policy::generation::write::{Clause, Draft, Subject, Target};
use crate::policy::generation::{EntityRef, EntityTypes};

/// The words of a sentence, and how far it has been read.
pub(super) struct Words {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

/// Why a sentence is not understood: what stands behind "expected".
pub(super) type Expected = &'static str;

impl Words {
    /// Takes the next word if it is one of `words`, and gives its place in the list.
    pub(super) fn take(&mut self, words: &[&str]) -> Option<usize> {
        let place = match self.tokens.peek()? {
            Token::Word(word) => words.iter().position(|known| word.eq_ignore_ascii_case(known))?,
            Token::Sign(sign) => words.iter().position(|known| sign == known)?,
            Token::Quoted(_) => return None,
        };
        self.tokens.next();
        Some(place)
    }

    /// Takes the next piece, which must be a word or in quotes.
    pub(super) fn text(&mut self) -> Option<(String, bool)> {
        match self.tokens.next()? {
            Token::Word(word) => Some((word, false)),
            Token::Quoted(text) => Some((text, true)),
            Token::Sign(_) => None,
        }
    }

    fn is_at_end(&mut self) -> bool {
        self.tokens.peek().is_none()
    }
}

/// The policy that `sentence` asks for.
///
/// # Errors
/// What was expected and not found.
pub(super) fn draft(sentence: &str, types: &EntityTypes, gateway: &EntityRef) -> Result<Draft, Expected> {
    let tokens = tokens(sentence).ok_or("a closing quote")?;
    let mut words = Words { tokens: tokens.into_iter().peekable() };
    let effect = match words.take(&["allow", "permit", "deny", "forbid"]) {
        Some(0 | 1) => Effect::Permit,
        Some(_) => Effect::Forbid,
        None => return Err("`allow` or `deny` at the beginning"),
    };
    let subject = who(&mut words, types)?;
    words.take(&["to"]).ok_or("`to` behind whom it is about")?;
    words.take(&["call", "use", "invoke"]).ok_or("`call` or `use` behind `to`")?;
    let actions = tools(&mut words, types)?;
    let mut when: Vec<Clause> = Vec::new();
    if words.take(&["when"]).is_some() {
        loop {
            when.extend(clauses(condition(&mut words)?, effect));
            if words.take(&["and"]).is_none() {
                break;
            }
        }
    }
    if !words.is_at_end() {
        return Err("the end of the sentence, `when`, or `and` before another condition");
    }
    let when = if when.is_empty() { Vec::new() } else { vec![when] };
    Ok(Draft { effect, subject, actions, target: Target::Is(gateway.clone()), tenant: None, when })
}

fn who(words: &mut Words, types: &EntityTypes) -> Result<Subject, Expected> {
    if words.take(&["everyone", "anyone"]).is_some() {
        return Ok(Subject::Anyone);
    }
    let singles = [&types.agent, &types.service, &types.user];
    if words.take(&["any", "every"]).is_some() {
        let kind = words.take(&["agent", "service", "user"]).and_then(|place| singles.get(place));
        return kind
            .map(|kind| Subject::OfType((*kind).clone()))
            .ok_or("`agent`, `service` or `user` behind `any`");
    }
    words.take(&["the"]);
    let of_members = words.take(&["members"]).is_some();
    if of_members {
        words.take(&["of"]).ok_or("`of` behind `members`")?;
        words.take(&["the"]);
    }
    let wrong = "`everyone`, or `agent`, `service`, `user`, `group` or `role` and a name";
    let place = words.take(&["agent", "service", "user", "group", "role"]).ok_or(wrong)?;
    let (name, _) = words.text().ok_or("a name")?;
    let entity =
        |kind: &str| EntityRef::new(kind, &name).filter(|_| !name.is_empty()).ok_or("a shorter name");
    match (singles.get(place), of_members) {
        (Some(kind), false) => entity(kind).map(Subject::Is),
        (Some(_), true) => Err("`group` or `role` behind `members of`"),
        (None, _) => entity(if place == singles.len() { &types.group } else { &types.role }).map(Subject::In),
    }
}

fn tools(words: &mut Words, types: &EntityTypes) -> Result<BTreeSet<EntityRef>, Expected> {
    let mut actions = BTreeSet::new();
    loop {
        let (name, _) = words.text().ok_or("the name of a tool")?;
        actions.insert(action(&name, types)?);
        let comma = words.take(&[","]).is_some();
        let joined = words.take(&["and", "or"]).is_some();
        if !(comma || joined) {
            return Ok(actions);
        }
    }
}

/// A tool's action: the last dot of its name becomes `___`, as in calls.
fn action(name: &str, types: &EntityTypes) -> Result<EntityRef, Expected> {
    let id = match (name.split_once("___"), name.rsplit_once('.')) {
        (Some((prefix, tool)), _) if !prefix.is_empty() && !tool.is_empty() => name.to_owned(),
        (None, Some((prefix, tool))) if !prefix.is_empty() && !tool.is_empty() => {
            format!("{prefix}___{tool}")
        }
        _ => return Err("the name of a tool with its prefix, such as files.read_file"),
    };
    EntityRef::new(&types.action, &id).ok_or("a shorter name of a tool")
}

fn condition(words: &mut Words) -> Result<Condition, Expected> {
    let (name, quoted) = words.text().ok_or("the name of an argument")?;
    let path: Vec<String> = if quoted { vec![name] } else { name.split('.').map(str::to_owned).collect() };
    if path.iter().any(String::is_empty) {
        return Err("the name of an argument");
    }
    operator(words, path)
}
