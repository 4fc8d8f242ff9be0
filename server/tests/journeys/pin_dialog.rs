//! The PIN dialog as the help desk meets it: what it shows, what it asks, what it refuses, what becomes of the PIN.

use axum::http::Method;
use postern_authn::permission::Role;
use postern_store::migrate::Engine;
use postern_store::scratch;
use serde_json::json;

use crate::app::Answer;
use crate::browser::Browser;
use crate::computer::Computer;
use crate::harbour::Harbour;

fn dialog(harbour: &Harbour, computer: &Computer) -> String {
    format!("/admin/devices/{}/people/{}/recovery", computer.id, harbour.grace.id)
}

fn filled<'a>(further: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let ticks = [("make", "yes"), ("model", "yes"), ("serial", "yes"), ("reason", "phone left on a train")];
    ticks.into_iter().chain(further.iter().copied()).collect()
}

/// The nine digits that a page shows.
#[track_caller]
fn digits(page: &Answer) -> String {
    let page = page.text();
    let digits = page.split("data-copy=\"").nth(1).and_then(|rest| rest.split('"').next());
    digits.filter(|digits| digits.len() == 9).unwrap_or_else(|| panic!("no PIN in {page}")).to_owned()
}

async fn as_role(harbour: &Harbour, role: Role) {
    let (ada, env) = (&harbour.ada, harbour.app.app.env());
    let changed = harbour.app.app.store.write(ada.org, |tx| {
        for held in tx.role_assignments(ada.id)? {
            tx.take_role(held.id)?;
        }
        tx.assign_role(ada.id, role, "test", &env)
    });
    changed.await.expect("the database serves");
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_search_to_the_pin_to_its_end() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let computer = harbour.computer().await;
        let secret = harbour.register(&computer).await;
        harbour.app.world.advance_seconds(2 * 3600);
        computer.check_in(&harbour.app, &[&secret], 0).await;
        let mut browser = Browser::of(&harbour.app, &harbour.ada).await;

        for words in ["pf3x-0042", "hopper"] {
            let list = browser.open(&format!("/admin/devices?q={words}")).await.expect(200);
            list.says(&["PF3X-0042", "Grace Hopper", "Ready"]);
        }
        browser.open("/admin/devices?q=nobody").await.expect(200).says(&["No computer, serial number or person"]);
        let page = browser.open(&format!("/admin/devices/{}", computer.id)).await.expect(200);
        let path = dialog(&harbour, &computer);
        page.says(&["Proved with a factor", "View recovery PIN", &path, "In contact", "A file of root"]);
        let person = browser.open(&format!("/admin/people/{}", harbour.grace.id)).await.expect(200);
        person.says(&["View recovery PIN", "grace@harbour.example", "Suspend Grace Hopper"]);

        let asked = browser.open(&path).await.expect(200);
        asked.says(&["Grace Hopper", "gets into this computer for 1 hour", "PF3X-0042", "name=\"reason\""]);
        assert!(!asked.text().contains("notice danger"), "the link is two hours old");
        let made = browser.submit(&path, &filled(&[])).await.expect(200);
        let pin = digits(&made);
        made.says(&["Works for", "data-live", "Issued"]);

        let live = made.text().split("data-live=\"").nth(1).and_then(|rest| rest.split('"').next().map(str::to_owned));
        let live = live.expect("its address");
        browser.open(&live).await.expect(200).says(&["data-state=\"issued-online\""]);
        assert_eq!(computer.confirm(&harbour.app, &secret, &pin).await["granted"], json!(true));
        browser.open(&live).await.expect(200).says(&["data-state=\"activated\"", "online"]);
        let later = browser.open(live.strip_suffix("/live").expect("its page")).await.expect(200);
        assert!(!later.text().contains(&pin), "the digits are shown once");

        let revoke = live.replace("/live", "/revoke");
        let revoked = browser.submit(&revoke, &[]).await;
        browser.open(revoked.leads_to()).await.expect(200).says(&["Revoked"]);
        let page = browser.open(&format!("/admin/devices/{}", computer.id)).await.expect(200);
        page.says(&["Last PIN", "Revoked", "not_registered"]);
        browser.open("/admin").await.expect(200).says(&["recovery PINs in 7 days", "Recovery PIN made"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_factor_is_asked_for_in_place_and_what_was_typed_is_kept() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let computer = harbour.computer().await;
        harbour.register(&computer).await;
        let mut browser = Browser::of(&harbour.app, &harbour.ada).await;
        harbour.app.world.advance_seconds(301);
        let path = dialog(&harbour, &computer);

        let step_up = browser.submit(&path, &filled(&[("ticket", "INC-7")])).await.expect(200);
        step_up.says(&["Show that it is you", "name=\"passCode\""]);
        assert_eq!(
            (step_up.hidden("reason"), step_up.hidden("ticket")),
            ("phone left on a train".into(), "INC-7".into())
        );
        let wrong = harbour.ada.wrong_code(&harbour.app);
        let refused = browser.submit(&path, &filled(&[("passCode", wrong.expose())])).await.expect(200);
        refused.says(&["passCode-error", "Show that it is you"]);
        let code = harbour.ada.code(&harbour.app);
        digits(&browser.submit(&path, &filled(&[("passCode", code.expose())])).await.expect(200));
        browser.open("/admin").await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_checked_or_said_is_asked_for_again() {
    let harbour = Harbour::new(Engine::Sqlite).await;
    let computer = harbour.computer().await;
    harbour.register(&computer).await;
    let mut browser = Browser::of(&harbour.app, &harbour.ada).await;
    let path = dialog(&harbour, &computer);

    let unchecked = [("make", "yes"), ("model", "yes"), ("reason", "because")];
    browser.submit(&path, &unchecked).await.expect(400).says(&["The computer is not checked", ">because<"]);
    let silent = [("make", "yes"), ("model", "yes"), ("serial", "yes"), ("reason", " ")];
    browser.submit(&path, &silent).await.expect(400).says(&["reason-error", "checked"]);
    let slip = browser.submit(&path, &filled(&[("challenge", "123 456 789")])).await.expect(400);
    slip.says(&["challenge-error", "misheard or mistyped", "123 456 789"]);

    digits(&browser.submit(&path, &filled(&[])).await.expect(200));
    let soon = browser.submit(&path, &filled(&[])).await.expect(409);
    soon.says(&["too_soon", "Try again in", "phone left on a train"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_pin_can_be_made_the_dialog_says_why_and_has_no_form() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let computer = harbour.computer().await;
        let mut browser = Browser::of(&harbour.app, &harbour.ada).await;
        let path = dialog(&harbour, &computer);
        let refused = browser.open(&path).await.expect(200);
        refused.says(&["not_registered", "sign in once with a factor"]);
        assert!(!refused.text().contains("<form class=\"form\""));
        browser.submit(&path, &filled(&[])).await.expect(400).says(&["not_registered"]);

        let secret = harbour.register(&computer).await;
        browser.open(&path).await.expect(200).says(&["notice danger", "New, proved with a factor"]);
        harbour.app.world.advance_seconds(8 * 86_400);
        let mut browser = Browser::of(&harbour.app, &harbour.ada).await;
        let offline = browser.open(&path).await.expect(200);
        offline.says(&["8 days ago", "name=\"challenge\" required"]);
        computer.check_in(&harbour.app, &[&secret], 0).await;
        assert!(!browser.open(&path).await.expect(200).text().contains("name=\"challenge\" required"));

        harbour.switch(false).await;
        browser.open(&path).await.expect(200).says(&["feature_disabled", "Security &#62; General"]);
        browser.open("/admin").await.expect(200).says(&["Recovery PINs are switched off"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_permission_there_is_no_action_and_no_way_around() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let computer = harbour.computer().await;
        harbour.register(&computer).await;
        as_role(&harbour, Role::ReadOnly).await;
        let mut browser = Browser::of(&harbour.app, &harbour.ada).await;
        let page = browser.open(&format!("/admin/devices/{}", computer.id)).await.expect(200);
        page.says(&["Grace Hopper", "Ready"]);
        for hidden in ["View recovery PIN", "Suspend"] {
            assert!(!page.text().contains(hidden), "{hidden}");
        }
        let path = dialog(&harbour, &computer);
        browser.open(&path).await.expect(403);
        browser.submit(&path, &filled(&[])).await.expect(403);
        let lifecycle = format!("/admin/devices/{}/lifecycle/suspend", computer.id);
        browser.submit(&lifecycle, &[]).await.expect(403);
        assert_eq!(harbour.events("core.access.denied").await.len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_and_an_account_are_suspended_and_let_back() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let computer = harbour.computer().await;
        harbour.register(&computer).await;
        let mut browser = Browser::of(&harbour.app, &harbour.ada).await;
        let (device, person) =
            (format!("/admin/devices/{}", computer.id), format!("/admin/people/{}", harbour.grace.id));
        for (path, steps) in [(device, ["suspend", "unsuspend"]), (person, ["suspend", "unsuspend"])] {
            for (step, shown) in steps.into_iter().zip(["Suspended", "Active"]) {
                let done = browser.submit(&format!("{path}/lifecycle/{step}"), &[]).await;
                assert!(done.leads_to().starts_with(&path), "{}", done.leads_to());
                browser.open(&path).await.expect(200).says(&[shown]);
            }
            let refused = browser.submit(&format!("{path}/lifecycle/unsuspend"), &[]).await.expect(400);
            refused.says(&["That was not done", "E0000001"]);
        }
        let own = format!("/admin/people/{}/lifecycle/suspend", harbour.ada.id);
        browser.submit(&own, &[]).await.expect(403).says(&["You cannot do this to yourself"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_super_administrator_changes_what_holds_for_every_computer() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let mut browser = Browser::of(&harbour.app, &harbour.ada).await;
        let shown = browser.open("/admin/security/general").await.expect(200);
        shown.says(&["Desktop MFA recovery PIN", "Enabled", "DeviceRecoveryPINDuration"]);
        let edit = browser.open("/admin/security/general?edit=yes").await.expect(200).text();
        let mut fields: Vec<(String, String)> = Vec::new();
        for part in edit.split("<div class=\"field\">").skip(1) {
            let name = part.split("name=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a name");
            let chosen = part.split(" selected").next().filter(|_| part.contains(" selected"));
            let value = chosen.map_or(part, |chosen| &chosen[chosen.rfind("<option").expect("an option")..]);
            let value = value.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            fields.push((name.to_owned(), value.to_owned()));
        }
        let mut save = async |changed: (&str, &str)| {
            let fields: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| (name.as_str(), if name == changed.0 { changed.1 } else { value.as_str() }))
                .collect();
            browser.submit("/admin/security/general", &fields).await
        };
        let refused = save(("DeviceRecoveryPINDuration", "7201")).await.expect(400);
        refused.says(&["DeviceRecoveryPINDuration-error", "Nothing was changed"]);
        assert_eq!(save(("DeviceRecoveryPINDuration", "30")).await.leads_to(), "/admin/security/general");
        let path = "/device-access/api/v1/device-settings";
        let saved = harbour.app.call(Method::GET, path, &harbour.super_token, &json!(null)).await.expect(200).json();
        assert_eq!((&saved["DeviceRecoveryPINDuration"], &saved["RecoveryMode"]), (&json!(30), &json!("TIME")));

        let features = "/admin/settings/features";
        browser.submit(&format!("{features}/recovery"), &[("enabled", "false")]).await.leads_to();
        browser.open(features).await.expect(200).says(&["Off", "Switch on"]);
        as_role(&harbour, Role::Org).await;
        let looked = browser.open("/admin/security/general?edit=yes").await.expect(200);
        looked.says(&["Only a super administrator can change these"]);
        browser.submit("/admin/security/general", &[]).await.expect(403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_it_was_not_them_takes_the_pin_back_without_signing_in() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let computer = harbour.computer().await;
        harbour.register(&computer).await;
        let (issued, _) = harbour.issue(&computer).await;
        let mail = harbour.mail().await;
        let notice = mail.iter().find(|(_, subject, _)| subject.contains("was made for you")).expect("a notice");
        let link = notice.2.split("/not-me/").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a link");
        let path = format!("/not-me/{link}");
        let mut browser = Browser::new(&harbour.app);
        browser.open(&path).await.expect(200).says(&["Was this not you?"]);
        assert_eq!(harbour.status(&computer, &issued).await["status"], "ISSUED", "looking changes nothing");
        browser.submit(&path, &[]).await.expect(200).says(&["The PIN is revoked", "change your password"]);
        assert_eq!(harbour.status(&computer, &issued).await["status"], "REVOKED");
        browser.submit(&path, &[]).await.expect(404).says(&["This link does not work"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_enrols_by_the_code_of_the_console() {
    for engine in scratch::engines() {
        let harbour = Harbour::new(engine).await;
        let mut browser = Browser::of(&harbour.app, &harbour.ada).await;
        browser.open("/admin/devices").await.expect(200).says(&["No computer here yet", "Enrol a computer"]);
        let path = "/admin/devices/enrolment-code";
        browser.open(path).await.expect(200).says(&["Serial number of the computer"]);
        let made = browser.submit(path, &[("serialNumber", "PF3X-0042")]).await.expect(200);
        made.says(&["postern-agent enrol --server http://localhost:8080 --code"]);
        let page = made.text();
        let code = page.split("class=\"secret\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a code");
        Computer::enrol(&harbour.app, code, "PF3X-0042").await;
        browser.open("/admin/devices").await.expect(200).says(&["PF3X-0042", "Nobody yet", "Nobody registered"]);
    }
}
