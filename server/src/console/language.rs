//! The languages of the pages, their catalogues, and for whom a page is drawn: a language and a time zone.
//!
//! A catalogue is a folder of `server/locales/`, a file a screen, compiled in. To add a language, add its folder and a
//! line in [`Language`]; a test says what is missing in it.

use std::sync::{Arc, LazyLock};

use axum::http::{HeaderMap, header};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentResource, FluentValue};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::accent::Accent;
use super::help_desk::HelpDesk;
use crate::organisation::Organisation;

/// The cookie with the language that somebody chose.
pub const LANGUAGE_COOKIE: &str = "postern-language";
/// The cookie with the time zone of the browser, or the one that somebody chose.
pub const ZONE_COOKIE: &str = "postern-zone";

/// A language that every text of every page exists in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Deutsch.
    De,
    /// English: where nothing else is asked for.
    #[default]
    En,
}

/// A parsed catalogue.
pub type Catalogue = FluentBundle<FluentResource>;

macro_rules! catalogues {
    ($($screen:literal)*) => {
        /// The files of every catalogue, without `.ftl`. Every key of a file begins with its name.
        pub const SCREENS: &[&str] = &[$($screen),*];

        impl Language {
            /// The files of its catalogue as they are written.
            pub const fn sources(self) -> &'static [&'static str] {
                match self {
                    Self::De => &[$(include_str!(concat!("../../locales/de/", $screen, ".ftl"))),*],
                    Self::En => &[$(include_str!(concat!("../../locales/en/", $screen, ".ftl"))),*],
                }
            }
        }
    };
}

catalogues! {
    "account"
    "accounts"
    "administrators"
    "bulk"
    "cases"
    "demands"
    "device"
    "devices"
    "domain"
    "enrolment"
    "events"
    "export"
    "factors"
    "features"
    "field"
    "forgot"
    "frame"
    "group"
    "groups"
    "help"
    "home"
    "imports"
    "limits"
    "list"
    "mail"
    "networks"
    "not-me"
    "organisation"
    "origins"
    "part"
    "parts"
    "passkeys"
    "password"
    "people"
    "person"
    "pin"
    "policies"
    "problem"
    "readiness"
    "reports"
    "resets"
    "roles"
    "rules"
    "search"
    "security"
    "set-up"
    "sets"
    "sign-in"
    "step-up"
    "time"
    "tokens"
    "unlock"
    "what-if"
}

// Constants, but for the parsing: nothing ever changes them.
static DE: LazyLock<Catalogue> = LazyLock::new(|| catalogue(Language::De));
static EN: LazyLock<Catalogue> = LazyLock::new(|| catalogue(Language::En));

impl Language {
    /// Every language, in the order of the picker.
    pub const ALL: &[Self] = &[Self::En, Self::De];

    /// Its BCP 47 tag, also the name of its folder.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
        }
    }

    /// What its speakers call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::De => "Deutsch",
            Self::En => "English",
        }
    }

    /// Its texts, parsed at their first use and then kept.
    pub fn catalogue(self) -> &'static Catalogue {
        match self {
            Self::De => &DE,
            Self::En => &EN,
        }
    }

    /// The language with this tag, or whose speakers read it: `de-AT` is `de`, and so is the locale `de_AT`.
    pub fn of(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.iter().copied().find(|own| own.tag().eq_ignore_ascii_case(primary))
    }

    /// The first language of an `Accept-Language` that we have, by weight (RFC 9110, section 12.5.4).
    fn accepted(header: &str) -> Option<Self> {
        let entries = header.split(',').take(32).filter_map(|entry| {
            let (tag, weight) = entry.split_once(';').unwrap_or((entry, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok())?;
            Some((Self::of(tag)?, weight)).filter(|(_, weight)| *weight > 0.0)
        });
        let best = entries.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map(|(language, _)| language)
    }

    /// A whole number with its groups of three.
    pub fn number(self, number: i64) -> String {
        let separator = match self {
            Self::De => '.',
            Self::En => ',',
        };
        let digits = number.unsigned_abs().to_string();
        let mut grouped = String::from(if number < 0 { "\u{2212}" } else { "" });
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                grouped.push(separator);
            }
            grouped.push(digit);
        }
        grouped
    }
}

fn catalogue(language: Language) -> Catalogue {
    let locales = language.tag().parse().into_iter().collect();
    let mut catalogue = FluentBundle::new_concurrent(locales);
    // Marks of direction around every name would be invisible rubbish in what people copy.
    catalogue.set_use_isolating(false);
    catalogue.set_formatter(Some(match language {
        Language::De => |value, _| grouped(Language::De, value),
        Language::En => |value, _| grouped(Language::En, value),
    }));
    for source in language.sources() {
        // A test proves that every file parses and that no key is there twice.
        let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(resource, _)| resource);
        let _ = catalogue.add_resource(resource);
    }
    catalogue
}

