//! Checks requests against Discord's own description of its HTTP API.
//!
//! The description (`openapi/openapi.json.gz`, MIT, by Discord) is read once per process and never changes; its
//! validators are built when a route is first met. Where it and the real API differ, [`exceptions`] says so.
//!
//! **Invariants**
//! - A request that the real API takes is not objected to; each known difference has an entry with its reason.
//! - Nothing here depends on the state of an emulator.
//!
//! It does not know Discord's limits beyond what the description holds; those are in `limits`.

mod description;
mod exceptions;
mod unknown;
mod validators;

use serde_json::{Value, json};

use self::description::{Operation, Parameter, description};
use crate::api::{ApiRequest, ApiResponse, Body};

/// One deviation from the description.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) rule: &'static str,
    pub(crate) found: String,
}

/// All deviations of a request.
pub(crate) fn check(request: &ApiRequest) -> Vec<Finding> {
    let description = description();
    let Some((operation, path)) = description.find(request) else {
        let found = format!("{} {} is not described", request.method, request.path);
        return vec![Finding { rule: "openapi.route", found }];
    };
    let mut findings = Vec::new();
    check_path(&path, &mut findings);
    check_query(operation, request, &mut findings);
    check_body(operation, request, &mut findings);
    findings
}

/// What is wrong with an answer of success: the emulator's own fault, not the client's.
pub(crate) fn check_response(request: &ApiRequest, response: &ApiResponse) -> Vec<Finding> {
    let Some((operation, _)) = description().find(request) else { return Vec::new() };
    let errors = operation.response_errors(response.status.as_u16(), response.body.as_ref());
    errors.into_iter().map(|found| Finding { rule: "emulator.response", found }).collect()
}

fn check_path(values: &[(&Parameter, &str)], findings: &mut Vec<Finding>) {
    for (parameter, value) in values {
        if !parameter.takes(value) {
            findings.push(Finding { rule: "openapi.path", found: format!("{}: {value:?}", parameter.name) });
        }
    }
}

fn check_query(operation: &Operation, request: &ApiRequest, findings: &mut Vec<Finding>) {
    for (name, value) in &request.query {
        let found = match operation.query.iter().find(|parameter| parameter.name == *name) {
            Some(parameter) if parameter.takes(value) => continue,
            Some(_) => format!("{name}: {value:?}"),
            None => format!("{name} is not described"),
        };
        findings.push(Finding { rule: "openapi.query", found });
    }
    for parameter in operation.query.iter().filter(|parameter| parameter.is_required) {
        if request.query(&parameter.name).is_none() {
            findings.push(Finding { rule: "openapi.query", found: format!("{} is missing", parameter.name) });
        }
    }
}

fn check_body(operation: &Operation, request: &ApiRequest, findings: &mut Vec<Finding>) {
    let mut object = |found: String| findings.push(Finding { rule: "openapi.body", found });
    let Some(body) = &operation.body else {
        // Clients send `null` or an empty object where there is nothing to say.
        if !matches!(request.json(), Value::Null) && *request.json() != json!({}) {
            object("no body is described".to_owned());
        }
        return;
    };
    match &request.body {
        Body::Malformed(_) => object("it is not JSON".to_owned()),
        Body::Empty if body.is_required => object("it is missing".to_owned()),
        Body::Empty => {}
        Body::Json(value) | Body::Multipart { payload: value, .. } => {
            body.errors(value).into_iter().for_each(&mut object);
            for path in unknown::properties(description().root(), &body.schema, value) {
                findings
                    .push(Finding { rule: "openapi.property", found: format!("{path} is not described") });
            }
        }
    }
}

#[cfg(test)]
mod tests;
