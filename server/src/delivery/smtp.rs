//! Mail through a mail server, over TLS.

use std::time::Duration;

use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport as _, Message as Mail, Tokio1Executor};

use super::{SendFault, Sender, Sent};
use crate::config::Smtp as Settings;

/// A mail server.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl Smtp {
    /// The mail server at the configured URL.
    pub fn new(settings: &Settings) -> anyhow::Result<Self> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.url.expose())
            .map_err(|_| anyhow::anyhow!("smtp.url is not of the form smtps://user:password@host:port"))?;
        Ok(Self { transport: builder.timeout(Some(Duration::from_secs(10))).build() })
    }
}

impl Sender for Smtp {
    fn send(&self, mail: Mail) -> Sent<'_> {
        Box::pin(async move {
            match self.transport.send(mail).await {
                Ok(_) => Ok(()),
                Err(error) if error.is_permanent() => Err(SendFault::Never(error.to_string())),
                Err(error) => Err(SendFault::Later(error.to_string())),
            }
        })
    }
}
