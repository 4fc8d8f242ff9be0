//! Counts of requests, in memory: they protect this server, and cost it next to nothing. What guards secrets is counted in
//! the database (decision record 13).

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postern_codes::Timestamp;
use postern_codes::id::{ApiToken, Device, Id, User};

/// How many windows of strangers are kept: beyond it strangers are not told apart any more, until windows end.
const STRANGERS: usize = 50_000;

/// Of whom something is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Whoever comes from an address.
    Address(IpAddr),
    /// Everybody.
    All,
    /// A browser at an address: a hash of its cookie.
    Client(IpAddr, u64),
    /// A computer.
    Device(Id<Device>),
    /// A person.
    Person(Id<User>),
    /// An API token.
    Token(Id<ApiToken>),
}

/// What is counted, and of whom.
pub type Key = (&'static str, Subject);

/// How much is allowed in a window.
#[derive(Debug, Clone, Copy)]
pub struct Ceiling {
    /// What the answer says.
    pub limit: u32,
    /// What is served, which is more where a burst is.
    pub served: u32,
    /// At what count there is a warning.
    pub warn_at: u32,
    /// How long a window is.
    pub window: Duration,
}

/// What the answer says of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// How many in a window.
    pub limit: u32,
    /// How many of them are left.
    pub remaining: u32,
    /// When the window ends.
    pub reset: Timestamp,
}

/// What is worth an event: each at most once a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum News {
    /// Much of the limit is used up.
    Warning,
    /// The limit is used up; more is served for now.
    Burst,
    /// Somebody was refused.
    Violation,
}

/// What became of a request that was counted.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Charged {
    /// What the answer says.
    pub reading: Reading,
    /// Whether it is served.
    pub is_served: bool,
    /// What is worth an event.
    pub news: Option<News>,
}

/// The windows that are open, and what is under way.
#[derive(Default)]
pub struct Counters {
    known: Mutex<HashMap<Key, Window>>,
    strangers: Mutex<HashMap<Key, Window>>,
    under_way: Mutex<HashMap<Key, u32>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    start: Timestamp,
    count: u32,
    told: Option<News>,
    ends: Timestamp,
}

/// One of those under way; it is over when this is dropped.
pub struct Place {
    counters: Arc<Counters>,
    key: Key,
}

impl Counters {
    /// Counts one more, unless the window is full.
    pub fn charge(&self, key: Key, ceiling: &Ceiling, now: Timestamp) -> Charged {
        let is_stranger = matches!(key.1, Subject::Address(_) | Subject::Client(..));
        let mut windows = lock(if is_stranger { &self.strangers } else { &self.known });
        if is_stranger && windows.len() >= STRANGERS && !windows.contains_key(&key) {
            windows.retain(|_, window| window.is_open(now));
            if windows.len() >= STRANGERS {
                let reading = Reading { limit: ceiling.limit, remaining: 0, reset: now.plus(ceiling.window) };
                return Charged { reading, is_served: true, news: None };
            }
        }
        let fresh = Window { start: now, count: 0, told: None, ends: now.plus(ceiling.window) };
        let window = windows.entry(key).or_insert(fresh);
        if !window.is_open(now) {
            *window = fresh;
        }
        let is_served = window.count < ceiling.served;
        window.count += u32::from(is_served);
        let news = if !is_served {
            Some(News::Violation)
        } else if window.count > ceiling.limit {
            Some(News::Burst)
        } else if window.count >= ceiling.warn_at {
            Some(News::Warning)
        } else {
            None
        };
        let news = news.filter(|news| Some(*news) > window.told);
        window.told = window.told.max(news);
        let remaining = ceiling.limit.saturating_sub(window.count);
        Charged { reading: Reading { limit: ceiling.limit, remaining, reset: window.ends }, is_served, news }
    }

    /// Takes one of `most` places; `None` where none is free.
    pub fn enter(self: &Arc<Self>, key: Key, most: u32) -> Option<Place> {
        let mut under_way = lock(&self.under_way);
        let count = under_way.entry(key).or_insert(0);
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { counters: Arc::clone(self), key })
    }
}

impl Window {
    /// A clock that was set back ends every window: it must not make one last.
    fn is_open(&self, now: Timestamp) -> bool {
        self.start <= now && now < self.ends
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut under_way = lock(&self.counters.under_way);
        if let Some(count) = under_way.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.key);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = ("test", Subject::All);
    const CEILING: Ceiling = Ceiling { limit: 10, served: 20, warn_at: 6, window: Duration::from_mins(1) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_800_000_000 + seconds)
    }

    #[test]
    fn a_window_is_exact_at_its_edge_and_tells_each_thing_once() {
        let counters = Counters::default();
        let mut told = Vec::new();
        for number in 1..=25 {
            let charged = counters.charge(KEY, &CEILING, at(0));
            assert_eq!(charged.is_served, number <= 20, "{number}");
            assert_eq!(charged.reading, Reading { limit: 10, remaining: 10u32.saturating_sub(number), reset: at(60) });
            told.extend(charged.news.map(|news| (number, news)));
        }
        assert_eq!(told, [(6, News::Warning), (11, News::Burst), (21, News::Violation)]);
        assert!(!counters.charge(KEY, &CEILING, at(59)).is_served);
        let next = counters.charge(KEY, &CEILING, at(60));
        assert_eq!((next.is_served, next.reading.remaining, next.reading.reset), (true, 9, at(120)));
    }

    #[test]
    fn a_clock_set_back_opens_the_window_again() {
        let counters = Counters::default();
        for _ in 0..20 {
            assert!(counters.charge(KEY, &CEILING, at(0)).is_served);
        }
        assert!(counters.charge(KEY, &CEILING, at(-3600)).is_served);
    }

    #[test]
    fn strangers_fill_no_memory() {
        let counters = Counters::default();
        let address = |number: u32| ("test", Subject::Address(IpAddr::V4(number.into())));
        for number in 0..u32::try_from(STRANGERS).unwrap() + 1000 {
            assert!(counters.charge(address(number), &CEILING, at(0)).is_served);
        }
        assert_eq!(lock(&counters.strangers).len(), STRANGERS);
        assert!(counters.charge(address(u32::MAX), &CEILING, at(60)).is_served);
        assert_eq!(lock(&counters.strangers).len(), 1);
    }

    #[test]
    fn places_are_given_back() {
        let counters = Arc::new(Counters::default());
        let held: Vec<Place> = (0..3).filter_map(|_| counters.enter(KEY, 2)).collect();
        assert_eq!(held.len(), 2);
        drop(held);
        assert!(counters.enter(KEY, 2).is_some());
        assert!(lock(&counters.under_way).is_empty());
    }
}
