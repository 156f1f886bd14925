//! The house's own rules, checked by reading its sources.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms in the order in which they may use each other: each only those before it.
const ORDER: &[&str] = &[
    "clock",
    "ids",
    "domain",
    "errors",
    "config",
    "lifecycle",
    "telemetry",
    "storage",
    "scheduler",
    "upkeep",
    "app",
    "commands",
    "discord",
    "http",
    "control",
    "run",
    "cli",
];

/// Crates that only these rooms may name.
const RESERVED: [(&str, &[&str]); 5] = [
    ("serenity", &["commands", "discord"]),
    ("serenity_commands", &["commands"]),
    ("twilight_gateway", &["discord"]),
    ("sqlx", &["storage", "ids"]),
    ("clap", &["cli", "main"]),
];

/// What the rules of the domain must stay free of.
const NOT_IN_DOMAIN: [&str; 6] = ["serenity::", "sqlx::", "tokio::", "std::fs", "std::net", "reqwest::"];

struct Source {
    room: String,
    path: PathBuf,
    /// The code without comments and without the unit tests at the end of a file.
    code: String,
}

fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let inside = path.strip_prefix(&src).unwrap().to_owned();
                let room = inside.iter().next().unwrap().to_str().unwrap();
                let room = room.trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
                let code: Vec<&str> =
                    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
                found.push(Source { room, path: inside, code: code.join("\n") });
            }
        }
    }
    assert!(found.len() > 50, "only {} sources were found", found.len());
    found
}

/// The rooms that a source names as `crate::room`, singly or in braces.
fn rooms_used(code: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        let names = match rest.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap().split(',').map(str::trim).collect(),
            None => vec![rest],
        };
        for name in names {
            let room = name.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap();
            used.push(room.to_owned());
        }
    }
    used
}

#[test]
fn no_room_uses_one_that_stands_after_it() {
    let place = |room: &str| ORDER.iter().position(|known| *known == room);
    let mut broken = Vec::new();
    for source in sources() {
        let Some(own) = place(&source.room) else { continue };
        for used in rooms_used(&source.code) {
            if place(&used).is_some_and(|other| other > own) {
                broken.push(format!("{} uses {used}", source.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "the import law is broken:\n{}", broken.join("\n"));
}

#[test]
fn libraries_stay_in_their_rooms() {
    let mut broken = Vec::new();
    for source in sources() {
        for (library, rooms) in RESERVED {
            let named = format!("{library}::");
            let mut uses = source.code.match_indices(&named).filter(|(at, _)| {
                let before = source.code[..*at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
            });
            if !rooms.contains(&source.room.as_str()) && uses.next().is_some() {
                broken.push(format!("{} uses {library}", source.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "a library left its rooms:\n{}", broken.join("\n"));
}

#[test]
fn the_domain_is_pure() {
    let domain: Vec<_> = sources().into_iter().filter(|source| source.room == "domain").collect();
    assert!(!domain.is_empty());
    for source in domain {
        for forbidden in NOT_IN_DOMAIN {
            assert!(!source.code.contains(forbidden), "{} uses {forbidden}", source.path.display());
        }
        assert!(!source.code.contains("async fn"), "{} is asynchronous", source.path.display());
    }
}

#[test]
fn the_law_is_broken_by_what_should_break_it() {
    assert_eq!(
        rooms_used("use crate::discord::Edge;\nuse crate::{app::App, run};"),
        ["discord", "app", "run"]
    );
}

#[test]
fn every_key_of_the_configuration_is_in_the_readme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let defaults = fs::read_to_string(root.join("config/default.toml")).unwrap();
    let mut section = String::new();
    for line in defaults.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            let named = format!("`{section}.{key}`");
            assert!(readme.contains(&named), "README.md does not tell of {named}");
        }
    }
}
