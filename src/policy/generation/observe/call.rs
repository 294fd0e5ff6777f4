//! [`Call`]: what makes two recorded decisions decisions about the same. Imports `model`, entities and questions.

use crate::model::json::{CaseEqualKeys, Json, Reader, Text, write_canonical};
use crate::model::time::Timestamp;
use crate::policy::cedar::{Asked, AskedError, Verdict, WrittenEntity, WrittenRequest, written};
use crate::policy::generation::EntityRef;
use crate::policy::generation::observe::Observation;

/// What was recorded was read under a lower limit before; this one is only there to be one.
const DEPTH_MAX: usize = 1024;

/// What a call takes besides its texts, in bytes, roughly.
const CALL_BYTES: usize = 400;

/// A call: principal, action, resource, what is above them, arguments, context; and its time and session where policies read those.
/// Ordered by principal, then action, then resource, and last by time and session: those that differ in nothing else stand together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy::generation) struct Call {
    pub(in crate::policy::generation) principal: EntityRef,
    pub(in crate::policy::generation) action: EntityRef,
    pub(in crate::policy::generation) resource: EntityRef,
    /// Sorted, like all lists here: an order that means nothing must not make two calls of one.
    pub(in crate::policy::generation) groups: Vec<EntityRef>,
    pub(in crate::policy::generation) roles: Vec<EntityRef>,
    pub(in crate::policy::generation) action_parents: Vec<EntityRef>,
    pub(in crate::policy::generation) resource_parents: Vec<EntityRef>,
    /// JSON in canonical form; `None` where they are not known.
    pub(in crate::policy::generation) arguments: Option<String>,
    attributes: Vec<(String, String)>,
    /// Tags of the principal that are no attributes.
    claims: Vec<(String, String)>,
    context: Vec<(String, String)>,
    /// Whether only a permit that names its action lets it pass.
    tunnel: bool,
    /// `None` where no policy reads it.
    now: Option<Timestamp>,
    /// `None` where there is none, or no policy asks for it.
    session: Option<String>,
}

impl Call {
    /// The call of `tenant` that a record is about.
    pub(super) fn of(observation: &Observation<'_>, tenant: &str) -> Self {
        let entities = |list: &[EntityRef]| {
            let mut list = list.to_vec();
            list.sort();
            list.dedup();
            list
        };
        let pairs = |list: &[(&str, &str)]| {
            let mut list: Vec<(String, String)> =
                list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            // Stable, so that of two of one name the first counts.
            list.sort_by(|one, other| one.0.cmp(&other.0));
            list.dedup_by(|one, other| one.0 == other.0);
            list
        };
        Self {
            principal: observation.principal.clone(),
            action: observation.action.clone(),
            resource: observation.resource.clone(),
            groups: entities(&observation.groups),
            roles: entities(&observation.roles),
            action_parents: entities(&observation.action_parents),
            resource_parents: entities(&observation.resource_parents),
            arguments: observation.arguments.map(canonical),
            attributes: pairs(&observation.attributes),
            claims: pairs(&observation.claims),
            context: pairs(&[&[("tenant", tenant)], observation.context.as_slice()].concat()),
            tunnel: observation.tunnel,
            now: observation.now,
            session: observation.session.map(str::to_owned),
        }
    }

    /// Whether the other is the same but for time and session.
    pub(in crate::policy::generation) fn is_like(&self, other: &Self) -> bool {
        let Self {
            principal,
            action,
            resource,
            groups,
            roles,
            action_parents,
            resource_parents,
            arguments,
            attributes,
            claims,
            context,
            tunnel,
            now: _,
            session: _,
        } = self;
        (principal, action, resource) == (&other.principal, &other.action, &other.resource)
            && (groups, roles) == (&other.groups, &other.roles)
            && (action_parents, resource_parents) == (&other.action_parents, &other.resource_parents)
            && (arguments, context, tunnel) == (&other.arguments, &other.context, &other.tunnel)
            && (attributes, claims) == (&other.attributes, &other.claims)
    }

    /// Whether the call passes by that verdict on it.
    pub(in crate::policy::generation) const fn passes(&self, verdict: &Verdict) -> bool {
        verdict.allowed && (!self.tunnel || verdict.names_action)
    }

    /// The groups and roles of the principal.
    pub(in crate::policy::generation) fn parents(&self) -> impl Iterator<Item = &EntityRef> {
        self.groups.iter().chain(&self.roles)
    }

    /// How much memory it takes, roughly.
    pub(super) fn bytes(&self) -> usize {
        let lists = [&self.groups, &self.roles, &self.action_parents, &self.resource_parents];
        let entity = |entity: &EntityRef| entity.kind().len() + entity.id().len() + 32;
        let named: usize = [&self.principal, &self.action, &self.resource].into_iter().map(entity).sum();
        let above: usize = lists.into_iter().flatten().map(entity).sum();
        let pairs = self.attributes.iter().chain(&self.claims).chain(&self.context);
        let pairs: usize = pairs.map(|(name, value)| name.len() + value.len() + 48).sum();
        let texts = [&self.arguments, &self.session].into_iter().flatten();
        CALL_BYTES + named + above + pairs + texts.map(String::len).sum::<usize>()
    }

