//! One's own account: what somebody sees and does there who administers nothing, and what nobody else does.

use axum::http::Method;
use postern_authn::factor::totp;
use postern_authn::permission::Role;
use postern_authn::user::{Profile, Status, User};
use postern_codes::otp::{self, AUTHENTICATOR_APP};
use postern_codes::{Id, Secret};
use postern_store::migrate::Engine;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};
use crate::browser::Browser;
use crate::people::{Person, organisation};
use crate::sent_codes::messages;
use crate::staff::{Member, member};

const PASSWORD: &str = "seven plain small boats";

/// An organisation with Ada who administers it, and Grace who has a password and an app.
struct Office {
    app: TestApp,
    ada: Person,
    root: Member,
    grace: Person,
}

impl Office {
    async fn new(engine: Engine) -> Self {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let root = member(&app, ada.org, "root", &[Role::Super]).await;
        let grace = somebody(&app, &ada, "grace").await;
        Self { app, ada, root, grace }
    }

    async fn allow(&self, factor: &str) {
        let path = format!("/api/v1/org/factors/{factor}/lifecycle/activate");
        self.app.post(&path, &self.root.token, &Value::Null).await.expect(200);
    }

    /// A browser that Grace signs in with, at a moment of its own.
    async fn browser(&self) -> Browser<'_> {
        self.app.world.advance_seconds(30);
        Browser::of(&self.app, &self.grace).await
    }
}

async fn somebody(app: &TestApp, ada: &Person, name: &str) -> Person {
    let env = app.app.env();
    let login = format!("{name}@harbour.example");
    let profile = Profile {
        first_name: "Grace".into(),
        last_name: "Hopper".into(),
        email: login.clone(),
        further: std::collections::BTreeMap::new(),
    };
    let user = User::new(Id::new(&env), login.parse().expect("a login"), profile, Status::Active, env.now);
    let app_secret = totp::new_secret(&env);
    let first = AUTHENTICATOR_APP.code(&app_secret, env.now);
    let factor = totp::enrol(&user, &app_secret, &first, env.now).expect("the right code");
    let hash = app.app.passwords.hash(Secret::new(PASSWORD.to_owned()), &env).await.expect("it hashes");
    let made = app.app.store.write(ada.org, |tx| {
        assert!(tx.insert_user(&user, "TEST", "system", &env)?);
        tx.set_password(user.id, hash.expose(), &env)?;
        tx.insert_factor(&factor, &env)
    });
    made.await.expect("the database serves");
    Person { id: user.id, org: ada.org, login, password: PASSWORD.to_owned(), app_secret }
}

/// The addresses of a page that end so.
fn links(page: &Answer, end: &str) -> Vec<String> {
    let text = page.text();
    let all = text.split("href=\"").chain(text.split("action=\"")).filter_map(|rest| rest.split('"').next());
    all.filter(|href| href.ends_with(end) && href.starts_with('/')).map(str::to_owned).collect()
}

