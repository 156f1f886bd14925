//! Who is asked, and who has not answered.

use std::collections::HashSet;
use std::hash::BuildHasher;

use crate::ids::{RoleId, UserId};

/// A member of a guild, as far as Muster needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The account.
    pub user_id: UserId,
    /// What the guild calls the member: nickname, else display name, else user name.
    pub name: String,
    /// Bots are never asked.
    pub is_bot: bool,
    /// The member's roles, without `@everyone`.
    pub roles: Vec<RoleId>,
}

/// What became of an audience: who answered and who did not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Turnout {
    /// Members of the audience with at least one answer that counts.
    pub responded: usize,
    /// Members of the audience without one, in ascending order of id.
    pub non_responders: Vec<UserId>,
}

impl Turnout {
    /// How many are asked.
    #[must_use]
    pub fn total(&self) -> usize {
        self.responded + self.non_responders.len()
    }
}

/// The members who are asked: people, not bots, with the role if one is wanted.
pub fn audience(members: &[Member], role: Option<RoleId>) -> impl Iterator<Item = &Member> {
    members
        .iter()
        .filter(move |member| !member.is_bot && role.is_none_or(|role| member.roles.contains(&role)))
}

/// Divides an audience by who answered.
#[must_use]
pub fn turnout<S: BuildHasher>(
    asked: impl IntoIterator<Item = UserId>,
    responders: &HashSet<UserId, S>,
) -> Turnout {
    let mut turnout = Turnout::default();
    for user in asked {
        if responders.contains(&user) {
            turnout.responded += 1;
        } else {
            turnout.non_responders.push(user);
        }
    }
    turnout.non_responders.sort_unstable();
    turnout.non_responders.dedup();
    turnout
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: u64, is_bot: bool, roles: &[u64]) -> Member {
        let roles = roles.iter().copied().map(RoleId::new).collect();
        Member { user_id: UserId::new(id), name: format!("member {id}"), is_bot, roles }
    }

    #[test]
    fn bots_and_members_without_the_role_are_not_asked() {
        let members = [member(1, false, &[7]), member(2, true, &[7]), member(3, false, &[8])];
        let asked = |role| audience(&members, role).map(|member| member.user_id.get()).collect::<Vec<_>>();
        assert_eq!(asked(None), [1, 3]);
        assert_eq!(asked(Some(RoleId::new(7))), [1]);
    }

    #[test]
    fn who_answered_is_not_missing_and_strangers_do_not_count() {
        let responders: HashSet<UserId> = [1, 99].map(UserId::new).into();
        let turnout = turnout([3, 1, 2].map(UserId::new), &responders);
        assert_eq!((turnout.responded, turnout.total()), (1, 3));
        assert_eq!(turnout.non_responders, [2, 3].map(UserId::new));
    }
}
