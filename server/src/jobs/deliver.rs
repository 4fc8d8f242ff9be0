//! Sends what transactions queued.

use std::time::Duration;

use postern_store::Error;
use postern_store::deliveries::{DueDelivery, Message, backoff};

use super::Job;
use crate::App;
use crate::delivery::{self, SendFault};

pub(super) const JOB: Job = Job { name: "deliver", every: Duration::from_secs(1), run: |app| Box::pin(run(app)) };

async fn run(app: &App) -> Result<(), Error> {
    for due in app.store.system().claim_deliveries(app.env().now).await? {
        let sent = send(app, &due).await;
        let now = app.env().now;
        app.store
            .write(due.org, |tx| match &sent {
                Ok(()) => tx.delivery_sent(due.id, now),
                Err(SendFault::Never(fault)) => tx.delivery_failed(due.id, None, fault),
                Err(SendFault::Later(fault)) => {
                    tx.delivery_failed(due.id, backoff(due.attempts).map(|wait| now.plus(wait)), fault)
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
    app.sender.send(delivery::mail(&app.config, &due.recipient, &message)?).await
}
