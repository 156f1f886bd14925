//! Commands, buttons and suggestions: from the interaction to the call, and from the reply back in time.
//!
//! Discord wants a first answer within three seconds, and members want to see at once that they were heard. A reply that
//! takes longer than [`DEFER_AFTER`], or is known to take long, is announced by a deferral and put in its place when it
//! is there; Discord takes it for a quarter of an hour.

use std::sync::Arc;
use std::time::Duration;

use serenity::all::{
    CommandInteraction, ComponentInteraction, Interaction, InteractionType, Message, MessageFlags,
    ModalInteraction,
};
use tokio::time::Instant;

use super::body::{Audience, FirstAnswer, MessageBody};
use super::core::Core;
use super::failure::chain;
use super::gateway::member;
use super::guild_lifecycle;
use super::members;
use super::routes;
use super::sender::CallError;
use crate::app::App;
use crate::commands::{self, Invocation, Invoker, Press, Reply, ReplyKind, SeenBy};
use crate::domain::permissions::Permissions;
use crate::ids::{ChannelId, GuildId, MessageId};
use crate::telemetry::metric;

/// How long a reply may take before it is announced.
const DEFER_AFTER: Duration = Duration::from_millis(300);
/// Suggestions that come later than this are of no use.
const SUGGESTIONS_WITHIN: Duration = Duration::from_secs(2);

const ONLY_IN_SERVERS: &str = "I only work inside a server. Use this command there.";
const NOT_A_MEMBER: &str =
    "I am not a member of this server. Somebody who manages it can add me with an invite link.";
const TRY_AGAIN: &str = "Discord does not answer me at the moment. Please try again in a minute.";
const UNREADABLE: &str =
    "Discord sent me this in a form that I cannot read. Whoever runs me can see in my log what it was.";
const NO_FORMS: &str = "I have no such form any more. Run the command again.";

/// Where an answer goes.
struct Ticket {
    id: u64,
    application: u64,
    token: String,
    received: Instant,
}

/// What kind of thing is answered, and thereby how it is deferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A slash command, a message command or a form: the answer is a new message.
    Command,
    /// A button: the answer may be a new message or change the one with the button.
    Press,
}

/// Starts a task that answers an interaction. Kinds that Muster does not know are ignored.
pub(super) fn take(core: &Arc<Core>, app: &Arc<App>, interaction: Interaction) {
    let (core, app) = (Arc::clone(core), Arc::clone(app));
    let received = Instant::now();
    core.tracker.clone().spawn(async move {
        match interaction {
            Interaction::Command(command) => run(&core, &app, command, received).await,
            Interaction::Component(press) => pressed(&core, &app, press, received).await,
            Interaction::Autocomplete(command) => suggest(&core, &app, &command, received).await,
            Interaction::Modal(form) => submitted(&core, form, received).await,
            _ => {}
        }
    });
}

/// Starts a task that declines an interaction that could not be read: with a sentence, or where it only asked for
/// suggestions, with none.
pub(super) fn decline(core: &Arc<Core>, id: u64, token: String, kind: InteractionType) {
    let core = Arc::clone(core);
    core.tracker.clone().spawn(async move {
        let answer = match kind {
            InteractionType::Autocomplete => FirstAnswer::Suggestions(serde_json::Value::Array(Vec::new())),
            _ => FirstAnswer::Message(MessageBody::of_reply(refusal(UNREADABLE), Audience::Asker)),
        };
        let answer = answer.to_json();
        if let Err(error) = core.sender.tell(routes::answer_interaction(id, &token, &answer)).await {
            tracing::debug!(%error, "an interaction could be neither read nor declined");
        }
    });
}

