//! Recovery PINs by the API, as a help desk's program asks for them.

use std::time::Duration;

use postern_codes::Secret;
use postern_codes::env::World;
use serde_json::json;

use super::http::{Answer, Client};
use super::wait;

/// A PIN that was read out.
#[derive(Clone)]
pub struct Pin {
    /// The id of its issue.
    pub id: String,
    /// Nine digits.
    pub digits: Secret<String>,
}

/// What became of a PIN.
#[derive(Debug)]
pub struct Fate {
    /// `ISSUED`, `ACTIVATED` ...
    pub status: String,
    /// How the server learnt of its use: `ONLINE` or `REPORT`; empty where it knows of none.
    pub source: String,
}

impl Fate {
    /// Whether it let somebody in.
    pub fn was_used(&self) -> bool {
        matches!(self.status.as_str(), "ACTIVATED" | "ENDED")
    }
}

/// Makes a time PIN. There is one in each half minute: whoever comes too soon waits for the next.
///
/// # Errors
/// Where the server refuses.
pub fn issue(desk: &Client, device: &str, user: &str, world: &dyn World) -> anyhow::Result<Pin> {
    let wanted = json!({ "mode": "TIME", "reason": "phone lost; called back on the desk line" });
    let mut answer = desk.post(&path(device, user), &wanted)?;
    if let (Some("too_soon"), Some(seconds)) = (answer.error_code().as_deref(), answer.retry_after) {
        wait::until(world.now().plus(Duration::from_secs(seconds)), world);
        answer = desk.post(&path(device, user), &wanted)?;
    }
    let answer = answer.expect(201)?;
    Ok(Pin { id: answer.text("id")?, digits: Secret::new(answer.text("pin")?) })
}

/// Takes a PIN back.
///
/// # Errors
/// Where the server refuses.
pub fn revoke(desk: &Client, device: &str, user: &str, id: &str, reason: &str) -> anyhow::Result<Answer> {
    desk.post(&format!("{}/{id}/revoke", path(device, user)), &json!({ "reason": reason }))?.expect(200)
}

/// What became of a PIN.
///
/// # Errors
/// Where the server refuses.
pub fn fate(desk: &Client, device: &str, user: &str, id: &str) -> anyhow::Result<Fate> {
    let answer = desk.get(&format!("{}/{id}", path(device, user)))?.expect(200)?;
    Ok(Fate { status: answer.text("status")?, source: answer.text("source").unwrap_or_default() })
}

fn path(device: &str, user: &str) -> String {
    format!("/device-access/api/v1/devices/{device}/users/{user}/recovery-pins")
}
