//! One request, put to Cedar and to our engines: as what a gateway makes of a call, and as somebody writes it out.

use cedar_policy::{Context, Entities, EntityUid, Request, Schema};
use serde_json::Value;

use crate::policy::cedar::engine::{Around, AskedParts};
use crate::policy::cedar::tests::cases::files::{Policies, said};
use crate::policy::cedar::tests::support::{Answer, json, ours, theirs};
use crate::policy::cedar::{
    Asked, AskedError, Effect, WrittenEntity, WrittenRequest, string_literal, written,
};

/// A request as Cedar takes it.
pub(super) struct Case {
    pub(super) request: Request,
    pub(super) context: Context,
    pub(super) entities: Entities,
}

impl Case {
    /// Of a case in a file. A schema says which requests and entities there can be.
    pub(super) fn of(request: &Value, entities: &Value, schema: Option<&Schema>) -> Result<Self, String> {
        let told = |error: &dyn std::error::Error| error.to_string();
        let member = |name: &str| said(request, name).ok_or_else(|| format!("no {name}"));
        let uid = |name: &str| member(name)?.parse::<EntityUid>().map_err(|error| told(&error));
        let (principal, action, resource) = (uid("principal")?, uid("action")?, uid("resource")?);
        let context = request.get("context").cloned().unwrap_or_default();
        let of_action = schema.map(|schema| (schema, &action));
        let context = Context::from_json_value(context, of_action).map_err(|error| told(&error))?;
        let entities = Entities::from_json_value(entities.clone(), schema).map_err(|error| told(&error))?;
        let request = Request::new(principal, action, resource, context.clone(), schema)
            .map_err(|error| told(&error))?;
        Ok(Self { request, context, entities })
    }

    /// As an engine takes it, with what Cedar worked out.
    pub(super) fn asked(&self) -> Asked {
        Asked::new(AskedParts {
            principal: self.request.principal().unwrap().clone(),
            action: self.request.action().unwrap().clone(),
            resource: self.request.resource().unwrap().clone(),
            context: self.context.clone(),
            now: None,
            around: Around::Worked(self.entities.clone()),
            dropped: Vec::new(),
            known: true,
            resource_known: true,
        })
    }

    /// As somebody writes it out; `None` where a value is an entity or a call, which are never read from JSON here.
    fn written(&self) -> Option<Result<Asked, AskedError>> {
        let uid = |of: &EntityUid| format!("{}::{}", of.type_name(), string_literal(of.id().unescaped()));
        let context = self.context.to_json_value().unwrap().to_string();
        let mut texts = Vec::new();
        for entity in self.entities.iter() {
            let of = entity.to_json_value().unwrap();
            let parents = of["parents"].as_array().unwrap().iter().map(|parent| {
                format!("{}::{}", said(parent, "type").unwrap(), string_literal(said(parent, "id").unwrap()))
            });
            let parents = parents.collect::<Vec<_>>();
            let tags = of.get("tags").map_or_else(|| "{}".to_owned(), ToString::to_string);
            texts.push((uid(&entity.uid()), parents, [of["attrs"].to_string(), tags]));
        }
        let plain = |text: &str| !text.contains("\"__entity\"") && !text.contains("\"__extn\"");
        if !plain(&context) || !texts.iter().all(|(_, _, objects)| objects.iter().all(|text| plain(text))) {
            return None;
        }
        let objects: Vec<_> =
            texts.iter().map(|(_, _, [attributes, tags])| (json(attributes), json(tags))).collect();
        let entities: Vec<WrittenEntity<'_>> = texts
            .iter()
            .zip(&objects)
            .map(|((uid, parents, _), (attributes, tags))| WrittenEntity {
                uid,
                parents: parents.iter().map(String::as_str).collect(),
                attributes,
                tags,
            })
            .collect();
        Some(written(&WrittenRequest {
            principal: &uid(self.request.principal().unwrap()),
            action: &uid(self.request.action().unwrap()),
            resource: &uid(self.request.resource().unwrap()),
            context: &json(&context),
            now: None,
            entities: &entities,
        }))
    }

    /// What our engine says, having made sure that Cedar's authorizer says the same and that our stricter settings allow no more.
    pub(super) fn answer(&self, policies: &Policies) -> Answer {
        let asked = self.asked();
        let expected = theirs(&self.request, &policies.set, &self.entities);
        let [engine, strict, strictest] = policies.engines();
        let verdict = engine.authorize(&asked);
        let answer = ours(&verdict);
        assert_eq!(answer, expected, "{:?}", self.request);
        assert!(!verdict.allowed || engine.prospect(&asked));
        if let Some(asked) = self.written() {
            assert_eq!(engine.authorize(&asked.unwrap()), verdict, "{:?}", self.request);
        }
        let failed_forbid = verdict.errors.iter().any(|error| error.effect == Effect::Forbid);
        for (engine, denies) in [(strict, failed_forbid), (strictest, !verdict.errors.is_empty())] {
            let strict = engine.authorize(&asked);
            assert_eq!(strict.allowed, expected.0 && !denies, "{:?}", self.request);
            assert_eq!(strict.errors, verdict.errors);
        }
        answer
    }
}
