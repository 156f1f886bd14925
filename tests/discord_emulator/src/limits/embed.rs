//! Embeds (<https://discord.com/developers/docs/resources/message#embed-object-embed-limits>).

use super::finding::{At, Findings};

const TOTAL: usize = 6000;

pub(super) fn check(message: &At<'_>, findings: &mut Findings) {
    findings.count("embeds.count", message, "embeds", 0, 10);
    let embeds = message.items("embeds");
    for embed in &embeds {
        one(embed, findings);
    }
    let total: usize = embeds.iter().map(size).sum();
    if total > TOTAL {
        let found = format!("Embed size exceeds maximum size of {TOTAL} ({total})");
        findings.refuse("embeds.total", &message.path("embeds"), "MAX_EMBED_SIZE_EXCEEDED", found);
    }
}

fn one(embed: &At<'_>, findings: &mut Findings) {
    findings.length("embed.title", embed, "title", 0, 256);
    findings.length("embed.description", embed, "description", 0, 4096);
    findings.range("embed.color", embed, "color", 0, 0xff_ffff);
    findings.count("embed.fields", embed, "fields", 0, 25);
    for field in embed.items("fields") {
        findings.required("embed.field.name", &field, "name");
        findings.required("embed.field.value", &field, "value");
        findings.length("embed.field.name", &field, "name", 0, 256);
        findings.length("embed.field.value", &field, "value", 0, 1024);
    }
    if let Some(footer) = embed.field("footer") {
        findings.length("embed.footer", &footer, "text", 0, 2048);
    }
    if let Some(author) = embed.field("author") {
        findings.length("embed.author", &author, "name", 0, 256);
        url(&author, "url", findings);
    }
    url(embed, "url", findings);
    for picture in ["image", "thumbnail"].iter().filter_map(|name| embed.field(name)) {
        url(&picture, "url", findings);
    }
}

fn url(at: &At<'_>, name: &str, findings: &mut Findings) {
    let Some(address) = at.text(name).filter(|address| !address.is_empty()) else { return };
    if !["http://", "https://", "attachment://"].iter().any(|scheme| address.starts_with(scheme)) {
        findings.refuse(
            "embed.url",
            &at.path(name),
            "URL_TYPE_INVALID_SCHEME",
            format!("Not a well formed URL. ({address})"),
        );
    }
}

/// What counts towards the sum over all embeds of a message.
fn size(embed: &At<'_>) -> usize {
    let fields: usize =
        embed.items("fields").iter().map(|field| field.length_of("name") + field.length_of("value")).sum();
    let footer = embed.field("footer").map_or(0, |footer| footer.length_of("text"));
    let author = embed.field("author").map_or(0, |author| author.length_of("name"));
    embed.length_of("title") + embed.length_of("description") + fields + footer + author
}
