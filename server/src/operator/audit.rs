//! What an auditor asks at the machine.

use postern_codes::Timestamp;
use postern_codes::id::{Id, Org};

use super::Answer;
use crate::App;
use crate::cases::report::{self, Format, Wanted};

/// Everything that was done to give somebody their access back, between two moments, newest first.
///
/// # Errors
/// Of the database.
pub async fn resets(
    app: &App,
    org: Id<Org>,
    (since, until): (Option<String>, Option<String>),
    format: Format,
) -> anyhow::Result<Answer> {
    let moment = |text: Option<String>| text.map_or(Ok(None), |text| read(&text).map(Some));
    let (since, until) = match (moment(since), moment(until)) {
        (Ok(since), Ok(until)) => (since, until),
        (Err(refused), _) | (_, Err(refused)) => return Ok(Answer::Refused(refused)),
    };
    let file = report::file(app, org, Wanted { since, until, after: None }, format).await;
    let file = file.map_err(|error| anyhow::anyhow!(error.summary.clone()))?;
    Ok(Answer::Done(file.lines().map(str::to_owned).collect()))
}

/// A day begins in UTC, where no more is said.
fn read(text: &str) -> Result<Timestamp, String> {
    let day = format!("{text}T00:00:00Z");
    let instant = postern_store::search::instant;
    instant(text).or_else(|| instant(&day)).ok_or_else(|| {
        format!("{text} is no moment: write a day like 2026-11-22, or an instant like 2026-11-22T14:05:00Z")
    })
}
