//! Invariants 4 and 5: one snapshot a request, one writer of it, and no forwarding without a `Permit`.

use crate::tidy::text::{SourceFile, Violation, block_after, matching_close, pattern};

/// The file that holds the steps of a request in order; once it exists, it loads the snapshot.
const PIPELINE: &str = "src/gateway/pipeline";

/// Files of the gateway outside the path of a request, which may load for their own work.
const BESIDE_THE_REQUEST: [&str; 4] =
    ["src/gateway/publish", "src/gateway/jobs", "src/gateway/upstreams", "src/gateway/assess/shed"];

/// How a `Handle` is loaded: without arguments, where an atomic takes its ordering.
const LOAD: &str = r"\.\s*(load(?:_full)?)\s*\(\s*\)";

/// How a handle named for the snapshot is loaded, by whatever way it is reached.
const SNAPSHOT_LOAD: &str = r"\b\w*snapshots?(?:\s*\(\s*\))?\s*\.\s*load(?:_full)?\s*\(\s*\)";

/// How a handle named for the snapshot is replaced, up to the bracket of its argument.
const SNAPSHOT_STORE: &str = r"\b\w*snapshots?(?:\s*\(\s*\))?\s*\.\s*store\s*(\()";

/// The one file that replaces the snapshot.
const WRITER: &str = "src/gateway/publish";

/// The gateway's request path loads the snapshot in exactly one place, and the proxy in none.
pub(crate) fn a_request_loads_one_snapshot(files: &[SourceFile]) -> Vec<Violation> {
    let load = pattern(LOAD);
    let mut violations = Vec::new();
    let mut loads = Vec::new();
    for file in files.iter().filter(|file| file.is_under("src/gateway") && file.is_rust()) {
        if !file.is_under_any(&BESIDE_THE_REQUEST) {
            loads.extend(file.product_hits(&load).into_iter().map(|offset| (file, offset)));
        }
    }
    if loads.len() > 1 {
        let fix = "a request loads the snapshot once, after its body is complete: pass the loaded value on";
        violations.extend(loads.iter().map(|(file, offset)| file.violation(*offset, fix)));
    }
    if let Some(pipeline) = files.iter().find(|file| file.is_under(PIPELINE)).filter(|_| loads.is_empty()) {
        violations.push(
            pipeline.violation(0, "nothing here loads the snapshot with `.load()`; has its name changed?"),
        );
    }
    let snapshot_load = pattern(SNAPSHOT_LOAD);
    for file in files.iter().filter(|file| file.is_under("src/proxy") && file.is_rust()) {
        let fix = "the proxy never loads the snapshot: the gateway's pipeline does, once a request";
        violations
            .extend(file.product_hits(&snapshot_load).into_iter().map(|offset| file.violation(offset, fix)));
    }
    violations
}

/// Only the gateway's publisher replaces the snapshot.
pub(crate) fn the_snapshot_has_one_writer(files: &[SourceFile]) -> Vec<Violation> {
    let store = pattern(SNAPSHOT_STORE);
    let atomic = pattern(r"\b(?:Ordering|Relaxed|Release|SeqCst)\b");
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source() && !file.is_under(WRITER)) {
        let fix = "`gateway/publish.rs` is the one writer of the snapshot: call it";
        for open in file.product_hits(&store) {
            let close = matching_close(&file.code, open).unwrap_or(file.code.len());
            if !file.code.get(open..close).is_some_and(|arguments| atomic.is_match(arguments)) {
                violations.push(file.violation(open, fix));
            }
        }
    }
    violations
}

/// Nothing outside `gateway/` builds a `Permit`, by its fields or by one of its functions.
pub(crate) fn permits_come_from_the_gateway(files: &[SourceFile]) -> Vec<Violation> {
    let path = r"(?:\w+\s*::\s*)*";
    let position = r"(->\s*&?\s*(?:'\w+\s*)?(?:mut\s+)?|\b(?:impl|struct|for)\s+)";
    let construction = pattern(&format!(r"{position}?{path}\bPermit\s*\{{|{path}\bPermit\s*::\s*\w+\s*\("));
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source() && !file.is_under("src/gateway")) {
        for found in construction.captures_iter(&file.code).filter(|found| found.get(1).is_none()) {
            let offset = found.get(0).map_or(0, |all| all.start());
            if !file.is_test(offset) {
                let fix = "only `gateway/` makes a `Permit`, after the decision is recorded";
                violations.push(file.violation(offset, fix));
            }
        }
    }
    violations
}

