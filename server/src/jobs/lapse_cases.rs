//! Suspends whoever did not enrol in time after a recovery case: until then a password alone would have done.

use std::time::Duration;

use postern_store::Error;

use super::Job;
use crate::{App, cases};

pub(super) const JOB: Job =
    Job { name: "lapse recovery cases", every: Duration::from_mins(1), run: |app| Box::pin(run(app)) };

async fn run(app: &App) -> Result<(), Error> {
    for org in app.store.system().orgs().await? {
        let env = app.env();
        let late = app.store.read(org.id, |tx| tx.cases_due(env.now)).await?;
        for case in late {
            app.store.write(org.id, |tx| cases::protection::lapse(tx, app, case, &env)).await?;
        }
    }
    Ok(())
}
