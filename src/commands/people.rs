//! Naming many people in little room.

use crate::ids::UserId;

/// Characters kept free for what stands in place of those who found no room.
const MORE: usize = 24;

/// Mentions of these members, in at most `room` characters; how many found no room stands at the end.
///
/// Inside Muster's replies a mention shows the name and pings nobody.
pub(super) fn mentions(users: &[UserId], room: usize) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut used = 0;
    for (named, user) in users.iter().enumerate() {
        let mention = format!("<@{user}>");
        // Mentions are plain ASCII: bytes are characters.
        used += mention.len() + 1;
        if used + MORE > room {
            names.push(format!("… and {} more", users.len() - named));
            break;
        }
        names.push(mention);
    }
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn everybody_is_named_or_counted_within_the_room(count in 0u64..400, room in 60usize..2_000) {
            let users: Vec<_> = (0..count).map(|n| UserId::new(u64::MAX / 2 - n)).collect();
            let text = mentions(&users, room);
            let named = u64::try_from(text.matches("<@").count()).unwrap();
            let left: u64 = text.split("and ").nth(1).map_or(0, |rest| {
                rest.trim_end_matches(" more").parse().unwrap()
            });
            prop_assert!(text.chars().count() <= room);
            prop_assert_eq!(named + left, count);
        }
    }
}
