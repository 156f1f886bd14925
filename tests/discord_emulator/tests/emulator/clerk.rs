//! A small real bot that answers what people do, in every way in which a bot can.

use std::time::Duration;

use discord_emulator::Emulator;
use serenity::all::{
    ActionRowComponent, Client, Command, CommandInteraction, CommandOptionType, CommandType, Context,
    CreateActionRow, CreateAutocompleteResponse, CreateButton, CreateCommand, CreateCommandOption,
    CreateEmbed, CreateInputText, CreateInteractionResponse, CreateInteractionResponseFollowup,
    CreateInteractionResponseMessage, CreateModal, CreateSelectMenu, CreateSelectMenuKind,
    CreateSelectMenuOption, EditInteractionResponse, EventHandler, GatewayIntents, InputTextStyle,
    Interaction, Permissions, Ready, ResolvedTarget, ResolvedValue,
};
use serenity::async_trait;
use tokio::task::JoinHandle;

use crate::support::http;

/// The running bot; it ends when it is dropped.
pub(crate) struct Clerk(JoinHandle<()>);

impl Drop for Clerk {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Clerk {
    /// Logs in and registers its commands.
    pub(crate) async fn start(discord: &Emulator) -> Self {
        let intents =
            GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::DIRECT_MESSAGES;
        let builder = serenity::client::ClientBuilder::new_with_http(http(discord), intents);
        let mut client: Client = builder.event_handler(Handler).await.unwrap();
        let task = tokio::spawn(async move { client.start().await.unwrap() });
        discord.wait_for_command("Quote").await;
        Self(task)
    }
}

struct Handler;

fn commands() -> Vec<CreateCommand> {
    let text = |name, description| CreateCommandOption::new(CommandOptionType::String, name, description);
    let sub = |name, description| CreateCommandOption::new(CommandOptionType::SubCommand, name, description);
    let minutes =
        CreateCommandOption::new(CommandOptionType::Integer, "interval", "Minutes between two reminders")
            .min_int_value(5)
            .max_int_value(600);
    let event = CreateCommand::new("event")
        .description("Watch and show events")
        .add_option(
            sub("watch", "Watch a message")
                .add_sub_option(text("message", "Its link").required(true))
                .add_sub_option(minutes)
                .add_sub_option(CreateCommandOption::new(CommandOptionType::Role, "role", "Who is asked")),
        )
        .add_sub_option_show(text("event", "Which").required(true).set_autocomplete(true));
    vec![
        event,
        CreateCommand::new("admin")
            .name_localized("de", "leitung")
            .description("For managers")
            .default_member_permissions(Permissions::MANAGE_GUILD),
        CreateCommand::new("slow").description("Thinks first"),
        CreateCommand::new("mute").description("Never answers"),
        CreateCommand::new("form").description("Opens a form"),
        CreateCommand::new("panel").description("Posts buttons and a select"),
        CreateCommand::new("Quote").kind(CommandType::Message),
    ]
}

trait ShowOption {
    fn add_sub_option_show(self, option: CreateCommandOption) -> Self;
}

impl ShowOption for CreateCommand {
    fn add_sub_option_show(self, option: CreateCommandOption) -> Self {
        let show = CreateCommandOption::new(CommandOptionType::SubCommand, "show", "Show one");
        self.add_option(show.add_sub_option(option))
    }
}

#[async_trait]
impl EventHandler for Handler {
    async fn ready(&self, context: Context, _ready: Ready) {
        Command::set_global_commands(&context.http, commands()).await.unwrap();
    }

    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        match interaction {
            Interaction::Command(command) => run(&context, &command).await,
            Interaction::Autocomplete(typing) => {
                let typed = typing.data.autocomplete().unwrap().value.to_owned();
                let events = ["Match on Friday", "Match on Monday", "Dinner"];
                let fitting = events.into_iter().filter(|name| name.starts_with(&typed));
                let choices = fitting.fold(CreateAutocompleteResponse::new(), |all, name| {
                    all.add_string_choice(name, name.to_lowercase())
                });
                typing
                    .create_response(&context.http, CreateInteractionResponse::Autocomplete(choices))
                    .await
                    .unwrap();
            }
            Interaction::Component(press) => {
                let response = match press.data.custom_id.as_str() {
                    "coming" => {
                        CreateInteractionResponse::UpdateMessage(message("Somebody comes").components(vec![]))
                    }
                    "later" => CreateInteractionResponse::Acknowledge,
                    "why" => CreateInteractionResponse::Modal(form()),
                    "days" => {
                        let serenity::all::ComponentInteractionDataKind::StringSelect { values } =
                            &press.data.kind
                        else {
                            panic!("not a select")
                        };
                        let text = format!("chosen: {}", values.join("+"));
                        CreateInteractionResponse::Message(message(&text).ephemeral(true))
                    }
                    other => CreateInteractionResponse::Message(
                        message(&format!("unknown {other}")).ephemeral(true),
                    ),
                };
                press.create_response(&context.http, response).await.unwrap();
                if press.data.custom_id == "later" {
                    let follow_up = CreateInteractionResponseFollowup::new().content("Noted").ephemeral(true);
                    press.create_followup(&context.http, follow_up).await.unwrap();
                    let edit = EditInteractionResponse::new().content("Later it is");
                    press.edit_response(&context.http, edit).await.unwrap();
                }
            }
            Interaction::Modal(submit) => {
                let row = &submit.data.components[0].components[0];
                let ActionRowComponent::InputText(input) = row else { panic!("not a text input") };
                let text = format!("title: {}", input.value.as_deref().unwrap_or_default());
                let response = CreateInteractionResponse::Message(message(&text));
                submit.create_response(&context.http, response).await.unwrap();
            }
            _ => {}
        }
    }
}

