//! Modals (<https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal>).

use serde_json::Value;

use super::component;
use super::finding::{At, Findings};

const TEXT_INPUT: i64 = 4;

pub(super) fn check(data: &Value, findings: &mut Findings) {
    let modal = At::new(data, "data");
    findings.required("modal.title", &modal, "title");
    findings.length("modal.title", &modal, "title", 0, 45);
    findings.required("modal.custom_id", &modal, "custom_id");
    findings.length("modal.custom_id", &modal, "custom_id", 1, 100);
    findings.count("modal.rows", &modal, "components", 1, 5);
    let all = component::with_nested(&modal.items("components"));
    component::custom_ids(&all, findings);
    for input in all.iter().filter(|component| component.number("type") == Some(TEXT_INPUT)) {
        text_input(input, findings);
    }
}

fn text_input(input: &At<'_>, findings: &mut Findings) {
    findings.required("modal.input.custom_id", input, "custom_id");
    findings.length("modal.input.label", input, "label", 1, 45);
    findings.length("modal.input.placeholder", input, "placeholder", 0, 100);
    findings.length("modal.input.value", input, "value", 0, 4000);
    findings.range("modal.input.style", input, "style", 1, 2);
    findings.range("modal.input.min_length", input, "min_length", 0, 4000);
    findings.range("modal.input.max_length", input, "max_length", 1, 4000);
    let (least, most) = (input.number("min_length").unwrap_or(0), input.number("max_length").unwrap_or(4000));
    if least > most {
        let found = format!("min_length {least} > max_length {most}");
        findings.refuse("modal.input.length", input.here(), "BASE_TYPE_BAD_LENGTH", found);
    }
    let filled = input.length_of("value");
    if i64::try_from(filled).is_ok_and(|filled| filled > most) {
        let found = format!("the value has {filled} characters, max_length is {most}");
        findings.refuse("modal.input.value", &input.path("value"), "BASE_TYPE_MAX_LENGTH", found);
    }
}
