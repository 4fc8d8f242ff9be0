//! The console's pages of policies: made, moved, changed by two at once, switched off and deleted with their heirs named;
//! and what they would decide of somebody, with the reasons.

use postern_authn::permission::Role;
use postern_store::scratch;

use crate::app::TestApp;
use crate::browser::Browser;
use crate::people::organisation;
use crate::staff;

const LIST: &str = "/admin/security/policies";

/// Makes a policy of this type through its form; its page.
async fn made(browser: &mut Browser<'_>, kind: &str, fields: &[(&str, &str)]) -> String {
    browser.submit(&format!("{LIST}/new?type={kind}"), fields).await.leads_to().to_owned()
}

/// The first of a page's addresses that begin so and go on.
fn beyond(page: &str, prefix: &str) -> String {
    let ends = |rest: &str| rest.split('"').next().unwrap_or_default().to_owned();
    page.split(&format!("href=\"{prefix}"))
        .skip(1)
        .map(ends)
        .next()
        .map(|rest| format!("{prefix}{rest}"))
        .expect("a link")
}

/// A rule of sign-on as its form says it.
pub const RULE: &[(&str, &str)] = &[
    ("name", "Once a day"),
    ("entrance", "ANY"),
    ("access", "ALLOW"),
    ("requireFactor", "true"),
    ("factorPromptMode", "SESSION"),
    ("factorLifetime", "1440"),
    ("rememberDeviceByDefault", "true"),
    ("maxSessionIdleMinutes", "45"),
    ("maxSessionLifetimeMinutes", "600"),
    ("usePersistentCookie", "false"),
];

