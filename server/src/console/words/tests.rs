//! The catalogues against the sources: every key that is used is in every catalogue with the same arguments, none is left
//! over, and no template says a word by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use askama::Template as _;
use fluent_bundle::FluentResource;
use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement};
use jiff::tz::TimeZone;
use postern_authn::audit::EventType;
use postern_authn::factor::org_factors;
use postern_authn::factor::question::QUESTIONS;
use postern_authn::limit::Limit;
use postern_authn::permission::{Permission, Role};

use super::*;
use crate::console::language::{Language, SCREENS};
use crate::console::part::Tone;

type Arguments = BTreeSet<String>;

/// Sentences of the domain are English there; other catalogues have them too.
const DOMAIN: &str = "domain-";

fn german() -> Reader {
    Reader { language: Language::De, zone: TimeZone::get("Europe/Berlin").unwrap(), ..Reader::default() }
}

/// Every key of a catalogue with the arguments of its message.
fn keys(language: Language) -> BTreeMap<String, Arguments> {
    let mut keys = BTreeMap::new();
    for (screen, source) in SCREENS.iter().zip(language.sources()) {
        let resource = FluentResource::try_new((*source).to_owned());
        let resource = resource.unwrap_or_else(|(_, errors)| panic!("{}/{screen}.ftl: {errors:?}", language.tag()));
        for entry in resource.entries() {
            let Entry::Message(message) = entry else { continue };
            let key = message.id.name;
            assert!(key.starts_with(&format!("{screen}-")), "{key} is in {screen}.ftl");
            let mut arguments = Arguments::new();
            variables(message.value.as_ref().expect("a message says something"), &mut arguments);
            assert!(keys.insert(key.to_owned(), arguments).is_none(), "{key} is there twice");
        }
    }
    keys
}

fn variables(pattern: &Pattern<&str>, found: &mut Arguments) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else { continue };
        match expression {
            Expression::Inline(inline) => variable(inline, found),
            Expression::Select { selector, variants } => {
                variable(selector, found);
                for variant in variants {
                    variables(&variant.value, found);
                }
            }
        }
    }
}

fn variable(inline: &InlineExpression<&str>, found: &mut Arguments) {
    match inline {
        InlineExpression::FunctionReference { arguments: CallArguments { positional, .. }, .. } => {
            for inline in positional {
                variable(inline, found);
            }
        }
        InlineExpression::Placeable { expression } => {
            if let Expression::Inline(inline) = expression.as_ref() {
                variable(inline, found);
            }
        }
        InlineExpression::VariableReference { id } => {
            found.insert(id.name.to_owned());
        }
        InlineExpression::MessageReference { .. }
        | InlineExpression::NumberLiteral { .. }
        | InlineExpression::StringLiteral { .. }
        | InlineExpression::TermReference { .. } => {}
    }
}

/// Files below a folder of this crate with one of the extensions, and what is in them.
fn sources(folder: &str, extension: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, extension: &str, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, extension, found);
            } else if path.extension().is_some_and(|own| own == extension) && !path.ends_with("tests.rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), extension, &mut found);
    found
}

/// The literal that a text begins with, and what follows it.
fn literal(text: &str) -> Option<(&str, &str)> {
    text.trim_start().strip_prefix('"')?.split_once('"')
}

/// What follows a parenthesis that was opened before `text`, quotes heeded.
fn beyond(text: &str) -> &str {
    let (mut depth, mut is_quoted) = (1, false);
    for (at, character) in text.char_indices() {
        match character {
            '"' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[at + 1..];
        }
    }
    ""
}

