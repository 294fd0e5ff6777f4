//! From records of decisions to what policies are made of.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::audit::index::{AuditIndex, AuditQuery, Call, IndexError, Order};
use crate::decision::{PolicySnapshot, Protocol};
use crate::model::call::{
    Action, Body, CallContext, CapabilityName, DecisionRequest, Parameters, Principal, PrincipalKind,
    SessionDigest, ToolCall,
};
use crate::model::decision::Outcome;
use crate::model::json::{CaseEqualKeys, Json, NormalPath, PathAllowance, Reader, Text};
use crate::model::time::Timestamp;
use crate::policy::cedar::{Asked, CedarQuestion, Engine, Vocabulary};
use crate::policy::generation::{EntityRef, Observation, Observations, ObservedOutcome, Unaskable};

/// How many records are in memory at once.
const PAGE: usize = 200;

/// What a record has for a path that holds a hidden argument.
const HIDDEN: &str = "[REDACTED]";

/// Records are ours: nothing in them is refused for being deep or doubled in letter case.
const READER: Reader = Reader { max_depth: 1024, case_equal_keys: CaseEqualKeys::Allow };

/// Codes by which policies deny. By any other something else stopped a call.
const BY_POLICY: [&str; 7] = [
    "rule_denied",
    "default_denied",
    "policy_denied",
    "cedar_denied",
    "indeterminate",
    "tunnel_not_named",
    "plan_denied",
];

/// What of a decision's record says what was asked.
#[derive(Deserialize)]
struct Line<'a> {
    time: String,
    tenant: String,
    actor: String,
    actor_type: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    roles: Vec<String>,
    capability: Option<String>,
    #[serde(default)]
    person: Option<String>,
    #[serde(default)]
    claims: BTreeMap<String, String>,
    path: Option<String>,
    route: Option<String>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    outcome: String,
    code: String,
    #[serde(default = "yes")]
    enforced: bool,
    decision_id: String,
    #[serde(default)]
    facts: Facts,
    /// The digest of the session.
    session: Option<String>,
    /// The session itself, of actions and proposals. Of an action that names none it is the server's own.
    session_id: Option<String>,
}

/// What the decision used besides.
#[derive(Default, Deserialize)]
struct Facts {
    /// By which clock it was made.
    now: Option<String>,
}

const fn yes() -> bool {
    true
}

/// In what records are read.
struct Words<'s> {
    vocabulary: &'s Vocabulary,
    /// The routes of HTTP operations, each with the name of its tunnels. A record of one of them without a path cannot be put to Cedar.
    operations: HashMap<&'s str, Option<&'s CapabilityName>>,
    /// What the calls are put to.
    engines: &'s [&'s Engine],
}

impl Words<'_> {
    /// Whether a policy that is about `asked` could read that member of the context.
    fn are_read(&self, asked: &Asked, member: &str) -> bool {
        self.engines.iter().any(|engine| engine.reads(asked, member))
    }

    /// Of these claims those that one could read as tags.
    fn read_claims<'l>(
        &self,
        asked: &Asked,
        claims: &'l BTreeMap<String, String>,
    ) -> Vec<(&'l str, &'l str)> {
        if claims.is_empty() {
            return Vec::new();
        }
        let tags: Vec<_> = self.engines.iter().map(|engine| engine.tags(asked)).collect();
        let is_read =
            |name: &String| tags.iter().any(|tags| tags.as_ref().is_none_or(|tags| tags.contains(name)));
        let read = claims.iter().filter(|(name, _)| is_read(name));
        read.map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// Whether the capability on that route is that of tunnels.
    fn is_tunnel(&self, route: Option<&str>, capability: &str) -> bool {
        let tunnel = route.and_then(|route| *self.operations.get(route)?);
        tunnel.is_some_and(|tunnel| tunnel.as_str() == capability)
    }
}

/// `observations`, empty yet, with what the ledger has of the decisions of their tenant in their window, in the words of `snapshot`, to be put to `engines`. Time and session of a
/// call are part of it only where a policy of these reads them: each makes a call of its own of it.
///
/// # Errors
/// The ledger cannot be searched.
pub(super) fn observations(
    index: &AuditIndex,
    snapshot: &PolicySnapshot,
    mut observations: Observations,
    engines: &[&Engine],
) -> Result<Observations, IndexError> {
    let window = observations.window();
    let Some(settings) = snapshot.cedar.settings() else { return Ok(observations) };
    let http = snapshot.routes.iter().filter_map(|route| match &route.protocol {
        Protocol::Http(operations) => Some((&*route.name, operations.tunnel())),
        Protocol::Mcp(_) | Protocol::ToolCall(_) => None,
    });
    let words = Words { vocabulary: &settings.vocabulary, operations: http.collect(), engines };
    let mut wanted = AuditQuery {
        tenant: Some(observations.tenant().to_owned()),
        kinds: vec!["decision".to_owned()],
        since: Some(window.start()),
        until: Some(window.end()),
        order: Order::Ascending,
        limit: Some(PAGE),
        ..AuditQuery::default()
    };
    loop {
        let page = index.query(&wanted)?;
        for call in &page.calls {
            feed(call, &words, &mut observations);
        }
        if page.next.is_none() || page.calls.is_empty() {
            return Ok(observations);
        }
        wanted.after = page.next;
    }
}