/// Fields, some of them otherwise.
pub fn with<'a>(fields: &[(&'a str, &'a str)], further: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = fields.iter().filter(|(name, _)| further.iter().all(|(other, _)| other != name));
    kept.chain(further).copied().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_made_with_its_rule_moved_and_deleted() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        browser.open(LIST).await.expect(200).says(&["Default Policy", "Default, asked last", "Everyone"]);
        for kind in ["PASSWORD", "MFA_ENROLL"] {
            browser.open(&format!("{LIST}?type={kind}")).await.expect(200).says(&["Default Policy"]);
        }
        browser.open(&format!("{LIST}?type=NOTHING")).await.expect(400);
        let ask = format!("{LIST}/new?type=OKTA_SIGN_ON");
        browser.open(&ask).await.expect(200).says(&["New policy", "Groups that are in"]);
        let wrong = browser.submit(&ask, &[("name", ""), ("groupsInMore", "No such group")]).await.expect(400);
        wrong.says(&["There is nothing of this name.", "No such group"]);
        let wrong = browser.submit(&ask, &[("name", "")]).await.expect(400);
        wrong.says(&["1 to 100 characters on one line."]);
        let more = browser.submit(&ask, &[("name", "Crew"), ("groupsInMore", "Everyone"), ("more", "yes")]).await;
        more.expect(200).says(&["value=\"Crew\"", "checked", "Everyone"]);

        let crew = made(&mut browser, "OKTA_SIGN_ON", &[("name", "Crew"), ("groupsInMore", "Everyone")]).await;
        browser.open(&crew).await.expect(200).says(&["Crew", "No active rule"]);
        let new_rule = format!("{crew}/rules/new");
        browser.open(&new_rule).await.expect(200).says(&["1 to 129,600", "How often"]);
        let wrong = browser.submit(&new_rule, &with(RULE, &[("maxSessionIdleMinutes", "0")])).await.expect(400);
        wrong.says(&["A whole number from 1 to 129,600.", "Once a day"]);
        let wrong = browser.submit(&new_rule, &with(RULE, &[("maxSessionIdleMinutes", "900")])).await.expect(400);
        wrong.says(&["At most the minutes after which the session ends in any case."]);
        let wrong = browser.submit(&new_rule, &with(RULE, &[("factorLifetime", "")])).await.expect(400);
        wrong.says(&["Needed where a factor is asked for again after a while."]);
        assert_eq!(browser.submit(&new_rule, RULE).await.leads_to(), crew);
        let page = browser.open(&crew).await;
        page.expect(200).says(&["Once a day", "again after 1,440 minutes", "after 45 idle minutes"]);

        let late = made(&mut browser, "OKTA_SIGN_ON", &[("name", "Late"), ("groupsInMore", "Everyone")]).await;
        browser.submit(&format!("{late}/rules/new"), RULE).await.leads_to();
        browser.open(LIST).await.says(&["Never answers: Crew comes first"]);
        browser.submit(&format!("{late}/move"), &[("to", "1")]).await.leads_to();
        browser.open(LIST).await.says(&["Never answers: Late comes first"]);
        browser.submit(&format!("{late}/move"), &[("to", "up")]).await.expect(400);
        browser.open(&format!("{late}/delete")).await.expect(200).says(&["Everyone", "Falls to Crew", "Delete Late"]);
        browser.submit(&format!("{late}/deactivate"), &[]).await.leads_to();
        browser.open(&format!("{late}/delete")).await.says(&["Nothing changes"]);
        browser.submit(&format!("{late}/activate"), &[]).await.leads_to();
        browser.submit(&format!("{late}/delete"), &[]).await.leads_to();
        browser.open(&late).await.expect(404);

        let rule = beyond(&browser.open(&crew).await.text(), &format!("{crew}/rules/0"));
        browser
            .open(&format!("{rule}/delete"))
            .await
            .expect(200)
            .says(&["The next policy is asked".to_lowercase().as_str()]);
        browser.submit(&format!("{rule}/deactivate"), &[]).await.leads_to();
        browser.submit(&format!("{rule}/activate"), &[]).await.leads_to();
        browser.submit(&format!("{rule}/delete"), &[]).await.leads_to();
        browser.open(&rule).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_two_who_save_at_once_is_lost() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        let list = browser.open(&format!("{LIST}?type=PASSWORD")).await.text();
        let default = beyond(&list, &format!("{LIST}/00"));
        let edit = format!("{default}/edit");
        let page = browser.open(&edit).await.expect(200);
        assert!(!page.text().contains("Groups that are in"), "a default policy is for everybody");
        let version = page.hidden("version");
        let fields = |length: &'static str, days: &'static str| {
            [
                ("minLength", length),
                ("common", "true"),
                ("excludeUsername", "true"),
                ("firstName", "true"),
                ("lastName", "true"),
                ("minLowerCase", "false"),
                ("minUpperCase", "false"),
                ("minNumber", "false"),
                ("minSymbol", "false"),
                ("maxConsecutiveCharacters", ""),
                ("maxAgeDays", days),
                ("expireWarnDays", "0"),
                ("minAgeMinutes", "0"),
                ("historyCount", "0"),
                ("maxAttempts", "7"),
                ("autoUnlockMinutes", "30"),
                ("showLockoutFailures", "false"),
                ("lockoutMail", "true"),
                ("recoveryMail", "ACTIVE"),
                ("tokenLifetimeMinutes", "60"),
                ("recoverySms", "INACTIVE"),
                ("recoveryCall", "INACTIVE"),
                ("recoveryQuestion", "INACTIVE"),
                ("answerLength", "4"),
            ]
        };
        browser.submit(&edit, &with(&fields("14", "0"), &[("version", &version)])).await.leads_to();
        browser.open(&default).await.says(&["14", "Failures in a row that lock"]);
        let second = browser.submit(&edit, &with(&fields("16", "90"), &[("version", &version)])).await.expect(412);
        second.says(&["Somebody else changed this meanwhile.", "value=\"16\"", "value=\"90\"", "saved meanwhile: 14"]);
        let version = second.hidden("version");
        browser.submit(&edit, &with(&fields("16", "90"), &[("version", &version)])).await.leads_to();
        let page = browser.open(&edit).await;
        let version = page.says(&["value=\"16\"", "value=\"90\""]).hidden("version");
        let wrong = [("version", version.as_str()), ("expireWarnDays", "900")];
        let wrong = browser.submit(&edit, &with(&fields("16", "90"), &wrong)).await.expect(400);
        wrong.says(&["At most as many days as a password lasts."]);
        // What came with the organisation stays, whoever asks.
        browser.submit(&format!("{default}/delete"), &[]).await.expect(403);
        assert_eq!(browser.open(&format!("{default}/delete")).await.leads_to(), default);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_would_shut_administrators_out_is_refused_on_its_page() {
    let app = TestApp::new(scratch::engines()[0]).await;
    let ada = organisation(&app).await;
    let mut browser = Browser::of(&app, &ada).await;
    let closed = made(&mut browser, "OKTA_SIGN_ON", &[("name", "Closed"), ("groupsInMore", "Everyone")]).await;
    let refused = browser.submit(&format!("{closed}/rules/new"), &with(RULE, &[("access", "DENY")])).await.expect(400);
    refused.says(&["Nothing was changed: it would shut administrators out.", "Once a day"]);
    refused.says(&[
        "You could not sign in from where you are any more.",
        "of the policy",
        "Put a rule that lets them in",
    ]);
    browser.submit("/language", &[("language", "de")]).await.leads_to();
    let german = browser.submit(&format!("{closed}/rules/new"), &with(RULE, &[("access", "DENY")])).await.expect(400);
    german.says(&["Sie könnten sich von hier nicht mehr anmelden.", "der Richtlinie"]);
    assert!(!german.text().contains("denies it"), "{}", german.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_if_says_who_gets_in_and_because_of_what() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut browser = Browser::of(&app, &ada).await;
        let ask = "/admin/security/what-if";
        browser.open(ask).await.expect(200).says(&["What if", "Network address"]);
        let login = ada.login.as_str();
        let crew = made(&mut browser, "OKTA_SIGN_ON", &[("name", "Others"), ("peopleOutMore", login)]).await;
        browser.submit(&format!("{crew}/rules/new"), RULE).await.leads_to();
        let asked = |ip: &str, browser: &str| format!("{ask}?person={login}&ip={ip}&browser={browser}");
        let answer = browser.open(&asked("192.0.2.7", "new")).await.expect(200);
        answer.says(&[
            "Let in",
            "They prove a password and a factor.",
            "they are left out",
            "Default Policy",
            "Must be set up",
        ]);
        browser.open(&asked("nowhere", "new")).await.expect(400).says(&["This is no network address."]);
        browser.open(&format!("{ask}?person=nobody")).await.expect(400).says(&["Nobody has this name."]);
        browser
            .open(&format!("{ask}?person={login}&zone=moon"))
            .await
            .expect(400)
            .says(&["There is no zone of this name."]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_neither_shown_policies_nor_let_at_them() {
    let staff = staff::Staff::new(scratch::engines()[0]).await;
    let help = staff.with("help", &[Role::HelpDesk]).await;
    for path in [LIST.to_owned(), format!("{LIST}/new"), "/admin/security/what-if".to_owned()] {
        let request = axum::http::Request::get(&path).header("authorization", format!("SSWS {}", help.token));
        staff.app.send(request.body(axum::body::Body::empty()).expect("a request")).await.expect(403);
    }
}