/// Every use of a key in views and templates with the arguments that stand beside it, and every family.
fn uses() -> (Vec<(String, String, Arguments)>, BTreeSet<String>) {
    let (mut uses, mut families) = (Vec::new(), BTreeSet::new());
    for (path, text) in sources("src", "rs").into_iter().chain(sources("templates", "html")) {
        let place = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_comment = |line: &&str| line.trim_start().starts_with("//");
        let code: String = text.lines().filter(|line| !is_comment(line)).collect::<Vec<_>>().join("\n");
        for (at, _) in code.match_indices("say_of(") {
            let Some((family, _)) = literal(&code[at + 7..]) else { continue };
            families.insert(format!("{family}-"));
        }
        for (at, _) in code.match_indices("say(") {
            let Some((key, rest)) = literal(&code[at + 4..]) else { continue };
            let mut rest = beyond(rest);
            let mut arguments = Arguments::new();
            while let Some(next) = [".with(", ".around("].iter().find_map(|call| rest.trim_start().strip_prefix(call)) {
                arguments.extend(literal(next).map(|(name, _)| name.to_owned()));
                rest = beyond(next);
            }
            uses.push((key.to_owned(), place.clone(), arguments));
        }
    }
    (uses, families)
}

#[test]
fn every_catalogue_has_the_same_keys_with_the_same_arguments() {
    let english = keys(Language::En);
    for language in Language::ALL {
        let own = keys(*language);
        let of_screens = |keys: &BTreeMap<String, Arguments>| -> BTreeMap<String, Arguments> {
            keys.iter()
                .filter(|(key, _)| !key.starts_with(DOMAIN))
                .map(|(key, held)| (key.clone(), held.clone()))
                .collect()
        };
        let (english, own) = (of_screens(&english), of_screens(&own));
        let tag = language.tag();
        for (key, arguments) in &english {
            assert_eq!(own.get(key), Some(arguments), "{key} in {tag}");
        }
        assert_eq!(own.len(), english.len(), "{tag}: {:?}", own.keys().find(|key| !english.contains_key(*key)));
    }
}

#[test]
fn every_key_that_is_used_is_there_and_none_is_left_over() {
    let english = keys(Language::En);
    let (uses, families) = uses();
    let mut said = BTreeSet::new();
    for (key, place, given) in &uses {
        let wanted = english.get(key).unwrap_or_else(|| panic!("{place} says {key}, which no catalogue has"));
        // Arguments may be added later, as in a list of acts that share one; more than the message wants is a mistake.
        let more: Vec<_> = given.difference(wanted).collect();
        assert!(more.is_empty(), "{place} gives {more:?} to {key}");
        if !given.is_empty() {
            assert_eq!(given, wanted, "{place} says {key}");
        }
        said.insert(key.as_str());
    }
    for language in Language::ALL {
        let keys = keys(*language);
        let is_of_a_family = |key: &str| families.iter().any(|family| key.starts_with(family.as_str()));
        let unused: Vec<_> = keys.keys().filter(|key| !said.contains(key.as_str()) && !is_of_a_family(key)).collect();
        assert!(unused.is_empty(), "{}: nobody says {unused:?}", language.tag());
    }
}

#[test]
fn every_sentence_of_the_domain_is_in_every_other_language() {
    let mut wanted: Vec<Text> = Vec::new();
    wanted.extend(EventType::ALL.iter().map(|kind| say_of("domain-event", kind.as_str())));
    wanted.extend(Limit::ALL.iter().map(|limit| say_of("domain-limit", limit.name())));
    wanted.extend(Permission::ALL.iter().map(|permission| say_of("domain-permission", permission.as_str())));
    wanted.extend(Role::ALL.iter().map(|role| say_of("domain-role", role.as_str())));
    wanted.extend(Role::ALL.iter().map(|role| say_of("domain-role-meaning", role.as_str())));
    let off = org_factors().filter(|(_, provider)| provider.off_because.is_some());
    wanted.extend(off.map(|(_, provider)| say_of("domain-factor-off", provider.org_factor)));
    wanted.extend(QUESTIONS.iter().map(|(key, _)| say_of("domain-question", key)));
    for language in Language::ALL.iter().filter(|language| **language != Language::En) {
        let own = keys(*language);
        let missing: Vec<&String> = wanted
            .iter()
            .filter_map(|text| match &text.0 {
                Form::Said(said) if !own.contains_key(&said.key) => Some(&said.key),
                _ => None,
            })
            .collect();
        assert!(missing.is_empty(), "{}/domain.ftl lacks {missing:?}", language.tag());
    }
}

