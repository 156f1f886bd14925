//! Buttons, selects and the rows they stand in
//! (<https://discord.com/developers/docs/components/reference>).

use std::ops::RangeInclusive;

use super::finding::{At, Findings};
use super::message::COMPONENTS_V2;

const ROW: i64 = 1;
const BUTTON: i64 = 2;
const STRING_SELECT: i64 = 3;
const SELECTS: RangeInclusive<i64> = 5..=8;
const LINK: i64 = 5;
const PREMIUM: i64 = 6;

const TEXT_DISPLAY: i64 = 10;

/// The most characters in all text displays of a message.
const MAX_V2_TEXT: usize = 4000;

/// The most components of a message with the newer layout, nested ones included.
const MAX_V2: usize = 40;

pub(super) fn check(message: &At<'_>, findings: &mut Findings) {
    let is_v2 = message.number("flags").unwrap_or(0) & COMPONENTS_V2 != 0;
    let top = message.items("components");
    let all = with_nested(&top);
    if is_v2 {
        if all.len() > MAX_V2 {
            let found = format!("Must be {MAX_V2} or fewer in length. ({})", all.len());
            findings.refuse("components.count", &message.path("components"), "BASE_TYPE_BAD_LENGTH", found);
        }
        let texts = all.iter().filter(|component| kind(component) == TEXT_DISPLAY);
        let length: usize = texts.map(|text| text.length_of("content")).sum();
        if length > MAX_V2_TEXT {
            let found = format!("Must be {MAX_V2_TEXT} or fewer in length. ({length})");
            findings.refuse(
                "components.text",
                &message.path("components"),
                "COMPONENT_MAX_TOTAL_TEXT",
                found,
            );
        }
    } else {
        findings.count("components.rows", message, "components", 0, 5);
        for other in top.iter().filter(|component| kind(component) != ROW) {
            let found = format!("Value of field \"type\" must be one of (1,). ({})", kind(other));
            findings.refuse("components.row", other.here(), "UNION_TYPE_CHOICES", found);
        }
    }
    for component in &all {
        one(component, findings);
    }
    custom_ids(&all, findings);
}

/// Ids by which a click is told apart must differ within a message or modal.
pub(super) fn custom_ids(all: &[At<'_>], findings: &mut Findings) {
    let ids =
        all.iter().filter_map(|component| Some((component.path("custom_id"), component.text("custom_id")?)));
    findings.unique("custom_id.unique", "COMPONENT_CUSTOM_ID_DUPLICATED", ids);
    for component in all {
        findings.length("custom_id.length", component, "custom_id", 1, 100);
    }
}

/// The components and everything inside them.
pub(super) fn with_nested<'a>(top: &[At<'a>]) -> Vec<At<'a>> {
    let mut all = Vec::new();
    for component in top {
        all.push(component.clone());
        let mut inner = component.items("components");
        inner.extend(component.field("accessory"));
        inner.extend(component.field("component"));
        all.extend(with_nested(&inner));
    }
    all
}

fn kind(component: &At<'_>) -> i64 {
    component.number("type").unwrap_or(0)
}

fn one(component: &At<'_>, findings: &mut Findings) {
    match kind(component) {
        ROW => row(component, findings),
        BUTTON => button(component, findings),
        STRING_SELECT => {
            options(component, findings);
            select(component, findings);
        }
        other if SELECTS.contains(&other) => select(component, findings),
        _ => {}
    }
}

fn row(row: &At<'_>, findings: &mut Findings) {
    findings.count("row.components", row, "components", 1, 5);
    let inner = row.items("components");
    let is_wide = |component: &At<'_>| kind(component) != BUTTON;
    if inner.len() > 1 && inner.iter().any(is_wide) {
        let found = "a select takes the width of the whole row";
        findings.refuse("row.width", &row.path("components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", found);
    }
}

fn button(button: &At<'_>, findings: &mut Findings) {
    findings.length("button.label", button, "label", 0, 80);
    findings.length("button.url", button, "url", 1, 512);
    let style = button.number("style").unwrap_or(0);
    if !(1..=PREMIUM).contains(&style) {
        findings.refuse("button.style", &button.path("style"), "BASE_TYPE_CHOICES", style.to_string());
    }
    let is_named =
        button.text("label").is_some_and(|label| !label.is_empty()) || button.field("emoji").is_some();
    if !is_named && style != PREMIUM {
        let found = "A button must have a label or an emoji";
        findings.refuse("button.name", button.here(), "BUTTON_COMPONENT_INVALID_LABEL", found);
    }
    let (has_id, has_url) = (button.field("custom_id").is_some(), button.field("url").is_some());
    match style {
        LINK if !has_url || has_id => {
            let found = "A link button has a url and no custom_id";
            findings.refuse("button.link", button.here(), "BUTTON_COMPONENT_URL_REQUIRED", found);
        }
        1..LINK if !has_id || has_url => {
            let found = "A custom id is required, and a url is for link buttons";
            findings.refuse("button.custom_id", button.here(), "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", found);
        }
        _ => {}
    }
}

fn select(select: &At<'_>, findings: &mut Findings) {
    findings.required("select.custom_id", select, "custom_id");
    findings.length("select.placeholder", select, "placeholder", 0, 150);
    findings.range("select.min_values", select, "min_values", 0, 25);
    findings.range("select.max_values", select, "max_values", 1, 25);
    let (least, most) = (select.number("min_values").unwrap_or(1), select.number("max_values").unwrap_or(1));
    if least > most {
        let found = format!("min_values {least} > max_values {most}");
        findings.refuse("select.values", select.here(), "BASE_TYPE_BAD_LENGTH", found);
    }
}

fn options(select: &At<'_>, findings: &mut Findings) {
    findings.count("select.options", select, "options", 1, 25);
    let options = select.items("options");
    if select.field("options").is_none() {
        findings.refuse(
            "select.options",
            &select.path("options"),
            "BASE_TYPE_REQUIRED",
            "This field is required",
        );
    }
    for option in &options {
        findings.required("select.option.label", option, "label");
        findings.length("select.option.label", option, "label", 0, 100);
        findings.length("select.option.value", option, "value", 1, 100);
        findings.length("select.option.description", option, "description", 0, 100);
    }
    let values = options.iter().filter_map(|option| Some((option.path("value"), option.text("value")?)));
    findings.unique("select.option.unique", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", values);
    let most = select.number("max_values").and_then(|most| usize::try_from(most).ok()).unwrap_or(1);
    if most > options.len() && !options.is_empty() {
        let found = format!("max_values {most} > {} options", options.len());
        findings.refuse("select.values", &select.path("max_values"), "BASE_TYPE_BAD_LENGTH", found);
    }
    let defaults = options.iter().filter(|option| option.is_true("default")).count();
    if defaults > most {
        let found = format!("{defaults} defaults > max_values {most}");
        findings.refuse(
            "select.defaults",
            &select.path("options"),
            "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES",
            found,
        );
    }
}
