//! Real time: the demo has no other.

use std::time::Duration;

use postern_codes::Timestamp;
use postern_codes::env::World;

/// Waits until `moment`.
#[expect(clippy::disallowed_methods, reason = "what is waited for is the clock itself")]
pub fn until(moment: Timestamp, world: &dyn World) {
    std::thread::sleep(moment.since(world.now()));
}

/// Asks again and again until there is something, for at most `patience`.
#[expect(clippy::disallowed_methods, reason = "another process makes it so, and tells nobody")]
pub fn while_none<T>(patience: Duration, world: &dyn World, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = world.now().plus(patience);
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if world.now() >= end {
            return None;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
