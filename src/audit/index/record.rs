//! What the index reads of a record's line.
//!
//! Imports `model` and `index::key`. Start at [`Record::read`].

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::audit::index::entry::Tags;
use crate::audit::index::key::{CallKey, Tag};
use crate::model::time::Timestamp;

/// The members of a record that are asked for by queries or shown in lists. Members a record lacks, and such as are no text,
/// are empty.
#[derive(Debug, Deserialize)]
pub struct Record<'a> {
    /// Its number in its epoch.
    pub seq: u64,
    #[serde(borrow)]
    time: Text<'a>,
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(borrow, default)]
    tenant: Text<'a>,
    #[serde(borrow, default)]
    actor: Text<'a>,
    #[serde(borrow, default)]
    capability: Text<'a>,
    #[serde(borrow, default)]
    tool: Text<'a>,
    #[serde(borrow, default)]
    resource: Text<'a>,
    #[serde(borrow, default)]
    outcome: Text<'a>,
    #[serde(borrow, default)]
    code: Text<'a>,
    #[serde(borrow, default)]
    risk: Option<&'a RawValue>,
    #[serde(borrow, default)]
    findings: Option<&'a RawValue>,
    #[serde(borrow, default)]
    decision_id: Text<'a>,
    #[serde(borrow, default)]
    request_id: Text<'a>,
    #[serde(borrow, default)]
    hold_id: Text<'a>,
    #[serde(borrow, default)]
    session_id: Text<'a>,
    #[serde(borrow, default)]
    surface: Text<'a>,
    #[serde(borrow, default)]
    result: Text<'a>,
    #[serde(borrow, default)]
    result_status: Text<'a>,
}

macro_rules! texts {
    ($($name:ident: $doc:literal),* $(,)?) => {
        $(
            #[doc = $doc]
            #[must_use]
            pub fn $name(&self) -> Option<&str> {
                self.$name.0.as_deref()
            }
        )*
    };
}

impl<'a> Record<'a> {
    /// Reads a line (without its newline); `None` when it is no record.
    #[must_use]
    pub fn read(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    texts! {
        kind: "`decision`, `execution` and so on.",
        tenant: "The caller's tenant.",
        actor: "The caller.",
        resource: "What the call is about.",
        outcome: "What was decided.",
        code: "Why, as a reason code.",
        decision_id: "The decision's id.",
        request_id: "The request's id.",
        hold_id: "The hold's id.",
        session_id: "The session, as the caller named it.",
        surface: "The surface that recorded it, where it is none of the data plane.",
        result: "Of an execution: what became of the call.",
        result_status: "What document 002 calls the result.",
    }

    /// When it was recorded; `None` when its time cannot be read.
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        Timestamp::parse_rfc3339(self.time.0.as_deref()?)
    }

    /// What was called: the capability, or the tool's own name where that makes none.
    #[must_use]
    pub fn capability(&self) -> Option<&str> {
        self.capability.0.as_deref().or(self.tool.0.as_deref())
    }

    /// The level of the risk.
    #[must_use]
    pub fn risk(&self) -> Option<Cow<'a, str>> {
        #[derive(Deserialize)]
        struct Risk<'a> {
            #[serde(borrow, default)]
            level: Text<'a>,
        }
        let risk = serde_json::from_str::<Risk<'a>>(self.risk?.get()).ok()?;
        risk.level.0
    }

    /// The first rule its findings name.
    #[must_use]
    pub fn rule(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Finding {
            #[serde(default)]
            rule: Option<String>,
        }
        let findings: Vec<Finding> = serde_json::from_str(self.findings?.get()).ok()?;
        findings.into_iter().find_map(|finding| finding.rule)
    }

    /// Whether it says what became of a call, rather than being one.
    #[must_use]
    pub fn is_execution(&self) -> bool {
        matches!(self.kind(), Some("execution" | "reconciliation" | "report"))
    }

    /// What the records of its call share; `None` for a record of another kind.
    #[must_use]
    pub fn key(&self) -> Option<CallKey> {
        if !matches!(self.kind(), Some("decision" | "bypass" | "execution" | "reconciliation" | "report")) {
            return None;
        }
        CallKey::parse(self.decision_id().or(self.request_id())?)
    }

    pub(super) fn tags(&self) -> Tags {
        let tag = |text: Option<&str>| text.map(Tag::of);
        Tags {
            kind: tag(self.kind()),
            tenant: tag(self.tenant()),
            actor: tag(self.actor()),
            capability: tag(self.capability()),
            outcome: tag(self.outcome()),
            code: tag(self.code()),
            risk: tag(self.risk().as_deref()),
            session: tag(self.session_id()),
            surface: tag(self.surface()),
            result_status: tag(self.result_status()),
        }
    }
}

/// A text of a record, borrowed where it has no escapes. What is no text counts as absent.
#[derive(Debug, Default)]
struct Text<'a>(Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Text(None))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Text(None))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Text(None))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Text(None))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Text(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }
}