/// `Permit` lives in `gateway/`, shows no field, is not copied, and leaves its makers inside `gateway/`.
pub(crate) fn a_permit_cannot_be_made_twice(files: &[SourceFile]) -> Vec<Violation> {
    let declaration = pattern(r"\bstruct\s+(Permit)\b");
    let traits = pattern(
        r"\bimpl\b[^{;]*\b(Clone|Copy|Default|From|Deserialize)\b[^{;]*\bfor\s+(?:\w+\s*::\s*)*Permit\b",
    );
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source()) {
        for offset in file.product_hits(&declaration) {
            check_declaration(file, offset, &mut violations);
        }
        for offset in file.product_hits(&traits) {
            violations.push(file.violation(
                offset,
                "a `Permit` is spent once: it is neither copied nor made from other values",
            ));
        }
        check_makers(file, &mut violations);
    }
    violations
}

fn check_declaration(file: &SourceFile, offset: usize, violations: &mut Vec<Violation>) {
    if !file.is_under("src/gateway") {
        violations
            .push(file.violation(offset, "`Permit` is declared in `gateway/`, which alone can make one"));
    }
    let attributes = file.code_before(offset).rsplit([';', '}']).next().unwrap_or_default();
    if pattern(r"\b(?:Clone|Copy|Default|Deserialize)\b").is_match(attributes) {
        violations
            .push(file.violation(offset, "a `Permit` is spent once: no Clone, Copy, Default or Deserialize"));
    }
    let (start, fields) = block_after(&file.code, offset);
    for found in pattern(r"\bpub\b").find_iter(fields) {
        violations.push(
            file.violation(start + found.start(), "the fields of a `Permit` are private: give it methods"),
        );
    }
}

/// Functions of `Permit` that return one without taking one are visible in `gateway/` at most.
fn check_makers(file: &SourceFile, violations: &mut Vec<Violation>) {
    let block = pattern(r"\bimpl(?:\s*<[^>]*>)?\s+Permit\b");
    let maker = pattern(r"\b(pub\s*(?:\(\s*crate\s*\))?)\s+(?:const\s+|async\s+)*fn\s+\w+([^{;]*)->([^{;]*)");
    let receiver = pattern(r"^\s*(?:<[^>]*>)?\s*\(\s*(?:&\s*)?(?:'\w+\s+)?(?:mut\s+)?self\b");
    let returned = pattern(r"\b(?:Self|Permit)\b");
    for offset in file.product_hits(&block) {
        let (start, body) = block_after(&file.code, offset);
        for found in maker.captures_iter(body) {
            let part = |index: usize| found.get(index).map_or("", |part| part.as_str());
            let place = start + found.get(1).map_or(0, |all| all.start());
            if returned.is_match(part(3)) && !receiver.is_match(part(2)) && !file.is_test(place) {
                let fix = "a function that makes a `Permit` is `pub(in crate::gateway)` at most";
                violations.push(file.violation(place, fix));
            }
        }
    }
}