/// A template without what askama, the browser or a keyboard reads: what is left is for people.
fn spoken(template: &str) -> String {
    let mut rest = template.to_owned();
    let machine = [
        ("{%- macro", "endmacro"),
        ("{% block width %}", "{% endblock %}"),
        ("{#", "#}"),
        ("{%", "%}"),
        ("{{", "}}"),
        ("<kbd>", "</kbd>"),
        ("<code class=", "</code>"),
        ("<svg", "</svg>"),
        ("<!", ">"),
    ];
    for (open, close) in machine {
        while let Some(from) = rest.find(open) {
            let to = rest[from..].find(close).map_or(rest.len(), |at| from + at + close.len());
            rest.replace_range(from..to, "\u{1}");
        }
    }
    let mut said = String::new();
    let mut pieces = rest.split('<');
    said.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        for name in ["alt", "aria-label", "data-name", "placeholder", "title"] {
            let value = tag.split(&format!(" {name}=\"")).nth(1).and_then(|value| value.split('"').next());
            said.push_str(value.unwrap_or_default());
        }
        said.push(' ');
        said.push_str(text);
    }
    said
}

#[test]
fn no_template_says_a_word_by_itself() {
    for (path, template) in sources("templates", "html") {
        // A part that is only attributes has no tag around it.
        if path.ends_with("script_words.html") {
            continue;
        }
        let said = spoken(&template).replace("Postern", "");
        let word = said.split(|c: char| !c.is_alphabetic()).find(|word| !word.is_empty());
        assert_eq!(word, None, "{} says it by itself", path.display());
    }
    assert_eq!(spoken("<p title=\"Oh\">{{ a }} b</p>").split_whitespace().collect::<Vec<_>>(), ["Oh", "\u{1}", "b"]);
}

#[test]
fn a_text_is_said_in_the_language_and_zone_of_its_reader() {
    let text = say("list-shown").with("count", 1_234_u32);
    assert_eq!(text.words(&Reader::default()), "1,234 shown");
    assert_eq!(text.words(&german()), "1.234 gezeigt");
    let at = Timestamp::from_unix_seconds(1_795_334_700);
    assert_eq!(Text::exact(at).words(&Reader::default()), "22 Nov 2026, 08:05 UTC");
    assert_eq!(Text::exact(at).words(&german()), "22. Nov. 2026, 09:05 CET");
    let soon = Moment::new(at.plus(Duration::from_mins(1)), at).relative();
    assert_eq!((soon.words(&Reader::default()), soon.words(&german())), ("in 1 minute".into(), "in 1 Minute".into()));
}

#[test]
fn what_is_put_into_a_text_is_escaped_and_its_own_marks_are_not() {
    let spiteful = "<script>\"'&\u{F0000}".to_owned();
    let when = Moment::new(Timestamp::from_unix_seconds(0), Timestamp::from_unix_seconds(60));
    let text = say("person-contact-since").around("when", when).with("source", spiteful);
    let drawn = text.to_string();
    assert!(drawn.starts_with("Since <time datetime=\"1970-01-01T00:00:00Z\""), "{drawn}");
    assert!(drawn.ends_with("</time>, &#60;script&#62;&#34;&#39;&#38;") || !drawn.contains("<script"), "{drawn}");
    let state = State::new(Tone::Good, Text::from("<b>".to_owned()));
    let drawn = say("person-contact-since").around("when", state).with("source", String::new()).to_string();
    assert!(drawn.contains("&#60;b&#62;") && !drawn.contains("<b>"), "{drawn}");
}

#[test]
fn a_page_is_drawn_in_the_language_of_its_reader_down_to_its_parts() {
    let drawn = State::new(Tone::Good, say("people-active")).render_with_values(&german()).unwrap();
    assert!(drawn.contains("Aktiv"), "{drawn}");
}