fn message(text: &str) -> CreateInteractionResponseMessage {
    CreateInteractionResponseMessage::new().content(text)
}

fn form() -> CreateModal {
    let title = CreateInputText::new(InputTextStyle::Short, "Title", "title").max_length(20).value("Chess");
    CreateModal::new("form:1", "A form").components(vec![CreateActionRow::InputText(title)])
}

fn panel() -> CreateInteractionResponseMessage {
    let days = ["Friday", "Monday"].map(|day| CreateSelectMenuOption::new(day, day.to_lowercase()));
    let select = CreateSelectMenu::new("days", CreateSelectMenuKind::String { options: days.to_vec() })
        .placeholder("Which days?")
        .max_values(2);
    CreateInteractionResponseMessage::new()
        .embed(CreateEmbed::new().title("Who comes?").description("Say it"))
        .components(vec![
            CreateActionRow::Buttons(vec![
                CreateButton::new("coming").label("Coming").emoji('✅'),
                CreateButton::new("later").label("Later"),
                CreateButton::new("why").label("Why"),
                CreateButton::new("grey").label("Closed").disabled(true),
                CreateButton::new_link("https://example.org").label("Site"),
            ]),
            CreateActionRow::SelectMenu(select),
        ])
}

async fn run(context: &Context, command: &CommandInteraction) {
    let http = &context.http;
    let respond = |response| command.create_response(http, response);
    match command.data.name.as_str() {
        "event" => {
            let options = command.data.options();
            let ResolvedValue::SubCommand(inner) = &options[0].value else { panic!("no subcommand") };
            let words = inner.iter().map(|option| format!("{}={}", option.name, written(&option.value)));
            let text = words.collect::<Vec<_>>().join(" ");
            let text = format!("{} {text}", options[0].name);
            respond(CreateInteractionResponse::Message(message(&text).ephemeral(true))).await.unwrap();
        }
        "slow" => {
            command.defer_ephemeral(http).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            command
                .edit_response(http, EditInteractionResponse::new().content("Done at last"))
                .await
                .unwrap();
        }
        "form" => respond(CreateInteractionResponse::Modal(form())).await.unwrap(),
        "panel" => respond(CreateInteractionResponse::Message(panel())).await.unwrap(),
        "admin" => respond(CreateInteractionResponse::Message(message("At your service"))).await.unwrap(),
        "Quote" => {
            let Some(ResolvedTarget::Message(target)) = command.data.target() else { panic!("no target") };
            let text = format!("> {}", target.content);
            respond(CreateInteractionResponse::Message(message(&text))).await.unwrap();
        }
        _ => {}
    }
}

fn written(value: &ResolvedValue<'_>) -> String {
    match value {
        ResolvedValue::String(text) => (*text).to_owned(),
        ResolvedValue::Integer(number) => number.to_string(),
        ResolvedValue::Role(role) => role.name.clone(),
        other => format!("{other:?}"),
    }
}
