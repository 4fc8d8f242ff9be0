//! Gives committed events their positions, so that who reads the record rarely has to.

use std::time::Duration;

use postern_store::Error;

use super::Job;
use crate::App;

pub(super) const JOB: Job = Job { name: "place-events", every: Duration::from_secs(1), run: |app| Box::pin(run(app)) };

async fn run(app: &App) -> Result<(), Error> {
    for org in app.store.system().orgs().await? {
        while app.store.read(org.id, |tx| tx.has_unplaced_events()).await? {
            app.store.write(org.id, |tx| tx.place_events()).await?;
        }
    }
    Ok(())
}
