//! The question before a deletion.

use std::io::{self, BufRead, IsTerminal};

use anyhow::{Context, anyhow};

use super::{Failure, output};
use crate::ids::GuildId;

/// At a terminal, has the guild's number typed. A script that got this far means it.
pub(super) fn confirm_deletion(guild: GuildId) -> Result<(), Failure> {
    let input = io::stdin();
    if !input.is_terminal() {
        return Ok(());
    }
    output::ask(format_args!(
        "Everything that Muster keeps of guild {guild} will be deleted. Type its number to go on: "
    ));
    if is_confirmed(guild, &mut input.lock()).context("what was typed cannot be read")? {
        Ok(())
    } else {
        Err(anyhow!("That is not the number of guild {guild}: nothing was deleted.").into())
    }
}

fn is_confirmed(guild: GuildId, input: &mut impl BufRead) -> io::Result<bool> {
    let mut typed = String::new();
    input.read_line(&mut typed)?;
    Ok(typed.trim() == guild.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_number_confirms() {
        for (typed, confirmed) in
            [("42\n", true), (" 42 \n", true), ("42", true), ("y\n", false), ("", false), ("042\n", false)]
        {
            assert_eq!(
                is_confirmed(GuildId::new(42), &mut typed.as_bytes()).unwrap(),
                confirmed,
                "{typed:?}"
            );
        }
    }
}
