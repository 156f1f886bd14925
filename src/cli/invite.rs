//! `muster invite-url`: the address at which somebody adds the bot to a server.

use anyhow::anyhow;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::{Failure, output};
use crate::config::Token;
use crate::domain::permissions::Permissions;

pub(super) fn invite_url(application_id: Option<u64>) -> Result<(), Failure> {
    let id = match application_id {
        Some(id) => id,
        None => id_in(&Token::from_environment()?).ok_or_else(|| {
            anyhow!("the token does not tell the application's id; add --application-id with the number from the portal")
        })?,
    };
    output::say(url(id))?;
    Ok(())
}

/// The invitation, with the permissions that Muster uses and no others.
fn url(application_id: u64) -> String {
    let Permissions(permissions) = Permissions::USED;
    format!(
        "https://discord.com/oauth2/authorize?client_id={application_id}&permissions={permissions}\
         &scope=bot+applications.commands"
    )
}

/// The application's id, which is the first part of Discord's tokens in Base64.
fn id_in(token: &Token) -> Option<u64> {
    let first = token.expose().split('.').next()?.trim_end_matches('=');
    let decoded = URL_SAFE_NO_PAD.decode(first).or_else(|_| STANDARD_NO_PAD.decode(first)).ok()?;
    std::str::from_utf8(&decoded).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_read_from_the_token() {
        let token = Token::parse("MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.secret", "a test").unwrap();
        assert_eq!(id_in(&token), Some(123_456_789_012_345_678));
        assert_eq!(id_in(&Token::parse("not-a-token", "a test").unwrap()), None);
    }

    #[test]
    fn the_invitation_asks_for_what_is_used() {
        assert_eq!(
            url(5),
            "https://discord.com/oauth2/authorize?client_id=5&permissions=274877992000&scope=bot+applications.commands"
        );
    }
}