    /// Hands every text that it is made of to `take`, each list behind its length: no two calls give the same sequence.
    pub(in crate::policy::generation) fn each_text(&self, mut take: impl FnMut(&str)) {
        for entity in [&self.principal, &self.action, &self.resource] {
            take(&entity.to_string());
        }
        for list in [&self.groups, &self.roles, &self.action_parents, &self.resource_parents] {
            take(&list.len().to_string());
            list.iter().for_each(|entity| take(&entity.to_string()));
        }
        for list in [&self.attributes, &self.claims, &self.context] {
            take(&list.len().to_string());
            for (name, value) in list {
                take(name);
                take(value);
            }
        }
        take(if self.tunnel { "tunnel" } else { "call" });
        take(self.arguments.as_deref().unwrap_or("unknown"));
        take(&self.now.map(Timestamp::to_rfc3339).unwrap_or_default());
        take(self.session.as_deref().unwrap_or_default());
    }

    /// What `look` makes of the arguments; of `None` where they are not known.
    pub(in crate::policy::generation) fn with_arguments<T>(
        &self,
        look: impl FnOnce(Option<&Json<'_>>) -> T,
    ) -> T {
        let read = self.arguments.as_ref().and_then(|text| reader().parse_answer(text.as_bytes()).ok());
        look(read.as_ref())
    }

    /// The call as a question to an engine.
    ///
    /// # Errors
    /// It cannot be one: an entity of it is above itself.
    pub(in crate::policy::generation) fn asked(&self) -> Result<Asked, AskedError> {
        let [principal, action, resource] =
            [&self.principal, &self.action, &self.resource].map(EntityRef::normal);
        let text = |list: &[EntityRef]| -> Vec<String> { list.iter().map(EntityRef::normal).collect() };
        let mut above = text(&self.groups);
        above.extend(text(&self.roles));
        let (action_above, resource_above) = (text(&self.action_parents), text(&self.resource_parents));
        let (attributes, tags) = (object(&self.attributes), self.tags());
        let none = Json::Object(Vec::new());
        let placed = [
            (&principal, &above, (&attributes, &tags)),
            (&action, &action_above, (&none, &none)),
            (&resource, &resource_above, (&none, &none)),
        ];
        let mut entities: Vec<WrittenEntity<'_>> = Vec::with_capacity(placed.len());
        for (uid, parents, (attributes, tags)) in placed {
            // Whoever acts on itself is one entity.
            match entities.iter_mut().find(|entity| entity.uid == uid) {
                Some(same) => same.parents.extend(parents.iter().map(String::as_str)),
                None => entities.push(WrittenEntity {
                    uid,
                    parents: parents.iter().map(String::as_str).collect(),
                    attributes,
                    tags,
                }),
            }
        }
        self.with_arguments(|arguments| {
            let mut members = Vec::with_capacity(self.context.len() + 2);
            // Last: where there are more values than Cedar is given, the call lost some of its arguments and nothing else.
            let input = arguments.map(|json| (Text::from_value("input"), in_sections(json)));
            let others = self.context.iter().filter(|(name, _)| name != "input" && name != "session");
            members.extend(others.map(|(name, value)| member(name, value)));
            members.extend(self.session.as_ref().map(|session| member("session", session)));
            members.extend(input);
            let context = Json::Object(members);
            written(&WrittenRequest {
                principal: &principal,
                action: &action,
                resource: &resource,
                context: &context,
                entities: &entities,
                now: self.now,
            })
        })
    }

    /// The principal's tags: its attributes, and what else its token claimed.
    fn tags(&self) -> Json<'_> {
        let known = |name: &String| self.attributes.iter().any(|(attribute, _)| attribute == name);
        let claims = self.claims.iter().filter(|(name, _)| !known(name));
        object(self.attributes.iter().chain(claims))
    }
}

/// The arguments in the order in which an operation's are put to Cedar: its path and query before its body.
fn in_sections<'j>(arguments: &Json<'j>) -> Json<'j> {
    let Json::Object(members) = arguments else { return arguments.clone() };
    let mut members = members.clone();
    members.sort_by_key(|(name, _)| match name.as_str() {
        "path" => 0,
        "query" => 1,
        _ => 2,
    });
    Json::Object(members)
}

fn canonical(json: &Json<'_>) -> String {
    let mut bytes = Vec::new();
    write_canonical(json, &[], &mut bytes);
    // What is written of texts is text.
    String::from_utf8(bytes).unwrap_or_default()
}

const fn reader() -> Reader {
    Reader { max_depth: DEPTH_MAX, case_equal_keys: CaseEqualKeys::Allow }
}

fn member<'j>(name: &'j str, value: &'j str) -> (Text<'j>, Json<'j>) {
    (Text::from_value(name), Json::String(Text::from_value(value)))
}

fn object<'p>(pairs: impl IntoIterator<Item = &'p (String, String)>) -> Json<'p> {
    Json::Object(pairs.into_iter().map(|(name, value)| member(name, value)).collect())
}
