//! Commands, buttons, forms and suggestions: from the interaction to the call, and from the reply back in time.
//!
//! Discord wants a first answer within three seconds, and members want to see at once that they were heard. A reply that
//! takes longer than [`DEFER_AFTER`], or is known to take long, is announced by a deferral and put in its place when it
//! is there; Discord takes it for a quarter of an hour. Only a form cannot be put in its place, so whatever opens one is
//! waited for as long as Discord allows.

use std::sync::Arc;
use std::time::Duration;

use serenity::all::{
    ActionRowComponent, CommandInteraction, ComponentInteraction, Interaction, InteractionType, Message,
    MessageFlags, ModalInteraction, ModalInteractionData,
};
use tokio::time::Instant;

use super::asker::{Asker, invocation};
use super::body::{Audience, FirstAnswer, MessageBody};
use super::core::Core;
use super::routes;
use super::sender::CallError;
use crate::app::App;
use crate::commands::{self, Pace, Press, Reply, ReplyKind, SeenBy, Submission};
use crate::ids::MessageId;
use crate::telemetry::metric;

/// How long a reply may take before it is announced.
const DEFER_AFTER: Duration = Duration::from_millis(300);
/// Suggestions and forms that come later than this are of no use: what is left of Discord's three seconds goes to the way.
const USELESS_AFTER: Duration = Duration::from_secs(2);

const UNREADABLE: &str =
    "Discord sent me this in a form that I cannot read. Whoever runs me can see in my log what it was.";
const TOO_LATE_FOR_A_FORM: &str = "Discord did not answer me in time, so I could not show you the form. Nothing happened; please run the command again.";

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
            Interaction::Modal(form) => submitted(&core, &app, form, received).await,
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
    let CommandInteraction { id, application_id, ref token, ref data, .. } = command;
    let ticket = Ticket { id: id.get(), application: application_id.get(), token: token.clone(), received };
    let name = data.name.clone();
    let patience = match commands::pace(data) {
        Pace::Slow => Duration::ZERO,
        Pace::Quick => DEFER_AFTER,
        Pace::Form => USELESS_AFTER,
    };
    let reply = async {
        match invocation(core, Asker::of_command(&command)).await {
            Ok(invocation) => commands::run(app, &invocation, data).await,
            Err(why) => refusal(why),
        }
    };
    answer(core, &ticket, Kind::Command, &name, patience, reply).await;
}

async fn pressed(core: &Core, app: &App, press: ComponentInteraction, received: Instant) {
    let ComponentInteraction { id, application_id, ref token, ref data, ref message, .. } = press;
    let ticket = Ticket { id: id.get(), application: application_id.get(), token: token.clone(), received };
    let reply = async {
        match invocation(core, Asker::of_press(&press)).await {
            Ok(invocation) => {
                let press = Press {
                    custom_id: &data.custom_id,
                    message: MessageId::new(message.id.get()),
                    seen_by: seen_by(message),
                };
                commands::press(app, &invocation, press).await
            }
            Err(why) => refusal(why),
        }
    };
    answer(core, &ticket, Kind::Press, "button", DEFER_AFTER, reply).await;
}

fn seen_by(message: &Message) -> SeenBy {
    let ephemeral = message.flags.is_some_and(|flags| flags.contains(MessageFlags::EPHEMERAL));
    if ephemeral { SeenBy::Presser } else { SeenBy::Everyone }
}

async fn submitted(core: &Core, app: &App, form: ModalInteraction, received: Instant) {
    let ModalInteraction { id, application_id, ref token, .. } = form;
    let ticket = Ticket { id: id.get(), application: application_id.get(), token: token.clone(), received };
    let reply = async {
        match invocation(core, Asker::of_form(&form)).await {
            Ok(invocation) => {
                let fields = typed(&form.data);
                let form = Submission { custom_id: &form.data.custom_id, fields: &fields };
                commands::submit(app, &invocation, form).await
            }
            Err(why) => refusal(why),
        }
    };
    answer(core, &ticket, Kind::Command, "form", DEFER_AFTER, reply).await;
}

/// What was typed into the fields of a form, by their names.
fn typed(form: &ModalInteractionData) -> Vec<(String, String)> {
    let inputs = form.components.iter().flat_map(|row| &row.components);
    let text = |input: &ActionRowComponent| match input {
        ActionRowComponent::InputText(input) => {
            Some((input.custom_id.clone(), input.value.clone().unwrap_or_default()))
        }
        _ => None,
    };
    inputs.filter_map(text).collect()
}

