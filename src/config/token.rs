//! The bot's token: where it comes from, and that nobody sees it.

use std::fs;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

/// The token with which the bot logs in. `Debug` shows no part of it.
#[derive(Debug, Clone)]
pub struct Token(SecretString);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Neither variable is set.
    #[error(
        "There is no token. Set DISCORD_TOKEN to the bot's token, or DISCORD_TOKEN_FILE to a file that holds it; the \
         token is on the page \"Bot\" of your application in Discord's developer portal."
    )]
    Missing,
    /// The file cannot be read.
    #[error("The token file {path} (DISCORD_TOKEN_FILE) cannot be read: {source}.")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It does not look like a token.
    #[error(
        "The token is not of the shape that Discord's tokens have, three parts with dots between them. Copy it again from \
         the page \"Bot\" of your application in Discord's developer portal."
    )]
    Shape,
    /// Its variable or file is there and empty.
    #[error(
        "The token in {0} is empty. Copy it from the page \"Bot\" of your application in Discord's developer portal."
    )]
    Empty(&'static str),
    /// It cannot be sent in a header.
    #[error(
        "The token in {0} holds spaces or characters that no token has. Copy it again from the developer portal."
    )]
    Malformed(&'static str),
}

impl Token {
    /// Takes the token from `DISCORD_TOKEN`, or else from the file that `DISCORD_TOKEN_FILE` names.
    ///
    /// # Errors
    /// [`TokenError`]; its text never holds the token.
    pub fn from_environment() -> Result<Self, TokenError> {
        let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        if let Some(value) = named("DISCORD_TOKEN") {
            return Self::parse(&value.to_string_lossy(), "DISCORD_TOKEN");
        }
        let path = PathBuf::from(named("DISCORD_TOKEN_FILE").ok_or(TokenError::Missing)?);
        let text = fs::read_to_string(&path).map_err(|source| TokenError::File { path, source })?;
        Self::parse(&text, "the file that DISCORD_TOKEN_FILE names")
    }

    /// Takes a token as somebody pasted it: white space around it and a leading `Bot ` are dropped.
    ///
    /// # Errors
    /// [`TokenError::Empty`] or [`TokenError::Malformed`], which name `origin`.
    pub fn parse(text: &str, origin: &'static str) -> Result<Self, TokenError> {
        let token = text.trim();
        let token = token.strip_prefix("Bot ").unwrap_or(token).trim();
        if token.is_empty() {
            return Err(TokenError::Empty(origin));
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Malformed(origin));
        }
        Ok(Self(SecretString::from(token)))
    }

    /// The token itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Checks that it has the shape of Discord's tokens: three parts with dots between them, the first an id. Only
    /// Discord itself can tell whether it is one; other servers that speak its language have tokens of other shapes.
    ///
    /// # Errors
    /// [`TokenError::Shape`].
    pub fn check_shape(&self) -> Result<(), TokenError> {
        let parts: Vec<&str> = self.expose().split('.').collect();
        let genuine = parts.len() == 3 && parts.iter().all(|part| part.len() >= 5);
        if genuine { Ok(()) } else { Err(TokenError::Shape) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_token_is_cleaned_and_never_shown() {
        let token = Token::parse(" Bot MTIzNDU2.Gabcde.secretsecretsecret\n", "a test").unwrap();
        assert_eq!(token.expose(), "MTIzNDU2.Gabcde.secretsecretsecret");
        assert!(token.check_shape().is_ok());
        assert!(!format!("{token:?}").contains("secretsecret"));
    }

    #[test]
    fn an_empty_or_broken_token_is_refused_without_showing_it() {
        assert!(matches!(Token::parse("  ", "a test"), Err(TokenError::Empty("a test"))));
        assert!(Token::parse("short", "a test").unwrap().check_shape().is_err());
        let error = Token::parse("se cret", "DISCORD_TOKEN").unwrap_err().to_string();
        assert!(error.contains("DISCORD_TOKEN") && !error.contains("cret "), "{error}");
    }
}
