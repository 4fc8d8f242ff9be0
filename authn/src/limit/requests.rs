//! How many requests a minute are served: of which part of the API, and of whom.
//!
//! A request belongs to one [`Bucket`]: the one that names its method and path, else the one with the longest beginning of
//! its path. Everybody together may fill a bucket; one API token a part of it. To add a bucket or a limit, add a line.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::LimitSettings;

/// Every window is as long.
pub const WINDOW: Duration = Duration::from_mins(1);
/// What part of a bucket one API token may fill where nothing else is set, in per cent.
pub const SHARE: u32 = 50;
/// What a limit of requests may be set to. With less, nobody could set it back.
pub const RANGE: std::ops::RangeInclusive<u32> = 5..=1_000_000;

/// A part of the API whose requests are counted together.
#[derive(Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name in settings and in the record.
    pub name: &'static str,
    /// The method, or every method.
    pub method: Option<&'static str>,
    /// The path as routes have it, or the beginning of it.
    pub path: &'static str,
    /// Whether `path` is the whole of it.
    is_whole: bool,
    /// How many requests a minute are served where nothing else is set.
    pub count: u32,
    /// How many times that is served before anybody is refused: signing in comes in waves.
    pub burst: u32,
}

/// Every bucket, by name.
pub const BUCKETS: &[Bucket] = &[
    below("requests_api", "/api/v1", 1200),
    below("requests_authn", "/api/v1/authn", 600).bursting(),
    below("requests_computers", "/device-access/api/v1", 20_000),
    below("requests_devices", "/api/v1/devices", 600),
    below("requests_groups", "/api/v1/groups", 600),
    below("requests_logs", "/api/v1/logs", 600),
    below("requests_other", "", 1200),
    below("requests_pages", "/admin", 6000),
    below("requests_sessions", "/api/v1/sessions", 600).bursting(),
    below("requests_settings", "/device-access/api/v1/limits", 120),
    below("requests_sign_in", "/signin", 1200).bursting(),
    below("requests_static", "/static", 20_000),
    below("requests_user", "/api/v1/users", 600),
    whole("requests_user_read", "GET", "/api/v1/users/{who}", 1000),
    below("requests_zones", "/api/v1/zones", 600),
];

const fn below(name: &'static str, path: &'static str, count: u32) -> Bucket {
    Bucket { name, method: None, path, is_whole: false, count, burst: 1 }
}

const fn whole(name: &'static str, method: &'static str, path: &'static str, count: u32) -> Bucket {
    Bucket { name, method: Some(method), path, is_whole: true, count, burst: 1 }
}

impl Bucket {
    const fn bursting(self) -> Self {
        Self { burst: 5, ..self }
    }

    /// The bucket of a request; `path` as its route has it, empty where there is none.
    ///
    /// # Panics
    /// Never: one bucket takes everything.
    pub fn of(method: &str, path: &str) -> &'static Self {
        let fits = |bucket: &&Self| {
            let is_method = bucket.method.is_none_or(|own| own == method);
            let rest = path.strip_prefix(bucket.path);
            is_method && rest.is_some_and(|rest| rest.is_empty() || !bucket.is_whole && rest.starts_with('/'))
        };
        let rank = |bucket: &&Self| (bucket.is_whole, bucket.path.len(), bucket.method.is_some());
        BUCKETS.iter().filter(fits).max_by_key(rank).expect("the empty beginning fits every path")
    }
}

macro_rules! requests {
    ($(#[doc = $meaning:literal] $variant:ident $name:literal $count:literal;)*) => {
        /// Of whom requests are counted, whatever they ask for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum RequestLimit { $(#[doc = $meaning] $variant),* }

        impl RequestLimit {
            /// Every limit.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name in settings and in the record.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// How many where nothing else is set.
            pub const fn count(self) -> u32 {
                match self { $(Self::$variant => $count),* }
            }

            /// What is counted.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning.trim_ascii()),* }
            }
        }
    };
}

