//! Properties that the description does not know.
//!
//! Discord ignores them without a word, so that a misspelt or outdated one is never noticed in production.

use serde_json::Value;

/// The paths of all properties of `value` that no alternative of the schema names.
pub(super) fn properties(root: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    visit(root, &[schema], value, "", &mut found);
    found
}

fn visit(root: &Value, schemas: &[&Value], value: &Value, path: &str, found: &mut Vec<String>) {
    let schemas = flattened(root, schemas);
    match value {
        Value::Array(items) => {
            let of_items: Vec<&Value> = schemas.iter().filter_map(|schema| schema.get("items")).collect();
            for (index, item) in items.iter().enumerate() {
                visit(root, &of_items, item, &format!("{path}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            let is_open = |schema: &&Value| {
                schema.get("additionalProperties").is_some_and(|more| *more != Value::Bool(false))
            };
            let is_described = schemas.iter().any(|schema| schema.get("properties").is_some());
            if !is_described || schemas.iter().any(is_open) {
                return;
            }
            for (name, value) in fields {
                let path = format!("{path}/{name}");
                let of_field: Vec<&Value> =
                    schemas.iter().filter_map(|schema| schema.get("properties")?.get(name)).collect();
                if of_field.is_empty() {
                    found.push(path);
                } else {
                    visit(root, &of_field, value, &path, found);
                }
            }
        }
        _ => {}
    }
}

/// The schemas with references followed and alternatives laid side by side.
fn flattened<'a>(root: &'a Value, schemas: &[&'a Value]) -> Vec<&'a Value> {
    let mut open = schemas.to_vec();
    let mut flat = Vec::new();
    while let Some(schema) = open.pop() {
        if let Some(target) =
            schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'))
        {
            open.extend(root.pointer(target));
        }
        for combination in ["allOf", "anyOf", "oneOf"] {
            open.extend(schema.get(combination).and_then(Value::as_array).into_iter().flatten());
        }
        flat.push(schema);
    }
    flat
}
