//! Entities and requests of a schema, drawn one after the other from a number, so that a test asks the same at each run.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::ffi::{SchemaToJsonWithResolvedTypesAnswer, schema_to_json_with_resolved_types};
use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RequestEnv,
    RestrictedExpression, Schema,
};
use serde_json::Value;

use crate::policy::cedar::tests::cases::asking::Case;
use crate::policy::cedar::tests::cases::files::{Policies, said};

/// How many entities of a type there are besides those that policies name.
const MORE: usize = 2;

/// Times around those that the examples compare with.
const DATES: [&str; 3] = ["2025-01-01T00:00:00Z", "2025-02-15T18:30:00Z", "2026-07-01"];

/// A schema, and what policies compare with.
pub(super) struct Drawn {
    state: u64,
    schema: Schema,
    environments: Vec<RequestEnv>,
    /// The definitions, by full name.
    kinds: BTreeMap<String, Value>,
    commons: BTreeMap<String, Value>,
    /// The types of contexts, by action.
    contexts: BTreeMap<EntityUid, Value>,
    entities: BTreeMap<String, Vec<EntityUid>>,
    strings: Vec<String>,
}

impl Drawn {
    pub(super) fn of(schema: &str, policies: &Policies) -> Self {
        let SchemaToJsonWithResolvedTypesAnswer::Success { json, .. } =
            schema_to_json_with_resolved_types(schema)
        else {
            panic!("no schema: {schema}");
        };
        let schema = Schema::from_cedarschema_str(schema).unwrap().0;
        let environments: BTreeSet<RequestEnv> = schema.request_envs().collect();
        let mut drawn = Self {
            state: 0,
            environments: environments.into_iter().collect(),
            schema,
            kinds: BTreeMap::new(),
            commons: BTreeMap::new(),
            contexts: BTreeMap::new(),
            entities: BTreeMap::new(),
            strings: vec![String::new()],
        };
        for (namespace, body) in Value::from(json).as_object().unwrap() {
            drawn.define(namespace, body);
        }
        let named = policies.set.policies().flat_map(|policy| policy.entity_literals());
        drawn.name(&named.collect());
        for (_, text) in &policies.statics {
            let strings = text.split('"').skip(1).step_by(2).map(str::to_owned);
            drawn.strings.extend(strings);
        }
        drawn
    }

    fn define(&mut self, namespace: &str, body: &Value) {
        let full = |name: &str| match namespace {
            "" => name.to_owned(),
            namespace => format!("{namespace}::{name}"),
        };
        let members = |of: &str| body.get(of).and_then(Value::as_object).cloned().unwrap_or_default();
        self.kinds.extend(members("entityTypes").into_iter().map(|(name, kind)| (full(&name), kind)));
        self.commons.extend(members("commonTypes").into_iter().map(|(name, kind)| (full(&name), kind)));
        for (name, action) in members("actions") {
            if let Some(context) = action.pointer("/appliesTo/context") {
                let action = uid(&full("Action"), &name);
                self.contexts.insert(action, context.clone());
            }
        }
    }

    /// Those that policies name, and some more of each type.
    fn name(&mut self, named: &BTreeSet<EntityUid>) {
        for (name, kind) in &self.kinds {
            let mut all: Vec<EntityUid> = match kind.get("enum").and_then(Value::as_array) {
                Some(ids) => ids.iter().map(|id| uid(name, id.as_str().unwrap())).collect(),
                None => (0..MORE).map(|number| uid(name, &number.to_string())).collect(),
            };
            let named = named.iter().filter(|named| named.type_name().to_string() == *name);
            all.extend(named.filter(|named| !all.contains(named)).cloned().collect::<Vec<_>>());
            self.entities.insert(name.clone(), all);
        }
    }

    /// A number below `most`, the next one.
    fn below(&mut self, most: usize) -> usize {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % most as u64).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn entity(&mut self, kind: &str) -> EntityUid {
        let all = self.entities[kind].clone();
        self.pick(&all)
    }

