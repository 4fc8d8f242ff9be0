//! How messages leave: mail, text messages and calls. To add a sender, add a file and a line in [`sender`].

mod file;
mod gateway;
mod smtp;

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use lettre::Message as Mail;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use postern_authn::factor::Channel;
use postern_codes::{Secret, Timestamp};
use postern_store::deliveries::Message;

use crate::config::Config;

pub use gateway::Gateway;

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

/// A message to a telephone. No `Debug`: the text holds a code.
pub struct Telephoned {
    /// Whether it is read or heard.
    pub channel: Channel,
    /// The number, of E.164.
    pub number: String,
    /// What is dialled after the connection, or nothing.
    pub extension: String,
    /// What it says.
    pub text: Secret<String>,
    /// When it leaves.
    pub at: Timestamp,
}

/// Something that takes messages away.
pub trait Sender: Send + Sync {
    /// Takes one mail.
    fn send(&self, mail: Mail) -> Sent<'_>;

    /// Takes one message to a telephone.
    fn telephone(&self, _: Telephoned) -> Sent<'_> {
        Box::pin(async { Err(SendFault::Never("no way to telephones is configured".to_owned())) })
    }
}

/// A sender for each way.
struct Ways {
    mail: Arc<dyn Sender>,
    sms: Arc<dyn Sender>,
    call: Arc<dyn Sender>,
}

impl Sender for Ways {
    fn send(&self, mail: Mail) -> Sent<'_> {
        self.mail.send(mail)
    }

    fn telephone(&self, message: Telephoned) -> Sent<'_> {
        match message.channel {
            Channel::Call => self.call.telephone(message),
            Channel::Email | Channel::Sms => self.sms.telephone(message),
        }
    }
}

/// The senders that the configuration asks for: a mail server, gateways to telephones; files in `outbox/` of the data
/// folder for each that is not there.
///
/// # Errors
/// Where the mail server's URL is not of its form, a gateway's settings cannot work, or the folder cannot be made.
pub fn sender(config: &Config, data: &Path) -> anyhow::Result<Arc<dyn Sender>> {
    let files: Arc<dyn Sender> = Arc::new(file::Outbox::new(data.join("outbox"))?);
    let mail = match &config.smtp {
        Some(smtp) => Arc::new(smtp::Smtp::new(smtp)?) as Arc<dyn Sender>,
        None => Arc::clone(&files),
    };
    let gateway = |name: &str, settings: &Option<Gateway>| match settings {
        Some(settings) => {
            let telephones = gateway::Telephones::new(settings);
            let telephones = telephones.map_err(|error| anyhow::anyhow!("postern.toml, [{name}]: {error}"))?;
            Ok::<_, anyhow::Error>(Arc::new(telephones) as Arc<dyn Sender>)
        }
        None => Ok(Arc::clone(&files)),
    };
    Ok(Arc::new(Ways { sms: gateway("sms", &config.sms)?, call: gateway("call", &config.call)?, mail }))
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