async fn run(core: &Core, app: &App, command: CommandInteraction, received: Instant) {
    let CommandInteraction { id, application_id, token, data, guild_id, channel_id, member, locale, .. } =
        command;
    let ticket = Ticket { id: id.get(), application: application_id.get(), token, received };
    let name = data.name.clone();
    let patience = if commands::takes_long(&data) { Duration::ZERO } else { DEFER_AFTER };
    let reply = async {
        match invocation(core, guild_id, channel_id, member.as_deref(), locale).await {
            Ok(invocation) => commands::run(app, &invocation, &data).await,
            Err(refusal) => refusal,
        }
    };
    answer(core, &ticket, Kind::Command, &name, patience, reply).await;
}

async fn pressed(core: &Core, app: &App, press: ComponentInteraction, received: Instant) {
    let ComponentInteraction {
        id,
        application_id,
        token,
        data,
        guild_id,
        channel_id,
        member,
        locale,
        message,
        ..
    } = press;
    let ticket = Ticket { id: id.get(), application: application_id.get(), token, received };
    let reply = async {
        match invocation(core, guild_id, channel_id, member.as_ref(), locale).await {
            Ok(invocation) => {
                let press = Press {
                    custom_id: &data.custom_id,
                    message: MessageId::new(message.id.get()),
                    seen_by: seen_by(&message),
                };
                commands::press(app, &invocation, press).await
            }
            Err(refusal) => refusal,
        }
    };
    answer(core, &ticket, Kind::Press, "button", DEFER_AFTER, reply).await;
}

fn seen_by(message: &Message) -> SeenBy {
    let ephemeral = message.flags.is_some_and(|flags| flags.contains(MessageFlags::EPHEMERAL));
    if ephemeral { SeenBy::Presser } else { SeenBy::Everyone }
}

async fn submitted(core: &Core, form: ModalInteraction, received: Instant) {
    let ModalInteraction { id, application_id, token, .. } = form;
    let ticket = Ticket { id: id.get(), application: application_id.get(), token, received };
    answer(core, &ticket, Kind::Command, "form", DEFER_AFTER, async { refusal(NO_FORMS) }).await;
}

async fn suggest(core: &Core, app: &App, command: &CommandInteraction, received: Instant) {
    let locale = command.locale.clone();
    let choices = async {
        match invocation(core, command.guild_id, command.channel_id, command.member.as_deref(), locale).await
        {
            Ok(invocation) => commands::complete(app, &invocation, &command.data).await,
            Err(_) => Vec::new(),
        }
    };
    let choices = tokio::time::timeout(SUGGESTIONS_WITHIN, choices).await.unwrap_or_default();
    let choices = serde_json::to_value(choices).unwrap_or_else(|_| serde_json::Value::Array(Vec::new()));
    let answer = FirstAnswer::Suggestions(choices).to_json();
    let call = routes::answer_interaction(command.id.get(), &command.token, &answer);
    if let Err(error) = core.sender.tell(call).await {
        tracing::debug!(%error, "suggestions came to nothing");
    }
    measure("suggestions", received);
}

/// Who asks, and where; or what to say to those who cannot ask there.
async fn invocation(
    core: &Core,
    guild: Option<serenity::all::GuildId>,
    channel: serenity::all::ChannelId,
    asker: Option<&serenity::all::Member>,
    locale: String,
) -> Result<Invocation, Reply> {
    let (Some(guild), Some(asker)) = (guild, asker) else { return Err(refusal(ONLY_IN_SERVERS)) };
    let guild = GuildId::new(guild.get());
    match guild_lifecycle::admit(core, guild).await {
        Ok(true) => {}
        Ok(false) => return Err(refusal(NOT_A_MEMBER)),
        Err(error) => {
            tracing::warn!(guild.id = %guild, error = chain(&error), "cannot find out whether Muster is in a guild");
            return Err(refusal(TRY_AGAIN));
        }
    }
    let permissions = asker.permissions.map_or(0, |permissions| permissions.bits());
    let known = member(asker);
    if let Err(error) = members::met(core, guild, &known).await {
        tracing::warn!(guild.id = %guild, error = chain(&error), "cannot remember a member");
    }
    let invoker = Invoker {
        user_id: known.user_id,
        name: known.name,
        roles: known.roles,
        permissions: Permissions(permissions),
        locale,
    };
    Ok(Invocation { guild, channel: ChannelId::new(channel.get()), invoker })
}

