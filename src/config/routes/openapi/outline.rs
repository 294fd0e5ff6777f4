//! What of an OpenAPI document is read. Imports `model` only.

use crate::model::document::{Outline, Part};

/// The methods a path item may have, as OpenAPI writes them.
pub(super) const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Whether a key is an extension of the gateway's own, or meant to be one.
pub(super) fn is_ours(key: &str) -> bool {
    key.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("x-aegis"))
}

/// Nothing below this.
pub(super) struct End;

impl Outline for End {
    type Below = Self;
    type Beside = Self;

    fn part(_key: &str) -> Part {
        Part::Nothing
    }
}

/// The document itself.
pub(super) struct Root;

impl Outline for Root {
    type Below = Holder;
    type Beside = Servers;

    fn part(key: &str) -> Part {
        match key {
            "paths" | "components" => Part::Below,
            "servers" => Part::Beside,
            "openapi" | "swagger" => Part::Scalar,
            _ if is_ours(key) => Part::Scalar,
            _ => Part::Nothing,
        }
    }
}

/// `paths` or `components`: the keys of the one begin with a slash, those of the other are words.
pub(super) struct Holder;

impl Outline for Holder {
    type Below = PathItem;
    type Beside = NamedItems;

    fn part(key: &str) -> Part {
        match key {
            "pathItems" => Part::Beside,
            _ if key.starts_with('/') => Part::Below,
            _ => Part::Scalar,
        }
    }
}

/// `components.pathItems`.
pub(super) struct NamedItems;

impl Outline for NamedItems {
    type Below = PathItem;
    type Beside = End;

    fn part(_key: &str) -> Part {
        Part::Below
    }
}

/// What may be done with a path.
pub(super) struct PathItem;

impl Outline for PathItem {
    type Below = Operation;
    type Beside = End;

    fn part(key: &str) -> Part {
        match key {
            "$ref" | "servers" => Part::Scalar,
            _ if METHODS.iter().any(|method| method.eq_ignore_ascii_case(key)) => Part::Below,
            _ if is_ours(key) => Part::Scalar,
            _ => Part::Nothing,
        }
    }
}

/// One method of a path.
pub(super) struct Operation;

impl Outline for Operation {
    type Below = End;
    type Beside = End;

    fn part(key: &str) -> Part {
        match key {
            "operationId" | "servers" => Part::Scalar,
            _ if is_ours(key) => Part::Scalar,
            _ => Part::Nothing,
        }
    }
}

/// The list of servers, and a server in it.
pub(super) struct Servers;

impl Outline for Servers {
    type Below = Server;
    type Beside = End;
    const ELEMENTS: bool = true;

    fn part(_key: &str) -> Part {
        Part::Nothing
    }
}

/// A server.
pub(super) struct Server;

impl Outline for Server {
    type Below = Variables;
    type Beside = End;

    fn part(key: &str) -> Part {
        match key {
            "url" => Part::Scalar,
            "variables" => Part::Below,
            _ => Part::Nothing,
        }
    }
}

/// The variables of a server.
pub(super) struct Variables;

impl Outline for Variables {
    type Below = Variable;
    type Beside = End;

    fn part(_key: &str) -> Part {
        Part::Below
    }
}

/// A variable of a server.
pub(super) struct Variable;

impl Outline for Variable {
    type Below = End;
    type Beside = End;

    fn part(key: &str) -> Part {
        if key == "default" { Part::Scalar } else { Part::Nothing }
    }
}
