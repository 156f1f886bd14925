//! Discord's OpenAPI description.