fn refusal(text: &str) -> Reply {
    Reply { content: text.to_owned(), ..Reply::default() }
}

/// Answers with the reply, after a deferral if it takes longer than `patience`.
async fn answer(
    core: &Core,
    ticket: &Ticket,
    kind: Kind,
    name: &str,
    patience: Duration,
    reply: impl Future<Output = Reply>,
) {
    let mut reply = std::pin::pin!(reply);
    let early = tokio::time::timeout_at(ticket.received + patience, &mut reply).await;
    let outcome = if let Ok(reply) = early {
        let sent = first(core, ticket, &at_once(reply)).await;
        measure(name, ticket.received);
        sent
    } else {
        let deferral = if kind == Kind::Press { FirstAnswer::DeferUpdate } else { FirstAnswer::DeferMessage };
        let announced = async {
            let deferred = first(core, ticket, &deferral).await;
            measure(name, ticket.received);
            deferred
        };
        // The command goes on whatever becomes of its announcement: what it writes is not to be cut in half.
        match tokio::join!(announced, reply) {
            // Without an answer to the deferral it may have been heard all the same; if not, Discord knows no message to edit.
            (Ok(()) | Err(CallError::Unavailable(_)), reply) => {
                core.sender.tell(afterwards(ticket, kind, reply)).await
            }
            (Err(error), _) => Err(error),
        }
    };
    if let Err(error) = outcome {
        let elapsed_ms = ticket.received.elapsed().as_millis();
        tracing::warn!(command = name, elapsed_ms, %error, "a member got no answer");
    }
}

async fn first(core: &Core, ticket: &Ticket, answer: &FirstAnswer) -> Result<(), CallError> {
    let call = || routes::answer_interaction(ticket.id, &ticket.token, &answer.to_json());
    let mut outcome = core.sender.tell(call()).await;
    // A connection that broke says nothing about whether Discord heard it; asking twice does no harm.
    if matches!(outcome, Err(CallError::Unavailable(_))) && ticket.received.elapsed() < SUGGESTIONS_WITHIN {
        outcome = core.sender.tell(call()).await;
    }
    match outcome {
        Err(error) if error.is_second_acknowledgement() => Ok(()),
        outcome => outcome,
    }
}

/// The reply as a first answer.
fn at_once(reply: Reply) -> FirstAnswer {
    match reply.kind {
        ReplyKind::Ephemeral => FirstAnswer::Message(MessageBody::of_reply(reply, Audience::Asker)),
        ReplyKind::Public => FirstAnswer::Message(MessageBody::of_reply(reply, Audience::Channel)),
        ReplyKind::Update => FirstAnswer::Update(MessageBody::of_reply(reply, Audience::Channel)),
    }
}

/// The reply after a deferral. What was announced for one member stays with that member.
fn afterwards(ticket: &Ticket, kind: Kind, reply: Reply) -> super::sender::Call {
    match (kind, reply.kind) {
        (Kind::Command, _) | (Kind::Press, ReplyKind::Update) => {
            let body = MessageBody::of_reply(reply, Audience::Channel);
            routes::edit_answer(ticket.application, &ticket.token, &body)
        }
        (Kind::Press, ReplyKind::Ephemeral) => {
            let body = MessageBody::of_reply(reply, Audience::Asker);
            routes::follow_up(ticket.application, &ticket.token, &body)
        }
        (Kind::Press, ReplyKind::Public) => {
            let body = MessageBody::of_reply(reply, Audience::Channel);
            routes::follow_up(ticket.application, &ticket.token, &body)
        }
    }
}

fn measure(name: &str, received: Instant) {
    metrics::histogram!(metric::COMMAND_LATENCY, "command" => name.to_owned())
        .record(received.elapsed().as_secs_f64());
}
