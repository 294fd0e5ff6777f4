//! The example policies and schemas: each policy is read, valid and indexed, and decides as in Cedar's authorizer.

use serde_json::{Value, json};

use crate::policy::cedar::tests::cases::asking::Case;
use crate::policy::cedar::tests::cases::drawn::Drawn;
use crate::policy::cedar::tests::cases::files::{Policies, below, said, text, value};
use crate::policy::cedar::{CedarSchema, Touching, read, string_literal};

/// Hierarchies of an example, and requests in each.
const HIERARCHIES: usize = 40;
const REQUESTS: usize = 10;

/// The examples: their policies, and their templates, which are left out.
const EXAMPLES: [(&str, usize, usize); 8] = [
    ("document_cloud", 15, 0),
    ("github_example", 9, 0),
    ("hotel_chains", 6, 0),
    ("sales_orgs", 10, 0),
    ("streaming_service", 6, 0),
    ("tags_n_roles", 2, 0),
    ("tax_preparer", 2, 1),
    ("tinytodo", 4, 0),
];

fn example(name: &str) -> (String, Policies) {
    let schema = text(&format!("examples/{name}/policies.cedarschema"));
    (schema, Policies::of(&format!("examples/{name}/policies.cedar")).without_templates())
}

#[test]
fn examples_are_read_valid_and_indexed() {
    for (name, count, templates) in EXAMPLES {
        let all = Policies::of(&format!("examples/{name}/policies.cedar"));
        assert_eq!((all.statics.len(), all.templates.len()), (count, templates), "{name}");
        let (schema, policies) = example(name);
        let schema = CedarSchema::read(&schema).unwrap();
        let engine = &policies.engines()[1];
        let mut found = engine.touching(&Touching::parse(None, None, None).unwrap());
        found.sort();
        let mut ids: Vec<&str> = policies.statics.iter().map(|(id, _)| id.as_str()).collect();
        ids.sort_unstable();
        assert_eq!(found.iter().map(|id| &**id).collect::<Vec<_>>(), ids, "{name}");
        for (id, text) in &policies.statics {
            assert_eq!(schema.validate(&read(text).unwrap()), Ok(Vec::new()), "{name} {id}");
        }
    }
    assert_eq!(below("examples", ".cedar").len(), EXAMPLES.len());
}

#[test]
fn examples_decide_as_the_authorizer_does() {
    for (name, ..) in EXAMPLES {
        let (schema, policies) = example(name);
        let mut drawn = Drawn::of(&schema, &policies);
        let (mut allowed, mut failed) = (0, 0);
        for _ in 0..HIERARCHIES {
            let entities = drawn.hierarchy();
            for _ in 0..REQUESTS {
                let (allows, _, errors) = drawn.request(&entities).answer(&policies);
                allowed += usize::from(allows);
                failed += usize::from(!errors.is_empty());
            }
        }
        let all = HIERARCHIES * REQUESTS;
        assert!(allowed > 0 && allowed < all && failed > 0, "{name}: {allowed} allowed, {failed} failed");
    }
}

/// Each kind of scope, expression and extension, asked by requests with odd ids and deep contexts.
#[test]
fn parts_of_the_language_decide_as_the_authorizer_does() {
    let texts = |folder: &str, ending: &str| below(&format!("parts/{folder}"), ending);
    let entities: Vec<Value> = texts("entities", ".json").iter().map(|name| value(name)).collect();
    let mut asked = 0;
    for request in texts("requests", ".json").iter().map(|name| value(name)) {
        let uid = |name: &str| -> Value {
            let of = &request[name];
            let id = string_literal(said(of, "id").unwrap());
            format!("{}::{id}", said(of, "type").unwrap()).into()
        };
        let request = json!({
            "principal": uid("principal"),
            "action": uid("action"),
            "resource": uid("resource"),
            "context": request["context"],
        });
        for name in texts("policies", ".cedar") {
            let policies = Policies::of(&name);
            for entities in &entities {
                Case::of(&request, entities, None).unwrap().answer(&policies);
                asked += 1;
            }
        }
    }
    assert_eq!(asked, 1120);
}