/// Pingora asks for the upstream again on each attempt; the permit is taken out, so a second attempt finds none.
pub(crate) fn upstream_peer_takes_the_permit(files: &[SourceFile]) -> Vec<Violation> {
    let peer = pattern(r"\bfn\s+(upstream_peer)\b");
    let take = pattern(r"\.\s*take\w*\s*\(");
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_source()) {
        for offset in file.product_hits(&peer) {
            let (_, body) = block_after(&file.code, offset);
            if !take.is_match(body) {
                let fix = "take the permit out of the context with `Option::take`, and fail with 502 if there is none";
                violations.push(file.violation(offset, fix));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::text::{clean, planted};

    #[test]
    fn a_second_load_is_found() {
        planted(
            a_request_loads_one_snapshot,
            &[
                ("src/gateway/pipeline.rs", "fn f() {\n    let snapshot = self.snapshot.load(); //~\n}"),
                ("src/gateway/record.rs", "fn f() {\n    let again = state.policy.load_full(); //~\n}"),
            ],
        );
        planted(a_request_loads_one_snapshot, &[("src/gateway/pipeline.rs", "//! No load at all. //~")]);
        planted(
            a_request_loads_one_snapshot,
            &[("src/proxy/service.rs", "let snapshot = self.gateway.snapshot().load(); //~")],
        );
    }

    #[test]
    fn one_load_is_clean() {
        clean(
            a_request_loads_one_snapshot,
            &[
                (
                    "src/gateway/pipeline.rs",
                    "let snapshot = self.snapshot.load();\nself.count.load(Ordering::Relaxed);",
                ),
                ("src/gateway/publish.rs", "let before = self.snapshot.load();"),
                ("src/gateway/tests.rs", "let a = gateway.snapshot.load();"),
                ("src/proxy/tls.rs", "let certificate = self.certificate.load();"),
            ],
        );
    }

    #[test]
    fn a_second_writer_is_found() {
        planted(
            the_snapshot_has_one_writer,
            &[
                ("src/app.rs", "state.snapshot.store(Arc::new(compile(next))); //~"),
                ("src/control/a.rs", "snapshots().store(next); //~"),
            ],
        );
        clean(
            the_snapshot_has_one_writer,
            &[
                ("src/gateway/publish.rs", "self.snapshot.store(next);"),
                ("src/app.rs", "self.snapshot.store(3, Ordering::Relaxed);\nself.certificate.store(next);"),
            ],
        );
    }

    #[test]
    fn a_permit_made_elsewhere_is_found() {
        planted(
            permits_come_from_the_gateway,
            &[
                ("src/proxy/a.rs", "fn f() {\n    let permit = Permit { route }; //~\n}"),
                ("src/proxy/b.rs", "let permit = crate::gateway::Permit::new(route); //~"),
                ("src/control/c.rs", "forward(gateway::Permit { //~\n    route,\n});"),
            ],
        );
    }

    #[test]
    fn a_permit_passed_on_is_clean() {
        clean(
            permits_come_from_the_gateway,
            &[
                ("src/gateway/permit.rs", "impl Permit { fn new() -> Self { Permit { route } } }"),
                (
                    "src/proxy/a.rs",
                    "fn f(p: Option<Permit>) -> Permit {\n    p\n}\nfn g() -> &'a mut gateway::Permit { }",
                ),
                (
                    "src/proxy/b.rs",
                    "use crate::gateway::Permit;\nstruct SemaphorePermit { a: u8 }\nSemaphorePermit::new()",
                ),
                (
                    "src/proxy/c.rs",
                    "impl Spend for Permit {}\n#[cfg(test)]\nmod tests { fn f() { Permit::sample() } }",
                ),
            ],
        );
    }

    #[test]
    fn a_permit_that_can_be_made_twice_is_found() {
        planted(
            a_permit_cannot_be_made_twice,
            &[
                (
                    "src/gateway/permit.rs",
                    "#[derive(Debug, Clone)]\npub struct Permit { //~\n    route: u8,\n}",
                ),
                (
                    "src/gateway/b.rs",
                    "pub struct Permit {\n    pub route: u8, //~\n    pub(crate) plan: u8, //~\n}",
                ),
                ("src/gateway/c.rs", "pub struct Permit(pub u8); //~"),
                ("src/gateway/d.rs", "impl Clone for Permit { //~\n}"),
                (
                    "src/gateway/e.rs",
                    "impl Permit {\n    pub fn new(route: u8) -> Self { //~\n        Self { route }\n    }\n}",
                ),
                (
                    "src/gateway/f.rs",
                    "impl Permit {\n    pub(crate) const fn try_new() -> Option<Permit> { //~\n    }\n}",
                ),
                ("src/proxy/permit.rs", "struct Permit; //~"),
            ],
        );
    }

    #[test]
    fn a_permit_by_value_is_clean() {
        clean(
            a_permit_cannot_be_made_twice,
            &[(
                "src/gateway/permit.rs",
                "#[derive(Clone)]\nstruct Other;\n#[derive(Debug)]\npub struct Permit {\n    route: u8,\n}\nimpl Permit {\n    \
                 pub(in crate::gateway) fn new(route: u8) -> Self { Self { route } }\n    fn sample() -> Self { }\n    \
                 pub fn route(&self) -> &Route { }\n    pub fn with_plan(self, plan: u8) -> Self { }\n}",
            )],
        );
    }

    #[test]
    fn an_upstream_without_a_permit_taken_is_found() {
        planted(
            upstream_peer_takes_the_permit,
            &[(
                "src/proxy/service.rs",
                "async fn upstream_peer(&self, ctx: &mut C) -> Result<Peer> { //~\n    ctx.permit.as_ref()\n}",
            )],
        );
        clean(
            upstream_peer_takes_the_permit,
            &[(
                "src/proxy/service.rs",
                "async fn upstream_peer(&self, ctx: &mut C) -> Result<Peer> {\n    ctx.permit.take()\n}",
            )],
        );
    }
}
