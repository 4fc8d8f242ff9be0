//! Sends what transactions queued.

use std::time::Duration;

use postern_authn::factor::Channel;
use postern_codes::Secret;
use postern_store::Error;
use postern_store::deliveries::{DueDelivery, Message, backoff};

use super::Job;
use crate::App;
use crate::delivery::{self, SendFault, Telephoned};

pub(super) const JOB: Job = Job { name: "deliver", every: Duration::from_secs(1), run: |app| Box::pin(run(app)) };

/// How long to wait before the next try of a code: somebody waits for it. There is none after it is over.
const SOON: Duration = Duration::from_secs(10);

async fn run(app: &App) -> Result<(), Error> {
    for due in app.store.system().claim_deliveries(app.env().now).await? {
        let sent = send(app, &due).await;
        let now = app.env().now;
        app.store
            .write(due.org, |tx| match &sent {
                Ok(()) => tx.delivery_sent(due.id, now),
                Err(SendFault::Never(fault)) => tx.delivery_failed(due.id, None, fault),
                Err(SendFault::Later(fault)) => {
                    let wait = if due.expires_at.is_some() { Some(SOON) } else { backoff(due.attempts) };
                    tx.delivery_failed(due.id, wait.map(|wait| now.plus(wait)), fault)
                }
            })
            .await?;
        if let Err(fault) = sent {
            tracing::warn!(delivery = %due.id, attempts = due.attempts, %fault, "a message was not sent");
        }
    }
    Ok(())
}

async fn send(app: &App, due: &DueDelivery) -> Result<(), SendFault> {
    let never = |error: &dyn std::error::Error| SendFault::Never(error.to_string());
    let plain = app.store.keyring().open(&due.message).map_err(|error| never(&error))?;
    let message: Message = serde_json::from_slice(plain.expose()).map_err(|error| never(&error))?;
    let at = app.env().now;
    if due.expires_at.is_some_and(|until| until <= at) {
        return Err(SendFault::Never("it is too late: what it says does not count any more".to_owned()));
    }
    if due.channel == Channel::Email {
        return app.sender.send(delivery::mail(&app.config, &due.recipient, &message)?).await;
    }
    let (number, extension) = due.recipient.split_once(',').unwrap_or((&due.recipient, ""));
    let (number, extension) = (number.to_owned(), extension.to_owned());
    let text = Secret::new(message.text);
    app.sender.telephone(Telephoned { channel: due.channel, number, extension, text, at }).await
}
