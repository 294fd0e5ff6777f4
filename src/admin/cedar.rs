//! What a change of Cedar's engines and policies comes to.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::admin::plan::{entry, first, matches, noun, succeeding};
use crate::admin::registry::Registry;
use crate::admin::{Asked, IfMatch, Planned, Refused, Row, RowChange};
use crate::model::time::Timestamp;
use crate::policy::governance::raw::RawCedarEngine;
use crate::policy::governance::{Kind, Object, ObjectKey, Source, Written};

/// How many engines there may be.
pub const MOST_CEDAR_ENGINES: usize = 1000;

/// How many policies there may be, in all engines together.
pub const MOST_CEDAR_POLICIES: usize = 100_000;

/// One change of Cedar's engines and policies.
#[derive(Clone, Debug)]
pub enum CedarChange {
    /// Makes an engine.
    CreateEngine(Written),
    /// Puts another engine in the place of one of the same name: its policies stay.
    ReplaceEngine {
        /// What stands there from now on.
        written: Written,
        /// What must be there until then; `None` = anything.
        if_match: Option<IfMatch>,
    },
    /// Takes an engine away with its policies, where there is one.
    DeleteEngine {
        /// Its name.
        engine: Arc<str>,
        /// Also if it takes part in decisions, so that every call is denied.
        force: bool,
        /// The engine that takes part.
        enforcing: Option<Arc<str>>,
    },
    /// Changes policies of one engine, all of them or none.
    Policies {
        /// Its name.
        engine: Arc<str>,
        /// What is changed, each another policy.
        edits: Vec<CedarEdit>,
    },
    /// Chooses the engine that takes part.
    Enforce(Written),
}

/// One change of one policy.
#[derive(Clone, Debug)]
pub enum CedarEdit {
    /// Makes it.
    Create(Written),
    /// Puts another one in its place.
    Replace {
        /// What stands there from now on.
        written: Written,
        /// What must be there until then; `None` = anything.
        if_match: Option<IfMatch>,
    },
    /// Takes it away, where it is there.
    Delete {
        /// Its id.
        id: Arc<str>,
        /// What must be there until then; `None` = anything, or nothing.
        if_match: Option<IfMatch>,
    },
}

impl Registry {
    /// What `change` comes to.
    ///
    /// # Errors
    /// It may not be made.
    pub(super) fn plan_cedar(&self, change: CedarChange, asked: &mut Asked<'_>) -> Result<Planned, Refused> {
        match change {
            CedarChange::CreateEngine(written) => {
                self.admit(&written.key, asked)?;
                self.is_new(&written.key)?;
                if self.cedar().len() >= MOST_CEDAR_ENGINES {
                    return Err(Refused::Full { most: MOST_CEDAR_ENGINES });
                }
                self.put(written, "cedar.engine.created", asked)
            }
            CedarChange::ReplaceEngine { written, if_match } => {
                let before = self.engine(&written.key)?;
                self.admit(&written.key, asked)?;
                matches(if_match, Some(before.stamp.version))?;
                self.put(written, "cedar.engine.updated", asked)
            }
            CedarChange::DeleteEngine { engine, force, enforcing } => {
                self.delete_engine(&engine, force, enforcing.as_deref(), asked)
            }
            CedarChange::Policies { engine, edits } => self.edit(&engine, edits, asked),
            CedarChange::Enforce(written) => {
                self.admit(&written.key, asked)?;
                self.put(written, "cedar.enforcement.updated", asked)
            }
        }
    }

    /// What makes the engine `name` where there is none once `rows` hold. It belongs to the API: the configuration only names it.
    pub fn engine_wanted(&self, name: Option<&str>, rows: &[RowChange], now: Timestamp) -> Option<RowChange> {
        let key = ObjectKey::cedar_engine(name?);
        let goes = rows.iter().any(|change| change.key == key && matches!(change.row, Row::File(None)));
        if self.api.contains_key(&key) || (self.files.contains_key(&key) && !goes) {
            return None;
        }
        let raw = RawCedarEngine {
            name: key.name.to_string(),
            description: String::new(),
            schema: None,
            strict: false,
        };
        // Without a schema there is nothing that could be wrong with it.
        let written = Written::cedar_engine(&raw).ok()?;
        let stamp = first(&key, Source::Api, now, &mut |_| Arc::clone(&key.name));
        Some(RowChange { key: key.clone(), row: Row::Api(Some(entry(written, stamp))) })
    }

    /// The engine of that key, wherever it is written.
    fn engine(&self, key: &ObjectKey) -> Result<&Arc<Object>, Refused> {
        let held = self.holds(key).map(|entry| &entry.object);
        held.ok_or(Refused::NotFound { kind: noun(Kind::CedarEngine) })
    }

