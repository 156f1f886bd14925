//! The description itself: routes, their parameters and their bodies.

use std::collections::HashMap;
use std::io::Read;
use std::sync::OnceLock;

use axum::http::Method;
use flate2::read::GzDecoder;
use serde_json::Value;

use super::exceptions;
use super::validators::Lazy;
use crate::api::ApiRequest;

/// The parsed description, with the exceptions applied.
pub(super) struct Description {
    root: Value,
    routes: Vec<Route>,
}

struct Route {
    segments: Vec<Segment>,
    operations: HashMap<String, Operation>,
}

enum Segment {
    Literal(String),
    Variable(Parameter),
}

/// Where an answer's schema is found in its description.
const JSON_SCHEMA: &str = "/content/application~1json/schema";

/// One method of one route.
pub(super) struct Operation {
    pub(super) query: Vec<Parameter>,
    pub(super) body: Option<RequestBody>,
    /// By status; `None` where the description has no body for it.
    responses: HashMap<String, Option<Lazy>>,
}

/// One variable of a path or a query.
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) is_required: bool,
    validator: Lazy,
}

/// What a body must look like.
pub(super) struct RequestBody {
    pub(super) schema: Value,
    pub(super) is_required: bool,
    validator: Lazy,
}

/// Discord's description, read once.
pub(super) fn description() -> &'static Description {
    static DESCRIPTION: OnceLock<Description> = OnceLock::new();
    DESCRIPTION.get_or_init(|| {
        let mut text = String::new();
        let packed: &[u8] = include_bytes!("../../openapi/openapi.json.gz");
        GzDecoder::new(packed)
            .read_to_string(&mut text)
            .expect("the description beside this crate can be unpacked");
        let mut root = serde_json::from_str(&text).expect("the description beside this crate is JSON");
        exceptions::apply(&mut root);
        Description::parse(root)
    })
}

impl Description {
    fn parse(root: Value) -> Self {
        let paths = root.get("paths").and_then(Value::as_object);
        let routes = paths.into_iter().flatten().map(|(path, route)| Route::parse(path, route)).collect();
        Self { root, routes }
    }

    /// The whole document, which references point into.
    pub(super) fn root(&self) -> &Value {
        &self.root
    }

    /// The operation that serves a request, with the values of the path's variables.
    ///
    /// Of several routes that fit, the one with the most literal segments is meant.
    pub(super) fn find<'a>(
        &'a self,
        request: &'a ApiRequest,
    ) -> Option<(&'a Operation, Vec<(&'a Parameter, &'a str)>)> {
        let segments: Vec<&str> = request.segments().collect();
        let fitting = self.routes.iter().filter_map(|route| {
            let operation = route.operation(&request.method)?;
            let values = route.fit(&segments)?;
            Some((operation, values))
        });
        fitting.min_by_key(|(_, values)| values.len())
    }
}

impl Route {
    fn parse(path: &str, route: &Value) -> Self {
        let shared = parameters(route);
        let of_path = |name: &str| {
            let found =
                shared.iter().find(|found| string(found, "in") == "path" && string(found, "name") == name);
            Parameter::parse(name, found.copied().unwrap_or(&Value::Null))
        };
        let segment = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => Segment::Variable(of_path(name)),
            None => Segment::Literal(part.to_owned()),
        };
        let operations = route.as_object().into_iter().flatten().filter(|(name, _)| *name != "parameters");
        Self {
            segments: path.split('/').filter(|part| !part.is_empty()).map(segment).collect(),
            operations: operations
                .map(|(method, operation)| (method.to_uppercase(), Operation::parse(operation, &shared)))
                .collect(),
        }
    }

    fn operation(&self, method: &Method) -> Option<&Operation> {
        self.operations.get(method.as_str())
    }

    fn fit<'a>(&'a self, segments: &[&'a str]) -> Option<Vec<(&'a Parameter, &'a str)>> {
        if segments.len() != self.segments.len() {
            return None;
        }
        let mut values = Vec::new();
        for (segment, value) in self.segments.iter().zip(segments) {
            match segment {
                Segment::Literal(literal) if literal == value => {}
                Segment::Literal(_) => return None,
                Segment::Variable(parameter) => values.push((parameter, *value)),
            }
        }
        Some(values)
    }
}

impl Operation {
    fn parse(operation: &Value, shared: &[&Value]) -> Self {
        let own = parameters(operation);
        let query = own.iter().chain(shared).filter(|parameter| string(parameter, "in") == "query");
        let content = operation.pointer("/requestBody/content").and_then(Value::as_object);
        let schema = content.and_then(|content| {
            let kind = content.get("application/json").or_else(|| content.get("multipart/form-data"))?;
            kind.get("schema").cloned()
        });
        let is_required =
            operation.pointer("/requestBody/required").and_then(Value::as_bool).unwrap_or(false);
        Self {
            query: query.map(|parameter| Parameter::parse(string(parameter, "name"), parameter)).collect(),
            body: schema.map(|schema| RequestBody { validator: Lazy::new(&schema), schema, is_required }),
            responses: operation
                .get("responses")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .map(|(status, response)| (status.clone(), response.pointer(JSON_SCHEMA).map(Lazy::new)))
                .collect(),
        }
    }

    /// What is wrong with an answer of success, in words.
    pub(super) fn response_errors(&self, status: u16, body: Option<&Value>) -> Vec<String> {
        match (self.responses.get(&status.to_string()), body) {
            (None, _) => vec![format!("status {status} is not described")],
            (Some(None), None) => Vec::new(),
            (Some(None), Some(_)) => vec![format!("status {status} has no body")],
            (Some(Some(_)), None) => vec![format!("status {status} has a body")],
            (Some(Some(validator)), Some(body)) => validator.errors(body),
        }
    }
}

impl Parameter {
    fn parse(name: &str, parameter: &Value) -> Self {
        let schema = parameter.get("schema").unwrap_or(&Value::Bool(true)).clone();
        Self {
            name: name.to_owned(),
            is_required: parameter.get("required").and_then(Value::as_bool).unwrap_or(false),
            validator: Lazy::new(&schema),
        }
    }

    /// Whether the text can be read as what the parameter asks for: text, number, truth value or list.
    pub(super) fn takes(&self, text: &str) -> bool {
        let mut readings = vec![Value::String(text.to_owned())];
        readings.extend(text.parse::<i64>().ok().map(Value::from));
        readings.extend(text.to_lowercase().parse::<bool>().ok().map(Value::from));
        readings.push(text.split(',').map(str::to_owned).collect());
        readings.iter().any(|reading| self.validator.is_valid(reading))
    }
}

impl RequestBody {
    /// What is wrong with a body, in words.
    pub(super) fn errors(&self, body: &Value) -> Vec<String> {
        self.validator.errors(body)
    }
}

fn parameters(value: &Value) -> Vec<&Value> {
    value.get("parameters").and_then(Value::as_array).into_iter().flatten().collect()
}

fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