async fn suggest(core: &Core, app: &App, command: &CommandInteraction, received: Instant) {
    let choices = async {
        match invocation(core, Asker::of_command(command)).await {
            Ok(invocation) => commands::complete(app, &invocation, &command.data).await,
            Err(_) => Vec::new(),
        }
    };
    let choices = tokio::time::timeout(USELESS_AFTER, choices).await.unwrap_or_default();
    let choices = serde_json::to_value(choices).unwrap_or_else(|_| serde_json::Value::Array(Vec::new()));
    let answer = FirstAnswer::Suggestions(choices).to_json();
    let call = routes::answer_interaction(command.id.get(), &command.token, &answer);
    if let Err(error) = core.sender.tell(call).await {
        tracing::debug!(%error, "suggestions came to nothing");
    }
    measure("suggestions", received);
}

fn refusal(text: impl Into<String>) -> Reply {
    Reply { content: text.into(), ..Reply::default() }
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
        let sent = first(core, ticket, at_once(reply)).await;
        measure(name, ticket.received);
        sent
    } else {
        let deferral = if kind == Kind::Press { FirstAnswer::DeferUpdate } else { FirstAnswer::DeferMessage };
        let announced = async {
            let deferred = first(core, ticket, deferral).await;
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

async fn first(core: &Core, ticket: &Ticket, mut answer: FirstAnswer) -> Result<(), CallError> {
    let (uploads, json) = (answer.take_uploads(), answer.to_json());
    let call = || routes::answer_interaction(ticket.id, &ticket.token, &json).with_uploads(uploads.clone());
    let mut outcome = core.sender.tell(call()).await;
    // A connection that broke says nothing about whether Discord heard it; asking twice does no harm.
    if matches!(outcome, Err(CallError::Unavailable(_))) && ticket.received.elapsed() < USELESS_AFTER {
        outcome = core.sender.tell(call()).await;
    }
    match outcome {
        Err(error) if error.is_second_acknowledgement() => Ok(()),
        outcome => outcome,
    }
}

/// The reply as a first answer.
fn at_once(mut reply: Reply) -> FirstAnswer {
    if let Some(form) = reply.form.take() {
        return FirstAnswer::Form(form);
    }
    match reply.kind {
        ReplyKind::Ephemeral => FirstAnswer::Message(MessageBody::of_reply(reply, Audience::Asker)),
        ReplyKind::Public => FirstAnswer::Message(MessageBody::of_reply(reply, Audience::Channel)),
        ReplyKind::Update => FirstAnswer::Update(MessageBody::of_reply(reply, Audience::Channel)),
    }
}

/// The reply as far as it can be shown after a deferral.
fn shown_later(reply: Reply) -> Reply {
    if reply.form.is_some() { refusal(TOO_LATE_FOR_A_FORM) } else { reply }
}

/// The reply after a deferral. What was announced for one member stays with that member.
fn afterwards(ticket: &Ticket, kind: Kind, reply: Reply) -> super::sender::Call {
    let reply = shown_later(reply);
    let takes_its_place = kind == Kind::Command || reply.kind == ReplyKind::Update;
    let audience = match reply.kind {
        ReplyKind::Ephemeral if !takes_its_place => Audience::Asker,
        _ => Audience::Channel,
    };
    let mut body = MessageBody::of_reply(reply, audience);
    let uploads = body.take_uploads();
    let call = if takes_its_place {
        routes::edit_answer(ticket.application, &ticket.token, &body)
    } else {
        routes::follow_up(ticket.application, &ticket.token, &body)
    };
    call.with_uploads(uploads)
}

fn measure(name: &str, received: Instant) {
    metrics::histogram!(metric::COMMAND_LATENCY, "command" => name.to_owned())
        .record(received.elapsed().as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serenity::all::CreateModal;

    #[test]
    fn a_form_opens_as_a_first_answer_and_after_a_deferral_a_sentence_stands_for_it() {
        let reply = || Reply { form: Some(CreateModal::new("m1.1.delete", "Delete")), ..Reply::default() };
        assert_eq!(at_once(reply()).to_json()["type"], 9);
        let message = shown_later(reply());
        assert!(message.form.is_none() && message.content.contains("run the command again"));
    }
}