    fn delete_engine(
        &self,
        engine: &str,
        force: bool,
        enforcing: Option<&str>,
        asked: &Asked<'_>,
    ) -> Result<Planned, Refused> {
        let key = ObjectKey::cedar_engine(engine);
        self.admit(&key, asked)?;
        let event = "cedar.engine.deleted";
        let Some(before) = self.api.get(&key) else {
            return Ok(Planned {
                rows: Vec::new(),
                event,
                object: None,
                created: false,
                policies: Vec::new(),
            });
        };
        if enforcing == Some(engine) && !force {
            return Err(Refused::Enforcing { engine: engine.into() });
        }
        let object = Some(Arc::clone(&before.object));
        let from = ObjectKey::cedar_policy(engine, "");
        let policies = self.api.range(from..).map(|(key, _)| key).take_while(|key| {
            key.kind == Kind::CedarPolicy && key.name.split_once('/').is_some_and(|(of, _)| of == engine)
        });
        let rows = policies.cloned().chain([key]).map(|key| RowChange { key, row: Row::Api(None) }).collect();
        Ok(Planned { rows, event, object, created: false, policies: Vec::new() })
    }

    fn edit(&self, engine: &str, edits: Vec<CedarEdit>, asked: &mut Asked<'_>) -> Result<Planned, Refused> {
        let object = Arc::clone(self.engine(&ObjectKey::cedar_engine(engine))?);
        let mut planned = Planned {
            rows: Vec::with_capacity(edits.len()),
            event: event_of(&edits),
            object: None,
            created: false,
            policies: Vec::with_capacity(edits.len()),
        };
        let mut named = BTreeSet::new();
        for edit in edits {
            let key = match &edit {
                CedarEdit::Create(written) | CedarEdit::Replace { written, .. } => written.key.clone(),
                CedarEdit::Delete { id, .. } => ObjectKey::cedar_policy(engine, id),
            };
            if !named.insert(key.clone()) {
                let id = key.name.split_once('/').map_or("", |(_, id)| id).into();
                return Err(Refused::Repeated { kind: noun(Kind::CedarPolicy), id });
            }
            self.edit_one(key, edit, &mut planned, asked)?;
        }
        let added = planned
            .rows
            .iter()
            .filter(|change| matches!(change.row, Row::Api(Some(_))) && !self.api.contains_key(&change.key));
        if self.cedar().policy_count() + added.count() > MOST_CEDAR_POLICIES {
            return Err(Refused::Full { most: MOST_CEDAR_POLICIES });
        }
        planned.object = match planned.policies.as_slice() {
            [one] => Some(Arc::clone(one)),
            _ => Some(object),
        };
        Ok(planned)
    }

    fn edit_one(
        &self,
        key: ObjectKey,
        edit: CedarEdit,
        planned: &mut Planned,
        asked: &mut Asked<'_>,
    ) -> Result<(), Refused> {
        self.admit(&key, asked)?;
        let before = self.api.get(&key);
        let version = before.map(|before| before.object.stamp.version);
        let (written, if_match, must_be) = match edit {
            CedarEdit::Create(written) => {
                self.is_new(&key)?;
                planned.created = true;
                (Some(written), None, false)
            }
            CedarEdit::Replace { written, if_match } => (Some(written), if_match, true),
            CedarEdit::Delete { if_match, .. } => (None, if_match, false),
        };
        if must_be && before.is_none() {
            return Err(Refused::NotFound { kind: noun(Kind::CedarPolicy) });
        }
        matches(if_match, version)?;
        let row = match (written, before) {
            (Some(written), before) => {
                let stamp = match before {
                    Some(before) => succeeding(&before.object.stamp, asked.now),
                    None => first(&key, Source::Api, asked.now, asked.id),
                };
                let entry = entry(written, stamp);
                planned.policies.push(Arc::clone(&entry.object));
                Some(entry)
            }
            (None, Some(before)) => {
                planned.policies.push(Arc::clone(&before.object));
                None
            }
            (None, None) => return Ok(()),
        };
        planned.rows.push(RowChange { key, row: Row::Api(row) });
        Ok(())
    }
}

/// What records call a change of policies.
fn event_of(edits: &[CedarEdit]) -> &'static str {
    match edits {
        [CedarEdit::Create(_)] => "cedar.policy.created",
        [CedarEdit::Replace { .. }] => "cedar.policy.updated",
        [CedarEdit::Delete { .. }] => "cedar.policy.deleted",
        _ => "cedar.policies.changed",
    }
}
