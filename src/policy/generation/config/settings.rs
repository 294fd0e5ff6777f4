//! [`GenerationConfig`]: read from JSON, with every default filled in. Imports `model`, entities and the written form.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use crate::model::time::Timestamp;
use crate::policy::generation::EntityRef;
use crate::policy::generation::config::Window;
use crate::policy::generation::config::limits::{
    MIN_COUNT_MAX, NAME_MAX_BYTES, NAMED_MAX, POLICIES_DEFAULT, POLICIES_MAX, TEXT_MAX_CHARS, WINDOW_MAX,
};
use crate::policy::generation::config::raw::{
    RawArguments, RawGranularity, RawObserveMode, RawObservedConfig, RawResources, RawSentencesConfig,
    RawSource, RawWindow,
};

/// What a run is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GenerationConfig {
    /// Policies of what was done.
    Observed(ObservedConfig),
    /// Policies of what somebody wrote.
    Sentences(SentencesConfig),
}

/// Policies of what was done. Defaults and limits are those of [`RawObservedConfig`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedConfig {
    /// What the run is called.
    pub name: Option<String>,
    /// The time that is looked at.
    pub window: Window,
    /// Whose calls policies are made of; `None`: everybody's.
    pub principals: Option<BTreeSet<EntityRef>>,
    /// Which actions policies are made of; `None`: all.
    pub actions: Option<BTreeSet<EntityRef>>,
    /// Whom policies name.
    pub granularity: Granularity,
    /// How often a principal must have done something before it is permitted.
    pub min_count: u64,
    /// Whether the summary tells who was denied what.
    pub include_denied: bool,
    /// Whether calls that a person approved count as allowed.
    pub include_approved: bool,
    /// What counts as allowed.
    pub observe_mode: ObserveMode,
    /// What policies say of arguments.
    pub arguments: ArgumentMode,
    /// Most policies.
    pub max_policies: usize,
    /// Which resources policies name.
    pub resources: ResourceMode,
    /// Whether the engine's policies are compared with what was done.
    pub compare_to_engine: bool,
}

/// Policies of what somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentencesConfig {
    /// What the run is called.
    pub name: Option<String>,
    /// The sentences.
    pub text: String,
    /// The id of the gateway that they are about.
    pub gateway: String,
}

/// Whom policies name. As in [`RawGranularity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granularity {
    /// Each principal.
    Principal,
    /// Groups, where that says no more than was done.
    Group,
    /// Roles, likewise.
    Role,
}

/// What counts as allowed. As in [`RawObserveMode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObserveMode {
    /// What the policies allowed.
    Enforce,
    /// What was let through.
    LogOnly,
}

/// What policies say of arguments. As in [`RawArguments`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ArgumentMode {
    /// Nothing.
    None,
    /// The values seen.
    Enum,
    /// The smallest and largest seen.
    Range,
    /// How those seen begin.
    Prefix,
}

/// Which resources policies name. As in [`RawResources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceMode {
    /// Each.
    Exact,
    /// All below a path.
    Prefix,
    /// All of a type.
    Any,
}

/// A `config` that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("config: {0}")]
pub struct ConfigError(String);

