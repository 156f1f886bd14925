//! A message as it stands on the screen, for tests that keep a picture of it.

use super::Message;
use super::component::{Button, Select};
use crate::world::World;

impl Message {
    /// Text, files, buttons, selects and reactions as a person sees them: mentions by name, `📎 plan.pdf` for a file,
    /// `[Coming]` for a button, `(Closed)` for a greyed one, `{Which days?}` for a select. It holds no ids, unless the text does outside mentions.
    #[must_use]
    pub fn screen(&self) -> String {
        let text = self.text();
        let mut lines = vec![with_names(&self.inner.world(), &text)];
        lines.extend(self.files().into_iter().map(|(name, _)| format!("📎 {name}")));
        let buttons: Vec<String> = self.buttons().iter().map(button).collect();
        lines.push(buttons.join(" "));
        lines.extend(self.selects().iter().map(select));
        let reactions: Vec<String> = self
            .reactions()
            .iter()
            .map(|reaction| format!("{} {}", reaction.emoji, reaction.count()))
            .collect();
        lines.push(reactions.join("  "));
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }
}

fn button(button: &Button) -> String {
    let words: Vec<&str> = button.emoji.as_deref().into_iter().chain(Some(button.label.as_str())).collect();
    let words = words.join(" ");
    if button.is_disabled { format!("({})", words.trim()) } else { format!("[{}]", words.trim()) }
}

fn select(select: &Select) -> String {
    let options = select.options.iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>().join(" | ");
    let title = select.placeholder.as_deref().unwrap_or(&select.custom_id);
    if options.is_empty() { format!("{{{title}}}") } else { format!("{{{title}: {options}}}") }
}

/// The text with users, roles and channels by name.
fn with_names(world: &World, text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        shown.push_str(before);
        let name = after.split_once('>').and_then(|(inside, behind)| Some((name_of(world, inside)?, behind)));
        if let Some((name, behind)) = name {
            shown.push_str(&name);
            rest = behind;
        } else {
            shown.push('<');
            rest = after;
        }
    }
    shown.push_str(rest);
    shown
}

fn name_of(world: &World, mention: &str) -> Option<String> {
    if let Some(role) = mention.strip_prefix("@&") {
        let role = role.parse().ok()?;
        let found = world.guilds.values().find_map(|guild| guild.roles.get(&role))?;
        return Some(format!("@{}", found.name));
    }
    if let Some(user) = mention.strip_prefix("@!").or_else(|| mention.strip_prefix('@')) {
        return Some(format!("@{}", world.users.get(&user.parse().ok()?)?.display_name()));
    }
    let channel = mention.strip_prefix('#')?.parse().ok()?;
    Some(format!("#{}", world.channels.get(&channel)?.name))
}
