//! `paths`: every method of every path as an operation. Imports `model` only.

use crate::config::resolve::Spot;
use crate::config::routes::openapi::load::Wanted;
use crate::config::routes::openapi::naming::{name, resource, stray_keys};
use crate::config::routes::openapi::outline::METHODS;
use crate::config::routes::openapi::reference::follow;
use crate::config::routes::operations::{Found, Operation};
use crate::model::call::{PathTemplate, PathTemplateError, Segment};
use crate::model::document::{Document, Entry, Node, NodeValue, Problem, child_pointer};

/// Reads the paths of a document.
pub(super) struct Items<'d> {
    document: &'d Document,
    wanted: &'d Wanted<'d>,
    /// The decoded segments before every path, as clients send it.
    before: Vec<String>,
    found: Vec<Found>,
    problems: Vec<Problem>,
    /// Where the paths stand that are not under the route's prefix, and how many are.
    outside: Vec<String>,
    inside: usize,
}

impl<'d> Items<'d> {
    /// A reader of paths that the document's servers put below `base`.
    pub(super) fn new(document: &'d Document, wanted: &'d Wanted<'d>, base: &[String]) -> Self {
        let stripped = wanted.prefix.filter(|_| wanted.strip_prefix);
        let prefix = stripped.map(|prefix| prefix.segments.as_slice()).unwrap_or_default();
        let before = prefix.iter().chain(base).cloned().collect();
        let (found, problems, outside) = (Vec::new(), Vec::new(), Vec::new());
        Self { document, wanted, before, found, problems, outside, inside: 0 }
    }

    /// The operations, after complaining about everything that is wrong.
    pub(super) fn read(mut self, spot: &Spot<'_>) -> Vec<Found> {
        self.problems.extend(stray_keys(self.document, "", self.document.root(), false));
        match self.document.node("/paths") {
            None => {
                let problem = self.document.problem("", "the document has no paths");
                self.problems.push(problem.with_hint("without an operation, leave openapi out of the route"));
            }
            Some(Node { value: NodeValue::Mapping(entries), .. }) => {
                entries.iter().for_each(|entry| self.path(entry));
            }
            Some(other) => self.refuse("/paths", format!("expected a mapping, found {}", other.kind())),
        }
        self.refuse_outside(spot);
        self.problems.into_iter().for_each(|problem| spot.report(problem));
        self.found
    }

    fn refuse(&mut self, pointer: &str, message: impl Into<String>) {
        self.problems.push(self.document.problem(pointer, message));
    }

    fn refuse_key(&mut self, pointer: &str, message: &str, hint: impl Into<String>) {
        self.problems.push(self.document.key_problem(pointer, message).with_hint(hint));
    }

    fn path(&mut self, entry: &Entry) {
        let pointer = child_pointer("/paths", &entry.key);
        if entry.key.starts_with("x-") {
            return;
        }
        let (at, item) = match follow(self.document, &pointer, &entry.value) {
            Ok(found) => found,
            Err(problem) => return self.problems.push(problem),
        };
        self.check_keys(&at, item);
        let whole = PathTemplate::parse(&entry.key).and_then(|template| template.below(&self.before));
        // A path that cannot be read is no matter where the route has operations in its place.
        let instead = whole.as_ref().ok().cloned().or_else(|| self.with_whole_segments(&entry.key));
        let open: Vec<&str> = METHODS
            .into_iter()
            .filter(|method| item.field(method).is_some() && !self.is_overridden(method, instead.as_ref()))
            .collect();
        if open.is_empty() {
            return;
        }
        self.check_servers(&at, item);
        let template = self.checked(&pointer, whole, instead.as_ref());
        for method in open {
            self.operation(method, &child_pointer(&at, method), item, template.as_ref());
        }
    }

    fn is_overridden(&self, method: &str, path: Option<&PathTemplate>) -> bool {
        let shape = |path: &PathTemplate| (method.to_ascii_uppercase(), path.shape());
        path.is_some_and(|path| self.wanted.overridden.contains(&shape(path)))
    }

