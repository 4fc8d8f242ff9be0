//! Priorities: 1, 2, 3 ... without a gap, whatever is put in, moved or taken out; what came with the organisation is last.

use super::{Policy, Rule};

/// Something that has a priority among its like.
pub trait Ranked {
    /// Whether it came with the organisation, and stays last.
    fn is_system(&self) -> bool;
    /// Its priority.
    fn priority(&self) -> u32;
    /// Gives it another.
    fn rank(&mut self, priority: u32);
}

impl Ranked for Policy {
    fn is_system(&self) -> bool {
        self.is_system
    }

    fn priority(&self) -> u32 {
        self.priority
    }

    fn rank(&mut self, priority: u32) {
        self.priority = priority;
    }
}

impl Ranked for Rule {
    fn is_system(&self) -> bool {
        self.is_system
    }

    fn priority(&self) -> u32 {
        self.priority
    }

    fn rank(&mut self, priority: u32) {
        self.priority = priority;
    }
}

/// Puts `new` where it is to be asked, or last of those that do not come with the organisation; the others move on.
pub fn put<T: Ranked>(all: &mut Vec<T>, new: T, wanted: Option<u32>) {
    let last = all.iter().filter(|other| !other.is_system()).count();
    let at = if new.is_system() { all.len() } else { wanted.map_or(last, |wanted| place(wanted, last)) };
    all.insert(at, new);
    close(all);
}

/// Sorts by priority and numbers without a gap.
pub fn close<T: Ranked>(all: &mut [T]) {
    for (priority, one) in (1..).zip(all.iter_mut()) {
        one.rank(priority);
    }
}

/// Sorts what was read, and numbers it.
pub fn sort<T: Ranked>(all: &mut [T]) {
    all.sort_by_key(|one| (one.is_system(), one.priority()));
    close(all);
}

fn place(wanted: u32, last: usize) -> usize {
    usize::try_from(wanted.saturating_sub(1)).unwrap_or(last).min(last)
}
