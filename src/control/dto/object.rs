//! An administered object: what was written of it, with every default, and what became of it.

use serde_json::{Map, Value, json};

use crate::policy::governance::{Object, Source};

/// The members of an object in an answer.
pub(in crate::control) fn object_form(object: &Object) -> Map<String, Value> {
    let stamp = &object.stamp;
    let mut members = Map::new();
    members.insert("id".to_owned(), json!(&*stamp.id));
    if let Value::Object(written) = &object.written {
        members.extend(written.clone());
    }
    members.insert("version".to_owned(), json!(stamp.version));
    members.insert("created_at".to_owned(), json!(stamp.created_at.to_rfc3339()));
    members.insert("updated_at".to_owned(), json!(stamp.updated_at.to_rfc3339()));
    match &stamp.source {
        Source::Api => members.insert("source".to_owned(), json!("api")),
        // What a file says is changed there.
        Source::File(file) => {
            members.insert("source".to_owned(), json!("file"));
            members.insert("file".to_owned(), json!(&**file))
        }
    };
    members
}
