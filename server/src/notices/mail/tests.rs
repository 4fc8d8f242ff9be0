use std::time::Duration;

use postern_authn::audit::EventType;
use postern_authn::device::{Device, Platform, Profile as DeviceProfile};
use postern_authn::permission::Role;
use postern_authn::policy::password::FOREVER;
use postern_authn::recovery::LinkProof;
use postern_authn::user::{Profile, Status};
use postern_codes::env::TestWorld;
use postern_codes::id::{Id, Issuance};
use postern_store::migrate::Engine;
use postern_store::scratch;
use postern_wire::settings::{DeviceSettings, Shown};

use super::*;
use crate::config::Config;
use crate::notices::{self, account};

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

fn computer() -> DeviceProfile {
    DeviceProfile {
        display_name: "HARBOUR-07".to_owned(),
        platform: Platform::Linux,
        serial_number: String::new(),
        manufacturer: "Framework".to_owned(),
        model: String::new(),
        os_version: String::new(),
        registered: true,
        udid: None,
        tpm_public_key_hash: None,
        secure_hardware_present: false,
    }
}

/// Words that lack an argument fail where they are drawn, so that every notice is drawn here.
#[tokio::test(flavor = "multi_thread")]
async fn every_notice_is_whole_in_every_language() {
    let scratch = scratch::store(Engine::Sqlite).await;
    let (env, config) = (TestWorld::new().env(), Config::default());
    let device = Device::enrolled(computer(), &env);
    let facts = || (Id::<Issuance>::new(&env), ("https://id.acme.example/x", Duration::from_hours(1)));
    let told = scratch.store.write(Id::new(&env), |tx| {
        tx.insert_org(&"Harbour".parse().map_err(Error::fault)?, &env)?;
        for language in Language::ALL {
            let (issuance, link) = facts();
            let grace = person("Grace", "Hopper", &[("preferredLanguage", language.tag())]);
            let grace =
                User { id: Id::new(&env), login: format!("{}@acme.example", language.tag()).parse().unwrap(), ..grace };
            tx.insert_user(&grace, "TEST", "system", &env)?;
            tx.assign_role(grace.id, Role::Super, "system", &env)?;
            notices::issued(tx, &config, &device, &grace, issuance, &env)?;
            notices::used(tx, &config, &device, &grace, issuance, &env)?;
            for proof in [LinkProof::Claimed, LinkProof::Factor] {
                notices::linked(tx, &config, &device, &grace, proof, &env)?;
            }
            notices::factors_changed(tx, &grace, Text::from("this"), &env)?;
            for about in [None, Some(&grace)] {
                notices::alert(tx, &config, EventType::RecoveryChainBroken, &device, about, &env)?;
            }
            notices::limit(tx, &config, EventType::OrgRateLimitViolation, "requests_pages", &env)?;
            account::welcome(tx, &grace, link, &env)?;
            account::reset(tx, &grace, link, &env)?;
            account::password_changed(tx, &config, &grace, &env)?;
            account::password_set_for(tx, &config, &grace, &env)?;
            account::factors_reset(tx, &config, &grace, &env)?;
            account::account_changed(tx, &grace, vec![Text::from("this")], &env)?;
            account::deactivated(tx, &grace, &grace, &env)?;
            account::password_ended(tx, &grace, &env)?;
            for until in [env.now, FOREVER] {
                account::locked(tx, &grace, until, &env)?;
                account::strangers_locked(tx, &grace, until, &env)?;
            }
            account::recovered(tx, &grace, say("mail-recovered-app"), &env)?;
        }
        Ok(())
    });
    told.await.unwrap();
}

#[test]
#[should_panic(expected = "mail-locked")]
fn words_that_lack_an_argument_fail() {
    let mail = Mail { subject: Text::from("this"), text: say("mail-locked").with("til", Text::from("then")) };
    mail.written(&person("Grace", "Hopper", &[]), &organisation(Language::En), None);
}

#[test]
fn the_help_desk_stands_below_a_mail_in_the_language_of_its_reader() {
    let device = DeviceSettings {
        admin_phone: Shown::new("+49 30 123456").unwrap(),
        admin_contact_info: Shown::new("Room 2.14\nweekdays").unwrap(),
        ..DeviceSettings::default()
    };
    let organisation =
        Organisation { help_desk_website: "https://help.acme.example".to_owned(), ..organisation(Language::En) };
    let help = HelpDesk::of(&device, &organisation);
    let mail = Mail { subject: Text::from("this"), text: Text::from("that") };
    for (preferred, expected) in [
        (
            "en",
            "Hello Grace Hopper,\n\nthat\n\nHelp desk: +49 30 123456, Room 2.14 weekdays. https://help.acme.example\n",
        ),
        (
            "de",
            "Guten Tag Grace Hopper,\n\nthat\n\nHelpdesk: +49 30 123456, Room 2.14 weekdays. https://help.acme.example\n",
        ),
    ] {
        let grace = person("Grace", "Hopper", &[("preferredLanguage", preferred)]);
        assert_eq!(mail.written(&grace, &organisation, help.as_ref()).text, expected);
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
    let written = mail.written(&grace, &organisation(Language::En), None);
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
    let of =
        |further: &[(&str, &str)]| mail.written(&person("Grace", "Hopper", further), &organisation(Language::En), None);
    assert_eq!(of(&[]).subject, "22 Nov 2026, 09:05 CET");
    assert_eq!(of(&[("timezone", "../etc/passwd")]).subject, "22 Nov 2026, 09:05 CET");
    assert_eq!(
        of(&[("timezone", "America/New_York"), ("preferredLanguage", "de")]).subject,
        "22. Nov. 2026, 03:05 EST"
    );
}
