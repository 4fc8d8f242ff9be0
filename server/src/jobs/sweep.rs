//! Forgets what nobody may need any more.

use std::time::Duration;

use postern_store::Error;

use super::Job;
use crate::App;

pub(super) const JOB: Job = Job { name: "sweep", every: Duration::from_hours(1), run: |app| Box::pin(run(app)) };

async fn run(app: &App) -> Result<(), Error> {
    for org in app.store.system().orgs().await? {
        let now = app.env().now;
        app.store.write(org.id, |tx| tx.sweep(now)).await?;
    }
    Ok(())
}
