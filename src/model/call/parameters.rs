//! The parameters of a call, and how conditions find one by name.

use crate::model::json::{Json, Text};

/// What the call is made with.
#[derive(Clone, Debug, PartialEq)]
pub enum Parameters<'a> {
    /// One object of named arguments (MCP `arguments`, the JSON of a tool call). The policy server takes any value; of one that is
    /// no object nothing can be told.
    Flat(Json<'a>),
    /// An HTTP operation: path, query and body apart.
    Sections {
        /// Values of the path template's variables.
        path: Json<'a>,
        /// Query keys, each at most once.
        query: Json<'a>,
        /// The body.
        body: Body<'a>,
    },
    /// Not made yet: what could be asked of a tool that is only listed. Every look-up is [`Lookup::Unknowable`].
    Unknown {
        /// Whether the call's resource is made of them too ([`crate::model::call::ToolCall::known_resource`]).
        name_resource: bool,
    },
}

/// The body of an HTTP operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Body<'a> {
    /// There is none.
    Absent,
    /// A JSON body.
    Json(Json<'a>),
    /// Something that is not JSON: known only by its SHA-256, in lower-case hexadecimal.
    Opaque {
        /// The digest.
        sha256: String,
    },
}

/// What looking for a parameter found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lookup<'p, 'a> {
    /// The parameter's value.
    Found(&'p Json<'a>),
    /// There is no such parameter.
    Absent,
    /// It cannot be known: the body is not JSON, or several sections hold the name. Conditions on it are Indeterminate.
    Unknowable,
}

impl<'a> Body<'a> {
    /// Finds a member of the body. One that is no JSON object has no members that could be known.
    fn lookup(&self, name: &str) -> Lookup<'_, 'a> {
        match self {
            Self::Absent => Lookup::Absent,
            Self::Json(value @ Json::Object(_)) => find(value, name),
            Self::Json(_) | Self::Opaque { .. } => Lookup::Unknowable,
        }
    }
}

/// The member `name` of `object`, or what its dots lead to through the objects in it.
fn find<'p, 'a>(object: &'p Json<'a>, name: &str) -> Lookup<'p, 'a> {
    let flat = object.member(name);
    let nested = if name.contains('.') {
        name.split('.').try_fold(object, |value, part| value.member(part))
    } else {
        None
    };
    match (flat, nested) {
        (None, None) => Lookup::Absent,
        (Some(found), None) | (None, Some(found)) => Lookup::Found(found),
        (Some(_), Some(_)) => Lookup::Unknowable,
    }
}

impl<'a> Parameters<'a> {
    /// Parameters of a call that has none.
    #[must_use]
    pub const fn none() -> Self {
        Self::Flat(Json::Object(Vec::new()))
    }

    /// Finds a parameter by its name. A name with dots is the key spelled so, or the way through objects to the last part;
    /// where both are there it cannot be known which of them the tool reads. In an HTTP operation a name must be unique
    /// among path, query and body; `path.id`, `query.force` and `body.amount` name the section.
    #[must_use]
    pub fn lookup(&self, name: &str) -> Lookup<'_, 'a> {
        match self {
            Self::Unknown { .. } => Lookup::Unknowable,
            Self::Flat(arguments @ Json::Object(_)) => find(arguments, name),
            // Whoever runs the call may take them for anything.
            Self::Flat(_) => Lookup::Unknowable,
            Self::Sections { path, query, body } => {
                if let Some((section, name)) = name.split_once('.') {
                    match section {
                        "path" => return path.member(name).map_or(Lookup::Absent, Lookup::Found),
                        "query" => return query.member(name).map_or(Lookup::Absent, Lookup::Found),
                        "body" => return body.lookup(name),
                        _ => {}
                    }
                }
                let body_member = match body.lookup(name) {
                    Lookup::Found(value) => Some(value),
                    Lookup::Absent => None,
                    // What the body means to the tool cannot be known, so neither can the name's uniqueness.
                    Lookup::Unknowable => return Lookup::Unknowable,
                };
                let mut found = [path.member(name), query.member(name), body_member].into_iter().flatten();
                match (found.next(), found.next()) {
                    (None, _) => Lookup::Absent,
                    (Some(value), None) => Lookup::Found(value),
                    (Some(_), Some(_)) => Lookup::Unknowable,
                }
            }
        }
    }

    /// The parameters as one JSON value, for the record; `null` when they are unknown.
    #[must_use]
    pub fn to_json(&self) -> std::borrow::Cow<'_, Json<'a>> {
        match self {
            Self::Flat(arguments) => std::borrow::Cow::Borrowed(arguments),
            Self::Unknown { .. } => std::borrow::Cow::Owned(Json::Null),
            Self::Sections { path, query, body } => {
                let mut members = Vec::with_capacity(3);
                for (name, section) in [("path", path), ("query", query)] {
                    if !matches!(section, Json::Object(fields) if fields.is_empty()) {
                        members.push((Text::from_value(name), section.clone()));
                    }
                }
                match body {
                    Body::Absent => {}
                    Body::Json(value) => members.push((Text::from_value("body"), value.clone())),
                    Body::Opaque { sha256 } => {
                        let digest = Json::String(Text::from_owned(sha256.clone()));
                        members.push((Text::from_value("body_sha256"), digest));
                    }
                }
                std::borrow::Cow::Owned(Json::Object(members))
            }
        }
    }
}
