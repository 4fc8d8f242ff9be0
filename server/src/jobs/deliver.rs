//! Sends what transactions queued.

use std::time::Duration;

use futures_util::future::join_all;
use postern_authn::factor::Channel;
use postern_codes::Secret;
use postern_store::Error;
use postern_store::deliveries::{Carrier, DueDelivery, Message, backoff};

use super::Job;
use crate::App;
use crate::delivery::{self, SendFault, Telephoned};

/// Mail. What telephones wait for, it does not.
pub(super) const MAIL: Job = Job { name: "deliver mail", every: EVERY, run: |app| Box::pin(run(app, Carrier::Mail)) };
/// Text messages and calls.
pub(super) const TELEPHONES: Job =
    Job { name: "deliver to telephones", every: EVERY, run: |app| Box::pin(run(app, Carrier::Telephone)) };

const EVERY: Duration = Duration::from_secs(1);
/// How long one try may take: less than what is claimed is hidden from other servers.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long to wait before the next try of a code: somebody waits for it. There is none after it is over.
const SOON: Duration = Duration::from_secs(10);

/// Sends what is due side by side: a slow try holds up none of the others, and none outlives its claim.
async fn run(app: &App, carrier: Carrier) -> Result<(), Error> {
    let due = app.store.system().claim_deliveries(carrier, app.env().now).await?;
    join_all(due.iter().map(|due| deliver(app, due))).await.into_iter().collect()
}

async fn deliver(app: &App, due: &DueDelivery) -> Result<(), Error> {
    let sent = tokio::time::timeout(PATIENCE, send(app, due)).await;
    let sent = sent.unwrap_or_else(|_| Err(SendFault::Later("nothing was answered in time".to_owned())));
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