fn grouped(language: Language, value: &FluentValue<'_>) -> Option<String> {
    let FluentValue::Number(number) = value else { return None };
    #[expect(clippy::cast_possible_truncation, reason = "texts are handed whole numbers only")]
    Some(language.number(number.value as i64))
}

/// For whom a page is drawn.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Their language.
    pub language: Language,
    /// Where their clock stands.
    pub zone: TimeZone,
    /// The colour of their organisation, where it has one.
    pub accent: Option<Accent>,
    /// How their help desk is reached, where that is set.
    pub help: Option<Arc<HelpDesk>>,
}

impl Default for Reader {
    fn default() -> Self {
        Self { language: Language::default(), zone: TimeZone::UTC, accent: None, help: None }
    }
}

impl Reader {
    /// The reader whose browser sent these headers: what they chose goes before what the browser prefers, and that before
    /// what their organisation has set.
    pub fn of(headers: &HeaderMap, organisation: &Organisation) -> Self {
        let chosen = cookie(headers, LANGUAGE_COOKIE).and_then(Language::of);
        let accepted = || headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok().and_then(Language::accepted);
        Self {
            language: chosen.or_else(accepted).unwrap_or(organisation.language),
            zone: cookie(headers, ZONE_COOKIE).and_then(zone).unwrap_or_else(|| organisation.zone()),
            accent: organisation.accent(),
            help: None,
        }
    }
}

/// The zone of this IANA name. What is no name of that form is never looked up: zones are files of the system.
pub fn zone(name: &str) -> Option<TimeZone> {
    let is_name = name.len() <= 64
        && name.split('/').all(|part| part.starts_with(|first: char| first.is_ascii_alphabetic()))
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte));
    if is_name { TimeZone::get(name).ok() } else { None }
}

/// The value of a cookie that is no secret.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn reader(pairs: &[(header::HeaderName, &'static str)]) -> Reader {
        let pairs = pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        Reader::of(&pairs.collect(), &Organisation::default())
    }

    #[test]
    fn the_heaviest_language_that_we_have_is_spoken() {
        let spoken = |text| reader(&[(header::ACCEPT_LANGUAGE, text)]).language;
        assert_eq!(spoken("fr-FR, de-AT;q=0.8, en;q=0.7"), Language::De);
        assert_eq!(spoken("en;q=0.2,de;q=0.9"), Language::De);
        assert_eq!(spoken("de;q=0, fr"), Language::En);
        assert_eq!(spoken(";;q=,=,de;q=x"), Language::En);
        assert_eq!(spoken(""), Language::En);
    }

    #[test]
    fn what_a_person_chose_goes_before_what_their_browser_prefers() {
        let chosen = [(header::ACCEPT_LANGUAGE, "en"), (header::COOKIE, "a=b; postern-language=de")];
        assert_eq!(reader(&chosen).language, Language::De);
        let foreign = [(header::ACCEPT_LANGUAGE, "de"), (header::COOKIE, "postern-language=tlh")];
        assert_eq!(reader(&foreign).language, Language::De);
    }

    #[test]
    fn where_nothing_is_known_of_a_reader_the_organisation_has_the_word() {
        let organisation =
            Organisation { language: Language::De, time_zone: "Asia/Tokyo".to_owned(), ..Organisation::default() };
        let reader = Reader::of(&HeaderMap::new(), &organisation);
        assert_eq!((reader.language, reader.zone.iana_name()), (Language::De, Some("Asia/Tokyo")));
        let english = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static("en"))]);
        assert_eq!(Reader::of(&english, &organisation).language, Language::En);
    }

    #[test]
    fn a_zone_is_a_name_and_never_a_path() {
        assert_eq!(
            zone("Europe/Berlin").and_then(|zone| zone.iana_name().map(str::to_owned)).as_deref(),
            Some("Europe/Berlin")
        );
        for foreign in
            ["", "../etc/passwd", "/etc/localtime", "Europe/../../x", "Nowhere/Here", "Europe//Berlin", "a\0"]
        {
            assert!(zone(foreign).is_none(), "{foreign}");
        }
        assert_eq!(reader(&[(header::COOKIE, "postern-zone=../x")]).zone, TimeZone::UTC);
    }

    #[test]
    fn numbers_are_grouped_as_the_language_has_it() {
        assert_eq!(Language::En.number(1_234_567), "1,234,567");
        assert_eq!(Language::De.number(1_000), "1.000");
        assert_eq!(Language::En.number(999), "999");
        assert_eq!(Language::En.number(-1_000), "\u{2212}1,000");
    }
}
