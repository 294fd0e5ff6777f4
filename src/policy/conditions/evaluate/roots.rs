//! The variables that every condition knows, and how members are found.

use crate::model::call::{Body, Lookup, Parameters};
use crate::model::json::Json;
use crate::policy::conditions::error::Trouble;
use crate::policy::conditions::evaluate::run::{Outcome, Run};
use crate::policy::conditions::evaluate::value::Value;
use crate::policy::conditions::expression::Root;

/// A member, where there is one.
type Found<'c> = Result<Option<Value<'c>>, Trouble<'c>>;

impl<'c> Run<'c> {
    /// A variable as a value.
    pub(super) fn root(&self, root: Root) -> Outcome<'c> {
        match root {
            Root::Parameters => match &self.scope.request.call.parameters {
                Parameters::Flat(object @ Json::Object(_)) => Ok(Value::Object(object)),
                _ => Ok(Value::Root(root)),
            },
            Root::Resource => match self.scope.request.call.known_resource() {
                Some(resource) => Value::of_text(resource),
                None => Err(Trouble::Unknowable("resource")),
            },
            _ => Ok(Value::Root(root)),
        }
    }

    /// The member `name` of a value. `path` is for reasons.
    pub(super) fn look_up(&mut self, of: &Value<'c>, name: &str, path: &'c str) -> Found<'c> {
        match of {
            Value::Object(object) => self.json_member(object, name),
            Value::Map(entries) => {
                self.take(entries.len() / 16)?;
                Ok(entries.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone()))
            }
            Value::Root(root) => self.root_member(*root, name, path),
            other => Err(Trouble::Types("a member", other.kind_text(), "")),
        }
    }

    fn json_member(&mut self, object: &'c Json<'c>, name: &str) -> Found<'c> {
        if let Json::Object(members) = object {
            self.take(members.len() / 16)?;
        }
        object.member(name).map(Value::of_json).transpose()
    }

    fn root_member(&mut self, root: Root, name: &str, path: &'c str) -> Found<'c> {
        let scope = self.scope;
        let principal = scope.request.principal;
        Ok(match (root, name) {
            (Root::Parameters, _) => return self.parameter(name, path),
            (Root::Context, _) => return self.context(name),
            (Root::Actor, "id") => Some(Value::of_text(&principal.id)?),
            (Root::Actor, "type") => Some(Value::Text(principal.kind.as_str())),
            (Root::Actor, "roles") => Some(Value::Names(&principal.roles)),
            (Root::Actor, "groups") => Some(Value::Names(&principal.groups)),
            (Root::Action, "capability") => Some(Value::of_text(scope.capability)?),
            (Root::Capability, "risk_level") => scope.risk_level.map(|level| Value::Text(level.as_str())),
            (Root::Time, "hour") => Some(Value::Int(i64::from(scope.now.minute_of_day_utc() / 60))),
            (Root::Time, "day_of_week") => Some(Value::Int(i64::from(scope.now.iso_weekday_utc()) - 1)),
            (Root::Time, "now") => Some(Value::Time(scope.now.as_micros())),
            (Root::Risk, "score") => {
                Some(Value::Double(f64::from(scope.score.as_ten_thousandths()) / 10_000.0))
            }
            _ => None,
        })
    }

    /// A parameter that is no member of one plain object: of an HTTP operation, or one that cannot be known.
    fn parameter(&mut self, name: &str, path: &'c str) -> Found<'c> {
        let parameters = &self.scope.request.call.parameters;
        if let Parameters::Sections { path: variables, query, body } = parameters {
            let body = match body {
                Body::Json(body) => Some(body),
                _ => None,
            };
            let members =
                |json: &Json<'_>| Value::of_json(json).ok().and_then(|value| value.count()).unwrap_or(0);
            self.take((members(variables) + members(query) + body.map_or(0, members)) / 16)?;
            match (name, body) {
                ("path", _) => return Value::of_json(variables).map(Some),
                ("query", _) => return Value::of_json(query).map(Some),
                ("body", Some(body)) => return Value::of_json(body).map(Some),
                ("body", None) => {
                    let absent = matches!(parameters.lookup("body.x"), Lookup::Absent);
                    return if absent { Ok(None) } else { Err(Trouble::Unknowable(path)) };
                }
                // A dot in a name would be taken for a way; a member that is called so is found by its section.
                _ if name.contains('.') => return Err(Trouble::Unknowable(path)),
                _ => {}
            }
        }
        match parameters.lookup(name) {
            Lookup::Found(value) => Value::of_json(value).map(Some),
            Lookup::Absent => Ok(None),
            Lookup::Unknowable => Err(Trouble::Unknowable(path)),
        }
    }

    /// What is known of where the call comes from. Names that the gateway sets are never taken from what the caller says.
    fn context(&mut self, name: &str) -> Found<'c> {
        let request = self.scope.request;
        let context = request.context;
        Ok(match name {
            "environment" => context.environment.map(Value::Text),
            "network" => match context.network {
                Some(address) => Some(Value::made(address.to_string())?),
                None => None,
            },
            "tls" => Some(Value::Bool(context.tls)),
            "route" => Some(Value::of_text(context.route)?),
            "session_id" => request.session.map(Value::of_text).transpose()?,
            "tenant" => Some(Value::of_text(&request.principal.tenant)?),
            "metadata" => context.metadata.map(Value::of_json).transpose()?,
            _ => match context.metadata {
                Some(metadata) => return self.json_member(metadata, name),
                None => None,
            },
        })
    }
}
