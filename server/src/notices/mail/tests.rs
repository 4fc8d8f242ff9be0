use fluent_bundle::{FluentArgs, FluentResource};
use fluent_syntax::ast::Entry;
use postern_authn::user::{Profile, Status};
use postern_codes::env::TestWorld;
use postern_codes::id::Id;

use super::*;

fn organisation(language: Language) -> Organisation {
    Organisation { language, time_zone: "Europe/Berlin".to_owned(), ..Organisation::default() }
}

fn person(first_name: &str, last_name: &str, further: &[(&str, &str)]) -> User {
    let further = further.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let (first_name, last_name) = (first_name.to_owned(), last_name.to_owned());
    let profile = Profile { first_name, last_name, email: "grace@acme.example".to_owned(), further };
    let env = TestWorld::new().env();
    User::new(Id::new(&env), "grace@acme.example".parse().unwrap(), profile, Status::Active, env.now)
}

#[test]
fn a_mail_is_in_the_language_that_its_reader_prefers_where_we_have_it() {
    for (preferred, expected) in [
        (Some("de"), Language::De),
        (Some("de-AT"), Language::De),
        (Some("en_US"), Language::En),
        (Some("DE_ch"), Language::De),
        (Some("tlh"), Language::De),
        (Some(""), Language::De),
        (None, Language::De),
    ] {
        assert_eq!(language(preferred, Language::De), expected, "{preferred:?}");
    }
    assert_eq!(language(Some("fr"), Language::En), Language::En);
}

#[test]
fn every_mail_is_whole_in_every_language() {
    for language in Language::ALL {
        let source = language.sources().iter().find(|source| source.starts_with("mail-")).unwrap();
        let resource = FluentResource::try_new((*source).to_owned()).unwrap();
        let mut arguments = FluentArgs::new();
        for name in source.split("{ $").skip(1).filter_map(|rest| rest.split([' ', '}']).next()) {
            arguments.set(name.to_owned(), "here");
        }
        for entry in resource.entries() {
            let Entry::Message(message) = entry else { continue };
            let (key, catalogue) = (message.id.name, language.catalogue());
            let pattern = catalogue.get_message(key).and_then(|message| message.value()).unwrap();
            let mut faults = Vec::new();
            let words = catalogue.format_pattern(pattern, Some(&arguments), &mut faults);
            assert!(faults.is_empty() && !words.contains(['{', '$']), "{key}: {words} {faults:?}");
            assert!(!key.ends_with("-subject") || words.lines().count() == 1, "{key}");
        }
    }
}

#[test]
fn what_people_typed_adds_no_line_to_a_mail() {
    let german = [("preferredLanguage", "de-DE")];
    let grace = person("Grace\n\nOpen https://evil.example", "\u{202e}Hopper", &german);
    let mail = Mail {
        subject: say("mail-welcome-subject").with("org", "Acme\r\nBcc: everybody@acme.example".to_owned()),
        text: say("mail-factor-added").with("name", "key\u{2028}two".to_owned()),
    };
    let written = mail.written(&grace, &organisation(Language::En));
    assert_eq!(written.subject, "Ihr Konto bei Acme  Bcc: everybody@acme.example");
    assert_eq!(
        written.text,
        "Guten Tag Grace  Open https://evil.example  Hopper,\n\nMit dem Passkey „key two“ kann man sich jetzt als Sie \
         anmelden.\n"
    );
}

#[test]
fn an_instant_in_a_mail_is_on_the_clock_of_its_reader() {
    let at = postern_codes::Timestamp::from_unix_seconds(1_795_334_700);
    let mail = Mail { subject: Text::exact(at), text: Text::exact(at) };
    let of = |further: &[(&str, &str)]| mail.written(&person("Grace", "Hopper", further), &organisation(Language::En));
    assert_eq!(of(&[]).subject, "22 Nov 2026, 09:05 CET");
    assert_eq!(of(&[("timezone", "../etc/passwd")]).subject, "22 Nov 2026, 09:05 CET");
    assert_eq!(
        of(&[("timezone", "America/New_York"), ("preferredLanguage", "de")]).subject,
        "22. Nov. 2026, 03:05 EST"
    );
}
