//! OpenAPI documents: which operations they become, and what is refused of them with its place.

use proptest::prelude::*;

use crate::config::tests::load_beside;
use crate::config::{Operation, Protocol};

/// A route on `crm.yaml` in flow style, with changes as further keys.
fn route(more: &str) -> String {
    let prefix = if more.contains("match:") { "" } else { "match: {path_prefix: /crm}, " };
    format!(
        "routes:\n- {{name: crm, {prefix}protocol: http, capability_prefix: crm, openapi: crm.yaml, \
         upstream: {{addresses: [\"127.0.0.1:9\"]}}{more}}}\n"
    )
}

/// The operations, one a line: method, path, capability, resource.
fn operations(more: &str, document: &str) -> String {
    let loaded = load_beside(&route(more), &[("crm.yaml", document)]);
    let config = loaded.unwrap_or_else(|problems| panic!("{problems}\n{document}"));
    let Protocol::Http { operations, .. } = &config.routes[0].protocol else { panic!("not http") };
    let line = |Operation { method, path, capability, resource }: &Operation| {
        format!(
            "{method} {path} {capability}{}",
            resource.as_ref().map_or(String::new(), |of| format!(" {of}"))
        )
    };
    operations.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The problems, one a line, without the folder's name.
fn problems(more: &str, document: &str) -> String {
    let problems = load_beside(&route(more), &[("crm.yaml", document)]).err();
    problems.map_or_else(String::new, |problems| problems.to_string().replace("/etc/aegis/", ""))
}

const CRM: &str = r##"openapi: 3.1.0
info: {title: CRM, version: "1"}
servers: [{url: "https://crm.example/crm"}, {url: "https://old.example/v0"}]
x-internal: {anything: [1, {b: !!str c}]}
paths:
  x-note: {get: nonsense}
  /contacts:
    summary: all of them
    get: {operationId: listContacts, responses: {200: {description: ok}}}
    post: {operationId: contacts.create, requestBody: {content: {}}}
  /contacts/{id}:
    parameters: [{name: id, in: path}]
    get: {operationId: contacts.get, x-aegis-resource: "contact:{id}"}
    delete: {x-aegis-capability: crm.contacts.remove}
  /contacts/search:
    get: {operationId: Search-Contacts}
  /contacts/{id}.vcf:
    get: {operationId: contacts.2vcf}
  /shared:
    $ref: "#/components/pathItems/shared"
  /again/:
    $ref: "#/paths/~1contacts~1%7Bid%7D"
components:
  schemas: {Contact: {type: object, properties: {get: {type: string}}}}
  pathItems:
    shared: {get: {operationId: shared}}
"##;

#[test]
fn a_document_becomes_operations() {
    let document = CRM.replace("  /again/:\n    $ref: \"#/paths/~1contacts~1%7Bid%7D\"\n", "");
    let expected = "\
GET /crm/contacts crm.list_contacts
POST /crm/contacts crm.contacts.create
GET /crm/contacts/{id} crm.contacts.get contact:{id}
DELETE /crm/contacts/{id} crm.contacts.remove
GET /crm/contacts/search crm.search_contacts
GET /crm/contacts/{id}.vcf crm.contacts_2vcf
GET /crm/shared crm.shared";
    assert_eq!(operations("", &document), expected);
    let json = serde_json::to_string_pretty(
        &crate::model::document::Document::parse("crm.yaml", &document.replace("!!str", ""))
            .unwrap()
            .to_json(),
    );
    assert_eq!(operations("", &json.unwrap()), expected, "the same as JSON");
    let route = ", strip_prefix: true, match: {path_prefix: \"/t/%7Ba%7D%20b\"}";
    assert!(operations(route, &document).starts_with("GET /t/{a} b/crm/contacts crm.list_contacts\n"));
}

#[test]
fn an_operation_of_the_route_goes_before_one_of_the_document() {
    let own = ", operations: [{method: GET, path: \"/crm/contacts/{contact}/\", capability: crm.own}, \
               {method: GET, path: \"/crm/again\", capability: crm.again}, \
               {method: DELETE, path: \"/crm/again\", capability: crm.again}]";
    let found = operations(own, CRM);
    assert!(found.starts_with("GET /crm/contacts/{contact} crm.own\nGET /crm/again crm.again\n"), "{found}");
    assert!(!found.contains("contacts.get") && found.contains("DELETE /crm/contacts/{id}"), "{found}");
    // Also where the document's own could not be read.
    let document =
        "openapi: 3.0.3\npaths:\n  /crm/{a}...{b}: {get: {operationId: diff, servers: [{url: /x}]}}\n";
    let own = ", operations: [{method: GET, path: \"/crm/{range}\", capability: crm.diff}]";
    assert_eq!(operations(own, document), "GET /crm/{range} crm.diff");
}

#[test]
fn the_base_path_is_that_of_the_first_server() {
    let of = |servers: &str, path: &str, more: &str| {
        operations(
            more,
            &format!("openapi: 3.0.0\nservers: {servers}\npaths: {{{path}: {{get: {{operationId: a}}}}}}\n"),
        )
    };
    for (servers, path) in [
        ("[{url: /crm}, {url: /other}]", "/a"),
        ("[{url: /crm/}]", "/a"),
        ("[{url: \"https://x.example:8443/crm\"}]", "/a"),
        ("[{url: \"//x.example/crm\"}]", "/a"),
        (
            "[{url: \"https://{host}:{port}/{base}\", variables: {host: {default: x}, port: {default: 443}, base: {default: crm}}}]",
            "/a",
        ),
        ("[{url: \"https://x.example\"}]", "/crm/a"),
        ("[{url: /}]", "/crm/a"),
        ("[{url: \"/%63rm\"}]", "/a"),
        ("[]", "/crm/a"),
        ("null", "/crm/a"),
    ] {
        assert_eq!(of(servers, path, ""), "GET /crm/a crm.a", "{servers}");
    }
    assert_eq!(of("[{url: /v1}]", "/a", ", strip_prefix: true"), "GET /crm/v1/a crm.a");
    assert_eq!(of("[{url: /v1}]", "/a", ", match: {path_prefix: /v1/a}"), "GET /v1/a crm.a");
    assert_eq!(of("[{url: /v1}]", "\"/{x}\"", ", match: {path_prefix: /v1/a}"), "GET /v1/{x} crm.a");
}

/// Documents, and everything that is said about them.
const REFUSED: &[(&str, &str)] = &[
    ("", "crm.yaml:1:1: not an OpenAPI document: it is no mapping"),
    ("[1", "crm.yaml:1:1: not valid YAML: unclosed bracket '['"),
    (
        "{info: {}}",
        "crm.yaml:1:1: not an OpenAPI document: it has no key openapi; write its version, such as openapi: 3.1.0",
    ),
    (
        "info: {}\nswagger: \"2.0\"\npaths: {}",
        "crm.yaml:2:1: swagger: Swagger 2.0 is not read, only OpenAPI 3.0 and 3.1; convert the document, for example with swagger2openapi",
    ),
    (
        "openapi: 3.0\npaths: {}",
        "crm.yaml:1:10: openapi: expected a version such as \"3.1.0\", found a number",
    ),
    (
        "openapi: 3.2.0\npaths: {}",
        "crm.yaml:1:10: openapi: this version of OpenAPI is not read, only 3.0 and 3.1",
    ),
    (
        "openapi: 3.10.0\npaths: {}",
        "crm.yaml:1:10: openapi: this version of OpenAPI is not read, only 3.0 and 3.1",
    ),
    (
        "openapi: 3.1.0",
        "crm.yaml:1:1: the document has no paths; without an operation, leave openapi out of the route",
    ),
    ("openapi: 3.1.0\npaths: []", "crm.yaml:2:8: paths: expected a mapping, found a list"),
    (
        "openapi: 3.1.0\npaths:\n  /crm:\n",
        "crm.yaml:3:7: paths[\"/crm\"]: expected a mapping, found nothing (null)",
    ),
    (
        "openapi: 3.1.0\npaths: {/crm: {get: [1]}}",
        "crm.yaml:2:21: paths[\"/crm\"].get: expected a mapping, found a list",
    ),
    (
        "openapi: 3.1.0\npaths:\n  /crm: {GET: {operationId: a}}\n  /crm: {}\n",
        "crm.yaml:4:3: the key \"/crm\" is written twice; the first one is at line 3",
    ),
    (
        "openapi: 3.1.0\npaths: {/crm: {GET: {operationId: a}}}",
        "crm.yaml:2:16: paths[\"/crm\"].GET: not a method in small letters; write it as get",
    ),
    (
        "openapi: 3.1.0\npaths:\n  crm: {}\n  /crm/%41: {get: {operationId: b}}\n  /crm/{a}-{b}: {get: {operationId: c}}\n  /crm/{$x}: {get: {operationId: d}}\n  /crm/{id}/{id}: {get: {operationId: e}}",
        "crm.yaml:4:3: paths[\"/crm/%41\"]: the path is written decoded and without query: no ?, #, %, \\ or ;; leave it out of the document: its requests are then unmapped\n\
         crm.yaml:5:3: paths[\"/crm/{a}-{b}\"]: a segment has more than one {variable}; write its operations in the route's operations, as /crm/{v1}\n\
         crm.yaml:6:3: paths[\"/crm/{$x}\"]: a variable needs a name of letters, digits, _, - and .; write its operations in the route's operations, as /crm/{v1}\n\
         crm.yaml:7:3: paths[\"/crm/{id}/{id}\"]: the variable {id} stands twice in the path; write its operations in the route's operations, as /crm/{v1}/{v2}",
    ),
    (
        "openapi: 3.1.0\npaths: {/crm: {get: {}, put: {operationId: 5}, post: {operationId: \"l\u{f6}sche\"}, delete: {operationId: unmapped}, patch: {operationId: Resources.read}}}",
        "crm.yaml:2:16: paths[\"/crm\"].get: the operation has no operationId, so it has no capability; write x-aegis-capability in the operation, or the operation in the route's operations\n\
         crm.yaml:2:44: paths[\"/crm\"].put.operationId: expected a string, found an integer\n\
         crm.yaml:2:68: paths[\"/crm\"].post.operationId: no capability can be made of this operationId; write x-aegis-capability in the operation, or the operation in the route's operations\n\
         crm.yaml:2:101: paths[\"/crm\"].delete.operationId: crm.unmapped is what the route calls something else (reserved: unmapped, tunnel, resources.read, prompts.get); write x-aegis-capability in the operation, or the operation in the route's operations\n\
         crm.yaml:2:133: paths[\"/crm\"].patch.operationId: crm.resources.read is what the route calls something else (reserved: unmapped, tunnel, resources.read, prompts.get); write x-aegis-capability in the operation, or the operation in the route's operations",
    ),
    (
        "openapi: 3.1.0\nx-aegis-capability: crm.a\npaths:\n  /crm/{id}:\n    X-Aegis-Resource: a\n    get: {operationId: a, x-aegis-capabilty: crm.b, x-aegis-resource: \"a:{it}\"}\n    put: {x-aegis-capability: hr.a}\n    post: {x-aegis-capability: [crm.a], x-aegis-resource: 5}\n    patch: {x-aegis-capability: crm, x-aegis-resource: \"{\"}",
        "crm.yaml:2:1: x-aegis-capability: unknown key; x-aegis-capability and x-aegis-resource are known, in operations\n\
         crm.yaml:5:5: paths[\"/crm/{id}\"].X-Aegis-Resource: unknown key; x-aegis-capability and x-aegis-resource are known, in operations\n\
         crm.yaml:6:27: paths[\"/crm/{id}\"].get.x-aegis-capabilty: unknown key; did you mean \"x-aegis-capability\"?\n\
         crm.yaml:6:71: paths[\"/crm/{id}\"].get.x-aegis-resource: the path has no variable {it}\n\
         crm.yaml:7:31: paths[\"/crm/{id}\"].put.x-aegis-capability: not below the route's capability_prefix crm\n\
         crm.yaml:8:32: paths[\"/crm/{id}\"].post.x-aegis-capability: expected a string, found a list\n\
         crm.yaml:8:59: paths[\"/crm/{id}\"].post.x-aegis-resource: expected a string, found an integer\n\
         crm.yaml:9:33: paths[\"/crm/{id}\"].patch.x-aegis-capability: not a capability name: two to eight parts joined by dots, each a lower-case letter followed by lower-case letters, digits or _, 128 bytes at most (such as \"files.read_file\")\n\
         crm.yaml:9:56: paths[\"/crm/{id}\"].patch.x-aegis-resource: a brace is not closed",
    ),
    (
        "openapi: 3.1.0\npaths:\n  /crm/a: {get: {operationId: readIt}}\n  /crm/b: {get: {operationId: read_it}}\n  /crm/c: {get: {x-aegis-capability: crm.read_it}, put: {x-aegis-capability: crm.read_it}}",
        "crm.yaml:3:12: paths[\"/crm/a\"].get: the capability crm.read_it is already that of the operation in line 5; write x-aegis-capability in the operation, or the operation in the route's operations\n\
         crm.yaml:4:12: paths[\"/crm/b\"].get: the capability crm.read_it is already that of the operation in line 5; write x-aegis-capability in the operation, or the operation in the route's operations",
    ),
    (
        "openapi: 3.1.0\npaths:\n  /crm/{a}/c: {get: {operationId: a}, put: {operationId: b}}\n  /crm/b/{d}: {get: {operationId: c}, delete: {operationId: d}}\n  /crm/b/{e}/: {delete: {operationId: e}}",
        "crm.yaml:4:16: paths[\"/crm/b/{d}\"].get: some paths are this and /crm/{a}/c in line 3, and neither is narrower at every segment: which one is meant depends on who reads; write what they share as an operation too: GET /crm/b/c\n\
         crm.yaml:5:17: paths[\"/crm/b/{e}/\"].delete: the same method and path as in line 4: it would never be matched",
    ),
    (
        "openapi: 3.1.0\npaths:\n  /crm/a: {servers: [{url: /x}], get: {operationId: a}}\n  /crm/b: {servers: [], get: {operationId: b, servers: [{url: /crm}]}}",
        "crm.yaml:3:12: paths[\"/crm/a\"].servers: a path or operation with servers of its own is not read: it may be another tool's; if it is this route's, write it in the route's operations\n\
         crm.yaml:4:47: paths[\"/crm/b\"].get.servers: a path or operation with servers of its own is not read: it may be another tool's; if it is this route's, write it in the route's operations",
    ),
    (
        "openapi: 3.1.0\npaths:\n  /crm/a: {$ref: \"other.yaml#/a\"}\n  /crm/b: {$ref: \"#/components/schemas/a\"}\n  /crm/c: {$ref: \"#/paths/~1crm~1d\"}\n  /crm/d: {$ref: \"#/paths/~1crm~1c\"}\n  /crm/e: {$ref: \"#/paths/~1crm~1f\", get: {operationId: a}}\n  /crm/f: {$ref: 5}\n  /crm/g: {$ref: \"#/paths/%zz\"}\ncomponents: {schemas: {a: {get: {operationId: x}}}}",
        "crm.yaml:3:18: paths[\"/crm/a\"].$ref: references to other documents are not followed; bundle the documents into one, for example with redocly bundle\n\
         crm.yaml:4:18: paths[\"/crm/b\"].$ref: leads to nothing in paths or components.pathItems of this document\n\
         crm.yaml:5:18: paths[\"/crm/c\"].$ref: leads in a circle, or through more than 16 references\n\
         crm.yaml:6:18: paths[\"/crm/d\"].$ref: leads in a circle, or through more than 16 references\n\
         crm.yaml:7:12: paths[\"/crm/e\"].$ref: OpenAPI does not say what methods or servers beside $ref mean; put them where it leads\n\
         crm.yaml:8:18: paths[\"/crm/f\"].$ref: expected a string, found an integer\n\
         crm.yaml:9:18: paths[\"/crm/g\"].$ref: leads to nothing in paths or components.pathItems of this document",
    ),
    (
        "openapi: 3.1.0\nservers: [{url: /v1}]\npaths: {/a: {get: {operationId: a}}, /b: {get: {operationId: b}}}",
        "gateway.yaml:2:92: routes[0].openapi: no path of the document is under the route's path_prefix /crm (they begin with /v1); write strip_prefix: true if clients send the prefix before the document's paths, or a path_prefix that they have",
    ),
    (
        "openapi: 3.1.0\npaths: {/a: {get: {operationId: a}}, /crm: {get: {operationId: b}}}",
        "crm.yaml:2:9: paths[\"/a\"]: not under the route's path_prefix /crm: it would never be matched; leave it out of the document, or widen the route's path_prefix",
    ),
    ("openapi: 3.1.0\nservers: 5\npaths: {}", "crm.yaml:2:10: servers: expected a list, found an integer"),
    ("openapi: 3.1.0\nservers: [{}]\npaths: {}", "crm.yaml:2:11: servers[0]: missing key \"url\""),
    (
        "openapi: 3.1.0\nservers: [{url: [a]}]\npaths: {}",
        "crm.yaml:2:17: servers[0].url: expected a string, found a list",
    ),
    (
        "openapi: 3.1.0\nservers: [{url: v1}]\npaths: {/a: {get: {}}}",
        "crm.yaml:2:17: servers[0].url: relative to where the document is published, which is not known here; write it as https://crm.example/v1 or /v1; of the host nothing is used\n\
         crm.yaml:3:14: paths[\"/a\"].get: the operation has no operationId, so it has no capability; write x-aegis-capability in the operation, or the operation in the route's operations",
    ),
    (
        "openapi: 3.1.0\nservers: [{url: \"/v1?a=b\"}]\npaths: {}",
        "crm.yaml:2:17: servers[0].url: a server's URL has no query and no fragment; write it as https://crm.example/v1 or /v1; of the host nothing is used",
    ),
    (
        "openapi: 3.1.0\nservers: [{url: \"/a/../b\"}]\npaths: {}",
        "crm.yaml:2:17: servers[0].url: the path holds a dot segment",
    ),
    (
        "openapi: 3.1.0\nservers: [{url: \"/{a\"}]\npaths: {}",
        "crm.yaml:2:17: servers[0].url: a brace is not closed",
    ),
    (
        "openapi: 3.1.0\nservers: [{url: \"/{a}\", variables: {a: {enum: [b]}}}]\npaths: {}",
        "crm.yaml:2:40: servers[0].variables.a: a variable of the URL has no default that is a string",
    ),
];

#[test]
fn mistakes_are_told_with_their_places_all_at_once() {
    for (document, expected) in REFUSED {
        assert_eq!(problems("", document), *expected, "{document}");
    }
}

#[test]
fn a_document_that_is_not_there_is_a_problem_of_its_key() {
    let problems = load_beside(&route(""), &[]).unwrap_err().to_string();
    assert_eq!(
        problems,
        "gateway.yaml:2:92: routes[0].openapi: the file crm.yaml cannot be read: no such file"
    );
    let both = load_beside(&(route("") + "stage: tst\n"), &[("crm.yaml", "openapi: 3.1.0\npaths: []")]);
    let both = both.unwrap_err().to_string();
    assert!(both.contains("crm.yaml:2:8: paths: ") && both.contains("gateway.yaml:3:8: stage: "), "{both}");
}

#[test]
fn a_written_operation_and_one_of_the_document_are_held_against_each_other() {
    let document = "openapi: 3.1.0\npaths:\n  /crm/b/{c}: {get: {operationId: own}}";
    let own = ", operations: [{method: GET, path: \"/crm/{a}/c\", capability: crm.own}]";
    let line = "in gateway.yaml:2";
    let found = problems(own, document);
    assert!(found.contains(&format!("some paths are this and /crm/{{a}}/c {line},")), "{found}");
    assert!(
        found.contains(&format!("the capability crm.own is already that of the operation {line};")),
        "{found}"
    );
    assert!(
        found.lines().all(|line| line.starts_with("crm.yaml:3:16: paths[\"/crm/b/{c}\"].get: ")),
        "{found}"
    );
}

#[test]
fn large_documents_are_read_and_larger_ones_refused() {
    let schema = (0..60).fold("{type: string}".to_owned(), |inner, _| format!("{{items: {inner}}}"));
    let path =
        |n: usize| format!("  /crm/r{n}/{{id}}:\n    get: {{operationId: read{n}, responses: {schema}}}\n");
    let document = (0..3000).fold("openapi: 3.1.0\npaths:\n".to_owned(), |text, n| text + &path(n));
    assert_eq!(operations("", &document).lines().count(), 3000);
    let deep = document.replacen("{type: string}", &"[".repeat(60), 1);
    assert!(problems("", &deep).contains("nested deeper than 96 levels"), "{}", problems("", &deep));
    let many = (0..10_001).fold("openapi: 3.1.0\npaths:\n".to_owned(), |text, n| {
        text + &format!("  /crm/r{n}: {{get: {{operationId: r{n}}}}}\n")
    });
    assert!(problems("", &many).contains("routes[0]: 10001 operations, more than 10000"));
    let long = "a".repeat(9 << 20);
    assert!(problems("", &long).contains("bytes, more than 8388608"));
}

proptest! {
    #[test]
    fn nothing_that_is_written_in_a_document_makes_reading_panic(
        lines in prop::collection::vec("(  |    |      )(/crm|/\\{a\\}|get|\\$ref|servers|operationId|x-aegis-capability|url|components|pathItems): ?([a-z{}#/]{0,9})", 0..12),
    ) {
        let document = format!("openapi: 3.1.0\npaths:\n{}\n", lines.join("\n"));
        let _ = load_beside(&route(""), &[("crm.yaml", &document)]);
    }
}
