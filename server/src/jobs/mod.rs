//! What the server does by itself. To add a job, add a file and a line in [`JOBS`].
//!
//! Every server runs every job; a job claims its work in the database, so that two servers do not do it twice.

mod deliver;
pub mod import_people;
pub mod judge_rules;
mod lapse_cases;
mod place_events;
mod sweep;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::App;

/// One turn of a job.
type Turn<'a> = Pin<Box<dyn Future<Output = Result<(), postern_store::Error>> + Send + 'a>>;

/// One job.
pub struct Job {
    name: &'static str,
    every: Duration,
    run: fn(&App) -> Turn<'_>,
}

/// Every job.
pub const JOBS: &[Job] = &[
    deliver::MAIL,
    deliver::TELEPHONES,
    import_people::JOB,
    judge_rules::JOB,
    lapse_cases::JOB,
    place_events::JOB,
    sweep::JOB,
];

/// Runs every job once, in order.
///
/// # Errors
/// Of the first job that fails.
pub async fn once(app: &App) -> Result<(), postern_store::Error> {
    for job in JOBS {
        (job.run)(app).await?;
    }
    Ok(())
}

/// Runs every job at its interval, for as long as the set is kept. A fault is logged; the job goes on at its next turn.
///
/// The set is shut down before the runtime ends: a job that waits for the database then would wait for ever.
#[must_use]
pub fn start(app: &Arc<App>) -> JoinSet<()> {
    let mut jobs = JoinSet::new();
    for job in JOBS {
        let app = Arc::clone(app);
        jobs.spawn(async move {
            let mut turns = tokio::time::interval(job.every);
            turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                turns.tick().await;
                if let Err(error) = (job.run)(&app).await {
                    tracing::warn!(job = job.name, cause = %error, "a job failed; it is tried again");
                }
            }
        });
    }
    jobs
}