/// Feeds what `call` is the record of. One of something else than a call, such as an evaluation, is passed over.
fn feed(call: &Call, words: &Words<'_>, observations: &mut Observations) {
    let Ok(line) = serde_json::from_slice::<Line<'_>>(&call.line) else { return };
    let (Some(capability), Some(at)) = (&line.capability, Timestamp::parse_rfc3339(&line.time)) else {
        return;
    };
    let read = line.arguments.map(|raw| READER.parse_answer(raw.get().as_bytes())).transpose();
    let Ok(arguments) = read else {
        // Without them it would be another call.
        return observations.pass_over((&line.decision_id, at), outcome(&line), Unaskable::Question);
    };
    let arguments = arguments.map(|arguments| if line.path.is_some() { whole(arguments) } else { arguments });
    let asked = asked(&line, capability, words).and_then(|asked| {
        let [principal, action, resource] =
            [asked.principal(), asked.action(), asked.resource()].map(|text| EntityRef::parse(&text));
        match (principal, action, resource) {
            (Some(principal), Some(action), Some(resource)) => Ok((asked, principal, action, resource)),
            _ => Err(Unaskable::Question),
        }
    });
    let (asked, principal, action, resource) = match asked {
        Ok(asked) => asked,
        Err(why) => return observations.pass_over((&line.decision_id, at), outcome(&line), why),
    };
    let entities = |texts: &[String]| -> Vec<EntityRef> {
        texts.iter().filter_map(|text| EntityRef::parse(text)).collect()
    };
    let [of_principal, of_action, of_resource] = &asked.above();
    let (roles, groups): (Vec<EntityRef>, Vec<EntityRef>) =
        entities(of_principal).into_iter().partition(|above: &EntityRef| above.kind().ends_with("Role"));
    let agent =
        matches!(line.actor_type.as_str(), "ai-agent" | "ai-copilot").then_some(("agent", &*line.actor));
    let attributes = [("id", &line.actor), ("kind", &line.actor_type), ("tenant", &line.tenant)];
    let attributes = attributes.into_iter().chain(line.person.as_ref().map(|person| ("person", person)));
    let clock = line.facts.now.as_deref().and_then(Timestamp::parse_rfc3339).unwrap_or(at);
    observations.feed(&Observation {
        event_id: &line.decision_id,
        at,
        now: words.are_read(&asked, "system").then_some(clock),
        session: session(&line).filter(|_| words.are_read(&asked, "session")),
        principal,
        groups,
        roles,
        attributes: attributes.map(|(name, value)| (name, value.as_str())).collect(),
        claims: words.read_claims(&asked, &line.claims),
        tunnel: words.is_tunnel(line.route.as_deref(), capability),
        action,
        action_parents: entities(of_action),
        resource,
        resource_parents: entities(of_resource),
        arguments: arguments.as_ref(),
        context: agent.into_iter().collect(),
        outcome: outcome(&line),
    });
}