requests! {
    /// Requests of nobody in particular from a network address, in a minute.
    Address "requests_address" 600;
    /// Requests of people and programs under way at once.
    AtOnce "requests_at_once" 75;
    /// Attempts to sign in from a browser at a network address, in a minute.
    Client "requests_client" 60;
    /// The same, under way at once.
    ClientAtOnce "requests_client_at_once" 5;
    /// Requests of a computer, in a minute.
    Device "requests_device" 600;
    /// Requests of a person in the browser, in a minute.
    Person "requests_person" 600;
}

impl LimitSettings {
    /// How many requests the limit or bucket with this name allows here.
    pub fn requests(&self, name: &str, default: u32) -> u32 {
        self.0.get(name).copied().filter(|count| RANGE.contains(count)).unwrap_or(default)
    }
}

/// How a limit on clients is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ClientMode {
    /// Nothing is counted.
    Disable,
    /// Who is over it is refused.
    #[default]
    Enforce,
    /// Who is over it is on record, and served.
    Preview,
}

/// Where clients are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UseCase {
    /// Signing in.
    LoginPage,
    /// `/oauth2/v1/authorize`.
    #[serde(rename = "OAUTH2_AUTHORIZE")]
    Oauth2Authorize,
    /// The way from an application to signing in.
    OieAppIntent,
}

/// What an organisation sets for requests beside the counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RequestSettings {
    /// Whether super administrators are told by mail.
    pub notifications_enabled: bool,
    /// At what part of a limit there is a warning, in per cent.
    pub warning_threshold: u32,
    /// How the limit on clients is meant.
    pub default_mode: ClientMode,
    /// The same, for one use.
    pub use_case_mode_overrides: BTreeMap<UseCase, ClientMode>,
}

impl Default for RequestSettings {
    fn default() -> Self {
        Self {
            notifications_enabled: true,
            warning_threshold: 60,
            default_mode: ClientMode::default(),
            use_case_mode_overrides: BTreeMap::new(),
        }
    }
}

impl RequestSettings {
    /// How the limit on clients is meant for this use.
    pub fn mode(&self, case: UseCase) -> ClientMode {
        self.use_case_mode_overrides.get(&case).copied().unwrap_or(self.default_mode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::Limit;

    #[test]
    fn the_whole_path_goes_before_the_longest_beginning() {
        for (method, path, name) in [
            ("GET", "/api/v1/users/{who}", "requests_user_read"),
            ("POST", "/api/v1/users/{who}", "requests_user"),
            ("GET", "/api/v1/users/{who}/groups", "requests_user"),
            ("GET", "/api/v1/users", "requests_user"),
            ("GET", "/api/v1/usersx", "requests_api"),
            ("GET", "/api/v1/features", "requests_api"),
            ("GET", "/admin/people", "requests_pages"),
            ("GET", "/administrators", "requests_other"),
            ("GET", "/", "requests_other"),
            ("GET", "", "requests_other"),
        ] {
            assert_eq!(Bucket::of(method, path).name, name, "{method} {path}");
        }
    }

    #[test]
    fn every_limit_has_a_name_of_its_own_and_a_count_that_can_be_set() {
        let mut names: Vec<&str> = BUCKETS.iter().map(|bucket| bucket.name).collect();
        names.extend(RequestLimit::ALL.iter().map(|limit| limit.name()));
        let requests = names.len();
        names.extend(Limit::ALL.iter().map(|limit| limit.name()));
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!((names.len(), requests), (all, BUCKETS.len() + RequestLimit::ALL.len()));
        assert!(BUCKETS.iter().all(|bucket| RANGE.contains(&bucket.count)));
        assert!(RequestLimit::ALL.iter().all(|limit| RANGE.contains(&limit.count())));
        assert!(BUCKETS.is_sorted_by_key(|bucket| bucket.name));
    }
}