impl ConfigError {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl GenerationConfig {
    /// Reads the `config` of a request that came at `now`. One with `content` holds sentences.
    ///
    /// # Errors
    /// What is wrong with it: a member that is not known, a value beyond its limits.
    pub fn read(config: &Value, now: Timestamp) -> Result<Self, ConfigError> {
        let Some(members) = config.as_object() else {
            return Err(ConfigError::new("expected an object"));
        };
        let text = members.get("source").and_then(Value::as_str) == Some("text");
        if text || members.contains_key("content") {
            sentences(raw(config)?).map(Self::Sentences)
        } else {
            observed(raw(config)?, now).map(Self::Observed)
        }
    }
}

fn raw<T: DeserializeOwned>(config: &Value) -> Result<T, ConfigError> {
    serde_json::from_value(config.clone()).map_err(|error| ConfigError::new(error.to_string()))
}

fn observed(raw: RawObservedConfig, now: Timestamp) -> Result<ObservedConfig, ConfigError> {
    Ok(ObservedConfig {
        name: named(raw.name)?,
        window: window(raw.window.as_ref(), now)?,
        principals: entities("principals", "Agent::\"agent-001\"", raw.principals)?,
        actions: entities("actions", "Action::\"files___read_file\"", raw.actions)?,
        granularity: match raw.granularity {
            RawGranularity::Principal => Granularity::Principal,
            RawGranularity::Group => Granularity::Group,
            RawGranularity::Role => Granularity::Role,
        },
        min_count: within("min_count", raw.min_count.unwrap_or(1), MIN_COUNT_MAX)?,
        include_denied: raw.include_denied,
        include_approved: raw.include_approved,
        observe_mode: match raw.observe_mode {
            RawObserveMode::Enforce => ObserveMode::Enforce,
            RawObserveMode::LogOnly => ObserveMode::LogOnly,
        },
        arguments: match raw.arguments {
            RawArguments::None => ArgumentMode::None,
            RawArguments::Enum => ArgumentMode::Enum,
            RawArguments::Range => ArgumentMode::Range,
            RawArguments::Prefix => ArgumentMode::Prefix,
        },
        max_policies: usize::try_from(within(
            "max_policies",
            raw.max_policies.unwrap_or(POLICIES_DEFAULT),
            POLICIES_MAX,
        )?)
        .unwrap_or(usize::MAX),
        resources: match raw.resource_generalization {
            RawResources::Exact => ResourceMode::Exact,
            RawResources::Prefix => ResourceMode::Prefix,
            RawResources::Any => ResourceMode::Any,
        },
        compare_to_engine: raw.compare_to_engine.unwrap_or(true),
    })
}

fn sentences(raw: RawSentencesConfig) -> Result<SentencesConfig, ConfigError> {
    if raw.source == Some(RawSource::Audit) {
        return Err(ConfigError::new("content goes with the source \"text\", not \"audit\""));
    }
    if raw.content.raw_text.chars().count() > TEXT_MAX_CHARS {
        return Err(ConfigError::new(format!("content.rawText has at most {TEXT_MAX_CHARS} characters")));
    }
    if raw.resource.arn.is_empty() || EntityRef::new("Gateway", &raw.resource.arn).is_none() {
        return Err(ConfigError::new("resource.arn is empty or too long"));
    }
    Ok(SentencesConfig { name: named(raw.name)?, text: raw.content.raw_text, gateway: raw.resource.arn })
}

fn named(name: Option<String>) -> Result<Option<String>, ConfigError> {
    match &name {
        Some(name)
            if name.is_empty() || name.len() > NAME_MAX_BYTES || name.chars().any(char::is_control) =>
        {
            Err(ConfigError::new(format!("name has 1 to {NAME_MAX_BYTES} bytes and no control characters")))
        }
        _ => Ok(name),
    }
}

fn within(what: &str, value: u64, most: u64) -> Result<u64, ConfigError> {
    if (1..=most).contains(&value) {
        Ok(value)
    } else {
        Err(ConfigError::new(format!("{what} is {value}; expected 1 to {most}")))
    }
}

fn window(raw: Option<&RawWindow>, now: Timestamp) -> Result<Window, ConfigError> {
    let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    let Some(raw) = raw else { return Ok(Window::usual(now)) };
    let time = |name: &str, text: &str| {
        let wrong =
            || ConfigError::new(format!("window.{name}: expected a time such as 2026-11-23T00:00:00Z"));
        Timestamp::parse_rfc3339(text).ok_or_else(wrong)
    };
    let window = Window::new(time("start", &raw.start)?, time("end", &raw.end)?)
        .ok_or_else(|| ConfigError::new("window: start is not before end"))?;
    if window.micros() > micros(WINDOW_MAX) {
        return Err(ConfigError::new("window: it is longer than 90 days"));
    }
    Ok(window)
}

fn entities(
    what: &str,
    example: &str,
    texts: Option<Vec<String>>,
) -> Result<Option<BTreeSet<EntityRef>>, ConfigError> {
    let Some(texts) = texts else { return Ok(None) };
    if texts.is_empty() || texts.len() > NAMED_MAX {
        return Err(ConfigError::new(format!("{what} names {}; expected 1 to {NAMED_MAX}", texts.len())));
    }
    let read = texts.iter().map(|text| {
        let wrong = || ConfigError::new(format!("{what}: {text:?} is no entity, such as {example}"));
        EntityRef::parse(text).ok_or_else(wrong)
    });
    read.collect::<Result<_, _>>().map(Some)
}
