//! Discord's limits.

use crate::api::ApiRequest;

/// What was found against a rule.
pub(crate) struct Finding {
    pub(crate) rule: &'static str,
    pub(crate) path: String,
    pub(crate) code: &'static str,
    pub(crate) found: String,
}

impl Finding {
    pub(crate) fn message(&self) -> String {
        self.found.clone()
    }
}

/// All that is wrong with a request.
pub(crate) fn check(_request: &ApiRequest) -> Vec<Finding> {
    Vec::new()
}