/// The arguments of an operation as policies saw them. A record leaves out sections that are empty, and of a body that is not JSON it has
/// the digest only: Cedar was asked with a value left out there, as with null.
fn whole(arguments: Json<'_>) -> Json<'_> {
    let Json::Object(mut members) = arguments else { return arguments };
    let has = |members: &[(Text<'_>, Json<'_>)], wanted: &str| {
        members.iter().any(|(name, _)| name.as_str() == wanted)
    };
    for section in ["path", "query"] {
        if !has(&members, section) {
            members.push((Text::from_value(section), Json::Object(Vec::new())));
        }
    }
    if has(&members, "body_sha256") && !has(&members, "body") {
        members.push((Text::from_value("body"), Json::Null));
    }
    Json::Object(members)
}

/// The session of the record's call; its digest where the record has no more.
fn session<'l>(line: &'l Line<'_>) -> Option<&'l str> {
    let digest = line.session.as_deref()?;
    let named = line.session_id.as_deref().filter(|name| SessionDigest::of(name).to_string() == digest);
    named.or(Some(digest))
}

/// The question that the record's call was, as far as names go.
fn asked(line: &Line<'_>, capability: &str, words: &Words<'_>) -> Result<Asked, Unaskable> {
    if line.path.as_deref() == Some(HIDDEN) {
        return Err(Unaskable::HiddenPath);
    }
    let texts = |list: &[String]| list.iter().map(|text| text.as_str().into()).collect();
    let kind = PrincipalKind::parse(&line.actor_type).ok_or(Unaskable::Principal)?;
    let mut principal = Principal::new(line.tenant.as_str(), line.actor.as_str(), kind);
    (principal.groups, principal.roles) = (texts(&line.groups), texts(&line.roles));
    let every = PathAllowance { semicolon: true, encoded_slash: true };
    let path = line.path.as_deref().map(|path| NormalPath::parse(path, every)).transpose();
    let path = path.map_err(|_| Unaskable::Question)?;
    let route = line.route.as_deref().unwrap_or_default();
    if path.is_none() && words.operations.contains_key(route) {
        return Err(Unaskable::Question);
    }
    let nothing = || Json::Object(Vec::new());
    let parameters = match &path {
        Some(_) => Parameters::Sections { path: nothing(), query: nothing(), body: Body::Absent },
        None => Parameters::Flat(nothing()),
    };
    let action = match CapabilityName::parse(capability) {
        Ok(name) => Action::Named(name),
        Err(_) => Action::Verbatim(Cow::Borrowed(capability)),
    };
    let call = ToolCall {
        action,
        resource: Cow::Borrowed(""),
        resource_hidden: false,
        parameters,
        description: Cow::Borrowed(""),
    };
    let context = CallContext { route, path: path.as_ref(), ..CallContext::default() };
    let request = DecisionRequest { context, ..DecisionRequest::new(&principal, &call) };
    let question = CedarQuestion { request, path: path.as_ref(), now: Timestamp::from_micros(0) };
    words.vocabulary.map(&question).map_err(|_| Unaskable::Question)
}

fn outcome(line: &Line<'_>) -> ObservedOutcome {
    let allowed = line.outcome == Outcome::Allow.as_str();
    // What a person let through once is nothing that policies let through.
    if allowed && line.code == "approved" {
        return ObservedOutcome::Approved;
    }
    let by_policy = line.outcome == Outcome::Deny.as_str() && BY_POLICY.contains(&&*line.code);
    match (allowed, by_policy, line.enforced) {
        (true, _, _) => ObservedOutcome::Allowed,
        (false, true, false) => ObservedOutcome::WouldDeny,
        (false, true, true) => ObservedOutcome::Denied,
        (false, false, _) => ObservedOutcome::Stopped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(members: &str) -> String {
        format!(
            r#"{{"time":"2026-11-27T00:00:00.000000Z","tenant":"t","outcome":"ALLOW","code":"rule_allowed","decision_id":"d"{members}}}"#
        )
    }

    fn read(text: &str) -> Line<'_> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_session_is_what_the_record_has_of_it() {
        let digest = SessionDigest::of("s-1").to_string();
        let who = r#","actor":"a","actor_type":"ai-agent""#;
        for (members, expected) in [
            // An action that names none: the session of the server's own is not the call's.
            (r#","session_id":"own""#.to_owned(), None),
            (format!(r#","session":"{digest}""#), Some(digest.as_str())),
            (format!(r#","session":"{digest}","session_id":"s-1""#), Some("s-1")),
            (format!(r#","session":"{digest}","session_id":"s-2""#), Some(digest.as_str())),
        ] {
            let text = line(&format!("{who}{members}"));
            assert_eq!(session(&read(&text)), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_asked_about_has_a_reason() {
        let vocabulary = Vocabulary::new(None).unwrap();
        let words =
            Words { vocabulary: &vocabulary, operations: HashMap::from([("crm", None)]), engines: &[] };
        for (members, capability, expected) in [
            (r#","actor":"a","actor_type":"ai-agent","route":"files""#, "files.read", None),
            (
                r#","actor":"a","actor_type":"robot","route":"files""#,
                "files.read",
                Some(Unaskable::Principal),
            ),
            (
                r#","actor":"a","actor_type":"ai-agent","route":"crm","path":"[REDACTED]""#,
                "crm.contacts.read",
                Some(Unaskable::HiddenPath),
            ),
            (
                r#","actor":"a","actor_type":"ai-agent","route":"crm""#,
                "crm.contacts.read",
                Some(Unaskable::Question),
            ),
            (
                r#","actor":"a","actor_type":"ai-agent","route":"files""#,
                "fi___les.read",
                Some(Unaskable::Question),
            ),
        ] {
            let text = line(members);
            assert_eq!(asked(&read(&text), capability, &words).err(), expected, "{text}");
        }
    }
}
