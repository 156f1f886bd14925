//! Why a person could not do what the test wanted, or got no answer.

/// What a person is told, or what their client would not let them do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// Nothing came in three seconds.
    #[error("The application did not respond")]
    DidNotRespond,
    /// The bot deferred and never edited its answer.
    #[error("The application is thinking, and went on thinking")]
    StillThinking,
    /// The bot is not in the guild, or no such command is registered.
    #[error("there is no command {0:?} here")]
    UnknownCommand(String),
    /// The member's permissions hide the command, or the channel, or commands altogether.
    #[error("{member} may not use {what}")]
    NotAllowed {
        /// Who.
        member: String,
        /// What.
        what: String,
    },
    /// The command has no option of this name.
    #[error("{command} has no option {option:?}; it has {known}")]
    UnknownOption {
        /// The full name of the command.
        command: String,
        /// What was given.
        option: String,
        /// What there is.
        known: String,
    },
    /// A required option was left out.
    #[error("{command} requires the option {option:?}")]
    MissingOption {
        /// The full name of the command.
        command: String,
        /// What was left out.
        option: String,
    },
    /// The client would not take this value for an option or a field.
    #[error("{field:?} does not take {value:?}: {reason}")]
    Refused {
        /// The option or field.
        field: String,
        /// The value.
        value: String,
        /// Why not.
        reason: String,
    },
    /// The message has no such button or select.
    #[error("there is no {wanted:?} on the message; there is {known}")]
    NoSuchComponent {
        /// What was looked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// The button or select is greyed out, or a link.
    #[error("{0:?} cannot be pressed")]
    NotPressable(String),
    /// The message is gone, or the person does not see it.
    #[error("the message is gone or out of sight")]
    MessageGone,
}
