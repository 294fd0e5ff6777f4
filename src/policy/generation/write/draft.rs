//! [`Draft`]: what a policy shall say, before it is text. Imports entities and conditions.

use std::collections::BTreeSet;

use crate::policy::cedar::Effect;
use crate::policy::generation::EntityRef;
use crate::policy::generation::write::{When, clauses_text, push_quoted};

/// Whom a policy is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy::generation) enum Subject {
    /// This one.
    Is(EntityRef),
    /// Who is in this one.
    In(EntityRef),
    /// Everyone of a type. Only a sentence says so.
    OfType(String),
    /// Everyone. Only a sentence says so.
    Anyone,
}

/// On what. Never on anything whatever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy::generation) enum Target {
    /// This one.
    Is(EntityRef),
    /// What is in this one.
    In(EntityRef),
    /// All of a type.
    OfType(String),
}

/// What a policy shall say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy::generation) struct Draft {
    pub(in crate::policy::generation) effect: Effect,
    pub(in crate::policy::generation) subject: Subject,
    /// At least one.
    pub(in crate::policy::generation) actions: BTreeSet<EntityRef>,
    pub(in crate::policy::generation) target: Target,
    /// The tenant whose calls alone it is about. A sentence names none.
    pub(in crate::policy::generation) tenant: Option<String>,
    pub(in crate::policy::generation) when: When,
}

impl Draft {
    /// Its text, in one line.
    pub(super) fn text(&self) -> String {
        let subject = match &self.subject {
            Subject::Is(entity) => format!("principal == {entity}"),
            Subject::In(entity) => format!("principal in {entity}"),
            Subject::OfType(kind) => format!("principal is {kind}"),
            Subject::Anyone => "principal".to_owned(),
        };
        let target = match &self.target {
            Target::Is(entity) => format!("resource == {entity}"),
            Target::In(entity) => format!("resource in {entity}"),
            Target::OfType(kind) => format!("resource is {kind}"),
        };
        let names: Vec<String> = self.actions.iter().map(ToString::to_string).collect();
        let action = match names.as_slice() {
            [one] => format!("action == {one}"),
            several => format!("action in [{}]", several.join(", ")),
        };
        let effect = self.effect.as_str();
        format!("{effect} ({subject}, {action}, {target}){};", self.condition())
    }

    fn condition(&self) -> String {
        let mut parts: Vec<String> = self.tenant.iter().map(|tenant| of_tenant(tenant)).collect();
        match self.when.as_slice() {
            [] => {}
            [clauses] => parts.push(clauses_text(clauses)),
            several => {
                let lists: Vec<String> =
                    several.iter().map(|clauses| format!("({})", clauses_text(clauses))).collect();
                let lists = lists.join(" || ");
                parts.push(if parts.is_empty() { lists } else { format!("({lists})") });
            }
        }
        if parts.is_empty() { String::new() } else { format!(" when {{ {} }}", parts.join(" && ")) }
    }
}

/// Engines belong to the deployment, and two tenants may call their agents alike. Every call has its tenant in the context.
fn of_tenant(tenant: &str) -> String {
    let mut text = "context.tenant == ".to_owned();
    push_quoted(tenant, &mut text);
    text
}