/// The code in the one message that was sent.
async fn sent(app: &TestApp) -> String {
    let all = messages(app).await.join("\n");
    let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
    let found = all.split(|c: char| !c.is_ascii_alphanumeric() && c != '+').rfind(is_code);
    found.unwrap_or_else(|| panic!("a code in {all}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_has_an_account_and_sees_their_own_alone() {
    for engine in scratch::engines() {
        let office = Office::new(engine).await;
        assert_eq!(Browser::new(&office.app).open("/account").await.leads_to(), "/signin?to=%2Faccount");
        let mut grace = office.browser().await;
        assert_eq!(grace.open("/admin").await.leads_to(), "/account", "the console is not for her");
        let page = grace.open("/account").await.expect(200);
        page.says(&["Grace Hopper", "Authenticator app", "This one", "No protected computer knows you yet"]);
        page.says(&["Signed in", "You have none. Make them now"]);
        assert!(!page.text().contains("href=\"/admin\"") && !page.text().contains("Ada"), "{}", page.text());
        grace.open("/account/activity").await.expect(200).says(&["Signed in", "192.0.2.7"]);
        let mut ada = Browser::of(&office.app, &office.ada).await;
        ada.open("/account").await.expect(200).says(&["href=\"/admin\"", "Ada Lindqvist"]);
        // What is Ada's is not there for Grace, and the other way round.
        let removals = links(&ada.open("/account").await, "/remove");
        grace.open(&removals[0]).await.expect(404);
        grace.submit(&removals[0], &[]).await.expect(404);
        grace.submit(&removals[0].replace("remove", "activate"), &[("firstCode", "123456")]).await.expect(404);
        grace.submit(&removals[0].replace("remove", "resend"), &[]).await.expect(404);
        for nothing in ["/account/factors/new/okta_sms", "/account/factors/new/x", "/account/factors/x/remove"] {
            grace.open(nothing).await.expect(404);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_added_by_its_secret_and_its_first_code() {
    for engine in scratch::engines() {
        let office = Office::new(engine).await;
        let (app, new) = (&office.app, "/account/factors/new/okta_otp");
        let mut grace = office.browser().await;
        grace.open("/account").await.expect(200).says(&[new]);
        grace.open("/account/factors/new/google_otp").await.expect(404);
        grace.open(new).await.expect(200).says(&["Show the QR code"]);
        let page = grace.submit(new, &[]).await.expect(200);
        page.says(&["data:image/svg+xml", "App code", "autocomplete=\"one-time-code\""]);
        let text = page.text();
        let shown = text.split("data-copy=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a secret");
        let secret = otp::from_base32(&shown.replace(' ', "")).expect("base 32");
        let activate = links(&page, "/activate").remove(0);
        let wrong = office.grace.wrong_code(app);
        let refused = grace.submit(&activate, &[("firstCode", wrong.expose())]).await.expect(403);
        refused.says(&["firstCode-error", "That is not the right code", shown]);
        let right = AUTHENTICATOR_APP.code(&secret, app.app.env().now);
        let done = grace.submit(&activate, &[("firstCode", right.expose())]).await;
        assert_eq!(done.leads_to(), "/account?done=added");
        let page = grace.open("/account?done=added").await;
        page.says(&["The factor is added", "class=\"primary\" type=\"submit\">Make ten backup codes"]);
        assert!(messages(app).await.join("\n").contains("can now be used"));
        grace.submit(&activate, &[("firstCode", right.expose())]).await.expect(404);

        let removals = links(&page, "/remove");
        assert_eq!(removals.len(), 2);
        grace.open(&removals[1]).await.expect(200).says(&["signed out everywhere else"]);
        assert_eq!(grace.submit(&removals[1], &[]).await.leads_to(), "/account?done=removed");
        assert!(messages(app).await.join("\n").contains("can no longer be used"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_wants_a_fresh_proof_that_may_be_sent() {
    for engine in scratch::engines() {
        let office = Office::new(engine).await;
        let (app, new) = (&office.app, "/account/factors/new/okta_otp");
        let mut grace = office.browser().await;
        app.world.advance_seconds(300);
        for act in [new, "/account/backup-codes"] {
            grace.submit(act, &[]).await.expect(403).says(&["Show that it is you", "Code of your app"]);
        }
        // No token proves anything.
        let grace_token = app.app.store.write(office.ada.org, |tx| {
            let name = "hers".parse().expect("a name");
            tx.insert_token(office.grace.id, &name, &[], &app.app.env())
        });
        let token = grace_token.await.expect("it serves").1;
        let refused = app.call(Method::POST, "/account/backup-codes", token.expose(), &json!({})).await;
        assert_eq!(refused.status, 403);
        let code = office.grace.code(app);
        let fields = [("stepUp", "Add"), ("stepUpDemand", "FRESH"), ("passCode", code.expose())];
        grace.submit(new, &fields).await.expect(200).says(&["App code"]);

        office.allow("okta_sms").await;
        let number = [("phoneNumber", "+46 8 555 0100")];
        let page = grace.submit("/account/factors/new/okta_sms", &number).await.expect(200);
        let first = sent(app).await;
        let activate = links(&page, "/activate").remove(0);
        grace.submit(&activate, &[("firstCode", &first)]).await.leads_to();
        app.world.advance_seconds(300);
        let asked = grace.submit("/account/backup-codes", &[]).await.expect(403);
        asked.says(&["Send a code", "+4685550100", "stepUpSend"]);
        let text = asked.text();
        let factor = text.split("name=\"stepUpSend\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let factor = factor.expect("a factor").to_owned();
        let ask = [("stepUp", "Make"), ("stepUpDemand", "FRESH"), ("stepUpSend", factor.as_str())];
        messages(app).await;
        grace.submit("/account/backup-codes", &ask).await.expect(403).says(&["A code is on its way"]);
        grace.submit("/account/backup-codes", &ask).await.expect(403).says(&["just now"]);
        let code = sent(app).await;
        let ask = [("stepUp", "Make"), ("stepUpDemand", "FRESH"), ("stepUpSend", "sms00000000000000000")];
        grace.submit("/account/backup-codes", &ask).await.expect(404);
        let fields = [("stepUp", "Make"), ("stepUpDemand", "FRESH"), ("passCode", code.as_str())];
        grace.submit("/account/backup-codes", &fields).await.expect(200).says(&["Your backup codes"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_is_added_by_the_code_that_it_gets() {
    for engine in scratch::engines() {
        let office = Office::new(engine).await;
        let (app, new) = (&office.app, "/account/factors/new/okta_sms");
        office.allow("okta_sms").await;
        let mut grace = office.browser().await;
        let refused = grace.submit(new, &[("phoneNumber", "555 0100")]).await.expect(400);
        refused.says(&["phoneNumber-error", "value=\"555 0100\"", "Begin with +"]);
        let page = grace.submit(new, &[("phoneNumber", "+46 8 555 0100")]).await.expect(200);
        page.says(&["+4685550100", "Send another code", "Code of the text message"]);
        let first = sent(app).await;
        let resend = links(&page, "/resend").remove(0);
        grace.submit(&resend, &[]).await.expect(429).says(&["just now", "Try again after"]);
        app.world.advance_seconds(30);
        grace.submit(&resend, &[]).await.expect(200).says(&["Another code is on its way"]);
        let second = sent(app).await;
        let activate = links(&page, "/activate").remove(0);
        grace.submit(&activate, &[("firstCode", &first)]).await.expect(403).says(&["firstCode-error"]);
        let done = grace.submit(&activate, &[("firstCode", &second)]).await;
        assert_eq!(done.leads_to(), "/account?done=added");
        grace.open("/account").await.says(&["+4685550100", "sent by text message"]);
        grace.open(new).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_kept_with_its_answer_and_an_address_is_ones_own() {
    for engine in scratch::engines() {
        let office = Office::new(engine).await;
        office.allow("okta_question").await;
        office.allow("okta_email").await;
        let mut grace = office.browser().await;
        let new = "/account/factors/new/okta_question";
        grace
            .open(new)
            .await
            .expect(200)
            .says(&["What is the food you least liked as a child?", "A question of my own"]);
        let own = [("question", "custom"), ("questionText", "Which ship?"), ("answer", "egg")];
        let refused = grace.submit(new, &own).await.expect(400);
        refused.says(&["answer-error", "value=\"Which ship?\"", "<option value=\"custom\" selected>"]);
        assert!(!refused.text().contains("value=\"egg\""), "an answer was put back");
        let own = [("question", "custom"), ("questionText", "Which ship?"), ("answer", "Albatross")];
        assert_eq!(grace.submit(new, &own).await.leads_to(), "/account?done=added");
        grace.open("/account").await.says(&["Which ship?", "An answer that you know"]);

        let new = "/account/factors/new/okta_email";
        grace.open(new).await.expect(200).says(&["grace@harbour.example"]);
        grace.submit(new, &[("email", "eve@evil.example")]).await.expect(400).says(&["Nothing was added"]);
        let page = grace.submit(new, &[("email", "grace@harbour.example")]).await.expect(200);
        page.says(&["E-mail code"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn backup_codes_are_shown_once_and_counted() {
    for engine in scratch::engines() {
        let office = Office::new(engine).await;
        let mut grace = office.browser().await;
        let made = grace.submit("/account/backup-codes", &[]).await.expect(200);
        let text = made.text();
        let codes: Vec<&str> = text.split("<li><code>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
        assert_eq!((codes.len(), codes[0].len()), (10, 19), "{text}");
        let page = grace.open("/account").await.expect(200);
        page.says(&["10 backup codes of 10 remaining"]);
        assert!(!codes.iter().any(|code| page.text().contains(code)));
        grace.open("/account/backup-codes").await.expect(200).says(&["The 10 that are left stop working"]);
        let again = grace.submit("/account/backup-codes", &[]).await.expect(200);
        assert!(!codes.iter().any(|code| again.text().contains(code)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_ended_from_another_and_nobodys_else() {
    for engine in scratch::engines() {
        let office = Office::new(engine).await;
        let mut here = office.browser().await;
        let mut there = office.browser().await;
        let page = here.open("/account").await.expect(200);
        let others = links(&page, "/end");
        assert_eq!(others.len(), 1, "{}", page.text());
        let mut ada = Browser::of(&office.app, &office.ada).await;
        ada.submit(&others[0], &[]).await.expect(404);
        there.open("/account").await.expect(200);
        assert_eq!(here.submit(&others[0], &[]).await.leads_to(), "/account?done=session-ended");
        assert!(there.open("/account").await.leads_to().starts_with("/signin"));
        let mut again = office.browser().await;
        assert_eq!(here.submit("/account/sessions/end-others", &[]).await.leads_to(), "/account?done=others-ended");
        assert!(again.open("/account").await.leads_to().starts_with("/signin"));
        here.submit("/account/sessions/x/end", &[]).await.expect(404);
        here.submit("/account/browsers/forget", &[]).await.leads_to();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_this_was_not_me_is_heard() {
    for engine in scratch::engines() {
        let office = Office::new(engine).await;
        let mut there = office.browser().await;
        let mut here = office.browser().await;
        messages(&office.app).await;
        here.open("/account/not-me").await.expect(200).says(&["Every other session", "Your administrators are told"]);
        assert_eq!(here.submit("/account/not-me", &[]).await.leads_to(), "/account?done=not-me");
        assert!(there.open("/account").await.leads_to().starts_with("/signin"));
        here.open("/account?done=not-me").await.expect(200).says(&["A person said: this was not me"]);
        let told = messages(&office.app).await.join("\n");
        assert!(told.contains("this was not me") && told.contains("grace@harbour.example"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_by_whoever_knows_it() {
    for engine in scratch::engines() {
        let office = Office::new(engine).await;
        let mut there = office.browser().await;
        let mut here = office.browser().await;
        let change = async |browser: &mut Browser<'_>, old: &str, new: &str| {
            browser.submit("/account/password", &[("oldPassword", old), ("newPassword", new)]).await
        };
        here.open("/account/password").await.expect(200).says(&["characters or more", "Present password"]);
        let refused = change(&mut here, "not the present one", "nine other loud hills").await;
        refused.says(&["oldPassword-error"]);
        assert!(!refused.text().contains("loud hills"), "a password was put back");
        change(&mut here, PASSWORD, "short").await.says(&["newPassword-error"]);
        let done = change(&mut here, PASSWORD, "nine other loud hills").await;
        assert_eq!(done.leads_to(), "/account?done=password");
        assert!(there.open("/account").await.leads_to().starts_with("/signin"));
        here.open("/account").await.expect(200).says(&["Password set"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebodys_factors_are_looked_after_on_their_page() {
    for engine in scratch::engines() {
        let office = Office::new(engine).await;
        let page = format!("/admin/people/{}/factors", office.grace.id);
        let mut ada = Browser::of(&office.app, &office.ada).await;
        let shown = ada.open(&page).await.expect(200);
        shown.says(&["aria-current=\"page\">Factors", "Authenticator app", "Never", "#cases"]);
        // Whoever may only look is offered nothing, and does nothing.
        let desk = member(&office.app, office.ada.org, "desk", &[Role::ReadOnly]).await;
        let seen = office.app.call(Method::GET, &page, &desk.token, &Value::Null).await.expect(200);
        assert!(!seen.text().contains("/remove") && !seen.text().contains("Make backup codes"), "{}", seen.text());
        let removal = links(&shown, "/remove").remove(0);
        assert_eq!(office.app.call(Method::POST, &removal, &desk.token, &Value::Null).await.status, 403);
        assert_eq!(
            office.app.call(Method::POST, &format!("{page}/backup-codes"), &desk.token, &Value::Null).await.status,
            403
        );

        ada.open(&format!("{page}/backup-codes")).await.expect(200).says(&["told by mail"]);
        ada.submit(&format!("{page}/backup-codes"), &[]).await.expect(200).says(&["Backup codes of Grace Hopper"]);
        ada.open(&page).await.says(&["10 backup codes of 10 remaining"]);
        // All of them are reset in a case, and by no button beside one.
        ada.open(&format!("{page}/reset")).await.expect(404);
        ada.open(&removal).await.expect(200).says(&["Remove from Grace Hopper: Authenticator app"]);
        let mut grace = office.browser().await;
        assert_eq!(ada.submit(&removal, &[]).await.leads_to(), format!("{page}?done=factor-removed"));
        assert!(grace.open("/account").await.leads_to().starts_with("/signin"), "she is signed out");
        ada.open(&format!("{page}?done=factor-removed")).await.says(&["A factor of Grace Hopper is removed"]);
        ada.submit(&removal, &[]).await.expect(404);
        assert!(messages(&office.app).await.join("\n").contains("can no longer be used"));
        ada.submit(&format!("/admin/people/{}/reset-factors", office.grace.id), &[]).await.expect(404);
        ada.open(&page).await.says(&["has no factor"]);
        // One's own are looked after elsewhere.
        let own = ada.open(&format!("/admin/people/{}/factors", office.ada.id)).await.expect(200);
        own.says(&["in your account"]);
        assert!(!own.text().contains("/remove\""));
    }
}
