//! Discord's OpenAPI description.

use crate::api::ApiRequest;

/// One deviation from the description.
pub(crate) struct Finding {
    pub(crate) rule: &'static str,
    pub(crate) found: String,
}

/// All deviations of a request.
pub(crate) fn check(_request: &ApiRequest) -> Vec<Finding> {
    Vec::new()
}
