//! How messages leave. To add a sender, add a file and a line in [`sender`].

mod file;
mod smtp;

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use lettre::Message as Mail;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use postern_store::deliveries::Message;

use crate::config::Config;

/// Why a message did not leave.
#[derive(Debug, thiserror::Error)]
pub enum SendFault {
    /// It can never leave so: an address that is none.
    #[error("{0}")]
    Never(String),
    /// It may leave later: the mail server is down or slow.
    #[error("{0}")]
    Later(String),
}

/// A boxed answer of a sender.
pub type Sent<'s> = Pin<Box<dyn Future<Output = Result<(), SendFault>> + Send + 's>>;

/// Something that takes a mail away.
pub trait Sender: Send + Sync {
    /// Takes one mail.
    fn send(&self, mail: Mail) -> Sent<'_>;
}

/// The sender that the configuration asks for: a mail server, or files in `outbox/` of the data folder.
///
/// # Errors
/// Where the mail server's URL is not of its form or the folder cannot be made.
pub fn sender(config: &Config, data: &Path) -> anyhow::Result<Arc<dyn Sender>> {
    match &config.smtp {
        Some(smtp) => Ok(Arc::new(smtp::Smtp::new(smtp)?)),
        None => Ok(Arc::new(file::Outbox::new(data.join("outbox"))?)),
    }
}

/// The mail that carries a message.
///
/// # Errors
/// [`SendFault::Never`] where an address is none.
pub fn mail(config: &Config, recipient: &str, message: &Message) -> Result<Mail, SendFault> {
    let never = |error: &dyn std::error::Error| SendFault::Never(error.to_string());
    let from = config.smtp.as_ref().map_or("Postern <postern@localhost>", |smtp| smtp.from.as_str());
    let from: Mailbox = from.parse().map_err(|error| never(&error))?;
    let to: Mailbox = recipient.parse().map_err(|error| never(&error))?;
    Mail::builder()
        .from(from)
        .to(to)
        .subject(&message.subject)
        .header(ContentType::TEXT_PLAIN)
        .body(message.text.clone())
        .map_err(|error| never(&error))
}