    /// The whole path, if it can be read and lies where the route takes requests.
    fn checked(
        &mut self,
        pointer: &str,
        whole: Result<PathTemplate, PathTemplateError>,
        instead: Option<&PathTemplate>,
    ) -> Option<PathTemplate> {
        match whole {
            Err(error) => {
                let hint = instead.map_or_else(
                    || "leave it out of the document: its requests are then unmapped".to_owned(),
                    |instead| format!("write its operations in the route's operations, as {instead}"),
                );
                self.refuse_key(pointer, &error.to_string(), hint);
                None
            }
            Ok(template) => {
                let prefix = self.wanted.prefix;
                if prefix.is_none_or(|prefix| template.may_lie_under(&prefix.segments)) {
                    self.inside += 1;
                } else {
                    self.outside.push(pointer.to_owned());
                }
                Some(template)
            }
        }
    }

    fn operation(&mut self, method: &str, pointer: &str, item: &Node, path: Option<&PathTemplate>) {
        let Some(node) = item.field(method) else { return };
        if !matches!(node.value, NodeValue::Mapping(_)) {
            return self.refuse(pointer, format!("expected a mapping, found {}", node.kind()));
        }
        self.problems.extend(stray_keys(self.document, pointer, node, true));
        self.check_servers(pointer, node);
        let name = name(self.document, pointer, node, self.wanted.capability_prefix);
        let variables = path.map(|path| path.variable_names().collect::<Vec<_>>());
        let resource = resource(self.document, pointer, node, variables.as_deref());
        let (name, resource) = match (name, resource) {
            (Ok(name), Ok(resource)) => (name, resource),
            (name, resource) => {
                self.problems.extend(name.err().into_iter().chain(resource.err()));
                return;
            }
        };
        let Some(path) = path.cloned() else { return };
        let method = method.to_ascii_uppercase();
        self.found.push(Found {
            operation: Operation { method, path, capability: name.capability, resource },
            place: self.document.key_place(pointer),
            key: self.document.path(pointer),
            is_named: name.is_named,
        });
    }

    /// Operations under another server than the document's are another tool's.
    fn check_servers(&mut self, pointer: &str, node: &Node) {
        let is_empty =
            |servers: &Node| matches!(&servers.value, NodeValue::Sequence(list) if list.is_empty());
        if node.field("servers").is_some_and(|servers| !is_empty(servers)) {
            let message = "a path or operation with servers of its own is not read: it may be another tool's";
            let hint = "if it is this route's, write it in the route's operations";
            self.refuse_key(&child_pointer(pointer, "servers"), message, hint);
        }
    }

    /// Keys that were meant to be others.
    fn check_keys(&mut self, pointer: &str, item: &Node) {
        self.problems.extend(stray_keys(self.document, pointer, item, false));
        for entry in item.entries() {
            let small = entry.key.to_ascii_lowercase();
            if small != entry.key && METHODS.contains(&small.as_str()) {
                let hint = format!("write it as {small}");
                self.refuse_key(&child_pointer(pointer, &entry.key), "not a method in small letters", hint);
            }
        }
    }

    /// The template with a variable of its own for each whole segment that cannot be read.
    fn with_whole_segments(&self, path: &str) -> Option<PathTemplate> {
        let segments =
            path.strip_prefix('/')?.split('/').enumerate().map(|(number, piece)| match PathTemplate::parse(
                &format!("/{piece}"),
            )
            .as_ref()
            .map(PathTemplate::segments)
            {
                Ok([Segment::Variable { before, after, .. }]) => format!("{before}{{v{number}}}{after}"),
                Err(_) if piece.contains('{') => format!("{{v{number}}}"),
                _ => piece.to_owned(),
            });
        let path = segments.fold(String::new(), |path, segment| format!("{path}/{segment}"));
        PathTemplate::parse(&path).ok()?.below(&self.before).ok()
    }

    /// One complaint where the route and the whole document do not fit; else one for each path that does not.
    fn refuse_outside(&mut self, spot: &Spot<'_>) {
        let Some(prefix) = self.wanted.prefix else { return };
        if self.inside == 0 && !self.outside.is_empty() {
            let before = self.before.iter().fold(String::new(), |path, segment| format!("{path}/{segment}"));
            let begin =
                if before.is_empty() { String::new() } else { format!(" (they begin with {before})") };
            spot.refuse_with(
                format!("no path of the document is under the route's path_prefix {}{begin}", prefix.text),
                "write strip_prefix: true if clients send the prefix before the document's paths, or a path_prefix \
                 that they have",
            );
            return;
        }
        for pointer in std::mem::take(&mut self.outside) {
            let message =
                format!("not under the route's path_prefix {}: it would never be matched", prefix.text);
            self.refuse_key(
                &pointer,
                &message,
                "leave it out of the document, or widen the route's path_prefix",
            );
        }
    }
}