    fn value(&mut self, kind: &Value) -> RestrictedExpression {
        let name = said(kind, "type").unwrap();
        match name {
            "String" => {
                let strings = self.strings.clone();
                RestrictedExpression::new_string(self.pick(&strings))
            }
            "Long" => RestrictedExpression::new_long(self.pick(&[-1, 0, 1, 2, 5, 18, 100, i64::MAX])),
            "Boolean" | "Bool" => RestrictedExpression::new_bool(self.one_in(2)),
            "Set" => {
                let count = self.below(4);
                RestrictedExpression::new_set(
                    (0..count).map(|_| self.value(&kind["element"])).collect::<Vec<_>>(),
                )
            }
            "Record" => RestrictedExpression::new_record(self.attributes(kind)).unwrap(),
            "Entity" => RestrictedExpression::new_entity_uid(self.entity(said(kind, "name").unwrap())),
            named => match self.commons.get(named).cloned() {
                Some(common) => self.value(&common),
                None => self.extension(named),
            },
        }
    }

    fn extension(&mut self, name: &str) -> RestrictedExpression {
        match name {
            "datetime" => RestrictedExpression::new_datetime(self.pick(&DATES)),
            "duration" => RestrictedExpression::new_duration(self.pick(&["0h", "-8h", "90m"])),
            other => panic!("a type called {other}"),
        }
    }

    /// Attributes of a record; what may be missing is missing at times, and what may not is, seldom.
    fn attributes(&mut self, record: &Value) -> BTreeMap<String, RestrictedExpression> {
        let mut found = BTreeMap::new();
        let of_type = said(record, "type").and_then(|name| self.commons.get(name)).cloned();
        let record = of_type.as_ref().unwrap_or(record);
        for (name, kind) in record.get("attributes").and_then(Value::as_object).into_iter().flatten() {
            let missing = if kind["required"] == false { self.one_in(2) } else { self.one_in(30) };
            if !missing {
                found.insert(name.clone(), self.value(kind));
            }
        }
        found
    }

    /// Entities with attributes and with others above them; a few are not there.
    pub(super) fn hierarchy(&mut self) -> Entities {
        let mut made: Vec<Entity> = self.schema.action_entities().unwrap().iter().cloned().collect();
        for (name, kind) in self.kinds.clone() {
            for (at, of) in self.entities[&name].clone().into_iter().enumerate() {
                if self.one_in(12) {
                    continue;
                }
                let above = kind.get("memberOfTypes").and_then(Value::as_array).cloned().unwrap_or_default();
                let mut parents = BTreeSet::new();
                for above in above.iter().map(|above| above.as_str().unwrap()) {
                    for (other, parent) in self.entities[above].clone().into_iter().enumerate() {
                        // Of its own type only later ones are above an entity, so that none is above itself.
                        if (above != name || other > at) && self.one_in(3) {
                            parents.insert(parent);
                        }
                    }
                }
                let attributes = kind.get("shape").map(|shape| self.attributes(shape)).unwrap_or_default();
                made.push(
                    Entity::new(of, attributes.into_iter().collect(), parents.into_iter().collect()).unwrap(),
                );
            }
        }
        Entities::from_entities(made, None).unwrap()
    }

    /// A request of one of the schema's environments; seldom, with a principal or a resource of any type.
    pub(super) fn request(&mut self, entities: &Entities) -> Case {
        let environments = self.environments.clone();
        let environment = self.pick(&environments);
        let kinds: Vec<String> = self.entities.keys().cloned().collect();
        let [principal, resource] = [environment.principal(), environment.resource()].map(|kind| {
            let kind = if self.one_in(10) { self.pick(&kinds) } else { kind.to_string() };
            self.entity(&kind)
        });
        let action = environment.action().clone();
        let context = self.contexts.get(&action).cloned();
        let context = context.map(|context| self.attributes(&context)).unwrap_or_default();
        let context = Context::from_pairs(context).unwrap();
        let request = Request::new(principal, action, resource, context.clone(), None).unwrap();
        Case { request, context, entities: entities.clone() }
    }
}

fn uid(kind: &str, id: &str) -> EntityUid {
    let kind: EntityTypeName = kind.parse().unwrap();
    EntityUid::from_type_name_and_id(kind, EntityId::new(id))
}
