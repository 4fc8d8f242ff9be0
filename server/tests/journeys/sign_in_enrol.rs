//! Setting up a factor at our own sign-in page, by whoever has none: what is offered to whom, the first answer, and what is
//! mixed up, guessed or done twice on the way.

use postern_authn::permission::Role;
use postern_codes::otp::{self, AUTHENTICATOR_APP};
use postern_codes::{Secret, b64};
use postern_store::migrate::Engine;
use postern_store::scratch;
use serde_json::json;

use crate::app::Answer;
use crate::authn::{Door, PASSWORD};
use crate::browser::Browser;
use crate::sent_codes::{messages, other, sent};

/// Signs in up to whatever follows the password; the token of the sign-in and the page.
async fn proved(browser: &mut Browser<'_>, login: &str, to: &str) -> (String, Answer) {
    let state = browser.submit("/signin", &[("username", login)]).await.expect(200).hidden("stateToken");
    let fields = [("username", login), ("stateToken", &state), ("password", PASSWORD), ("to", to)];
    (state.clone(), browser.submit("/signin", &fields).await)
}

/// The secret that a page shows to an app.
fn secret(page: &Answer) -> Secret<Vec<u8>> {
    let page = page.text();
    let shown = page.split("data-copy=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a secret");
    otp::from_base32(&shown.replace(' ', "")).expect("base 32")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_factor_sets_up_an_app_and_is_in() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let mut browser = Browser::new(door.app());
        let login = door.grace.login.as_str();
        let (state, page) = proved(&mut browser, login, "").await;
        let page = page.expect(200);
        page.says(&["Set up a second factor", "Authenticator app", "Text message"]);
        assert!(!page.text().contains("Security question"), "what one knows is no second factor: {}", page.text());
        let card = [("username", login), ("stateToken", state.as_str())];
        let chosen = [card[0], card[1], ("choice", "google_otp")];
        browser.submit("/signin/enrol", &chosen).await.expect(200).says(&["Show the QR code"]);
        let page = browser.submit("/signin/enrol/begin", &chosen).await.expect(200);
        page.says(&["App code", "data:image/svg+xml", "Choose something else"]);
        let (secret, factor) = (secret(&page), page.hidden("factor"));
        let code = AUTHENTICATOR_APP.code(&secret, door.app().app.env().now).expose().clone();
        let wrong = other(&code);
        let answer = |code: &'_ str| {
            [
                ("username", login.to_owned()),
                ("stateToken", state.clone()),
                ("factor", factor.clone()),
                ("firstCode", code.to_owned()),
            ]
        };
        let wrong = answer(&wrong);
        let wrong: Vec<_> = wrong.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = browser.submit("/signin/enrol/activate", &wrong).await.expect(403);
        page.says(&["not the right code", "data:image/svg+xml"]);
        let right = answer(&code);
        let right: Vec<_> = right.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let done = browser.submit("/signin/enrol/activate", &right).await;
        assert_eq!(done.leads_to(), "/account?done=added", "backup codes are the next step");
        browser.open("/account?done=added").await.expect(200).says(&["Authenticator app", "Make ten backup codes"]);
        // Twice is once, and the code is used up.
        browser.submit("/signin/enrol/activate", &right).await.expect(401).says(&["start again"]);
        let mut next = Browser::new(door.app());
        let (state, page) = proved(&mut next, login, "").await;
        page.expect(200).says(&["Enter the code of your app"]);
        let replayed = [("username", login), ("stateToken", state.as_str()), ("passCode", code.as_str())];
        next.submit("/signin", &replayed).await.expect(401).says(&["used before"]);
        assert!(!next.has_session());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_proved_by_the_code_that_it_gets() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let mut browser = Browser::new(door.app());
        let login = door.grace.login.as_str();
        let (state, _) = proved(&mut browser, login, "/account/activity").await;
        let card = [("username", login), ("stateToken", state.as_str()), ("to", "/account/activity")];
        let chosen = [&card[..], &[("choice", "okta_sms")]].concat();
        browser.submit("/signin/enrol", &chosen).await.expect(200).says(&["Send me a code"]);
        let nonsense = [&chosen[..], &[("phoneNumber", "twelve")]].concat();
        browser.submit("/signin/enrol/begin", &nonsense).await.expect(400).says(&["value=\"twelve\"", "aria-invalid"]);
        assert!(messages(door.app()).await.is_empty());
        let number = [&chosen[..], &[("phoneNumber", "+1-555-415-1337")]].concat();
        let page = browser.submit("/signin/enrol/begin", &number).await.expect(200);
        page.says(&["on its way to", "Send another code"]);
        let factor = page.hidden("factor");
        let begun = [&card[..], &[("factor", factor.as_str())]].concat();
        let first = sent(door.app()).await;
        browser.submit("/signin/enrol/resend", &begun).await.expect(429).says(&["E0000109"]);
        door.app().world.advance_seconds(31);
        browser.submit("/signin/enrol/resend", &begun).await.expect(200).says(&["on its way"]);
        let second = sent(door.app()).await;
        if first != second {
            let void = [&begun[..], &[("firstCode", first.as_str())]].concat();
            browser.submit("/signin/enrol/activate", &void).await.expect(403);
        }
        let right = [&begun[..], &[("firstCode", second.as_str())]].concat();
        assert_eq!(browser.submit("/signin/enrol/activate", &right).await.leads_to(), "/account/activity");
        assert!(browser.has_session());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_set_up_comes_first_and_alone() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        let settings = json!({ "type": "FACTORS", "factors": {
            "okta_question": { "enroll": { "self": "REQUIRED" } }, "google_otp": { "enroll": { "self": "OPTIONAL" } } } });
        let policy = json!({ "type": "MFA_ENROLL", "name": "Some", "settings": settings });
        let root = &door.staff.root.token;
        let made = door.app().post("/api/v1/policies", root, &policy).await.expect(200).json();
        let path = format!("/api/v1/policies/{}/rules", made["id"].as_str().expect("an id"));
        let rule = json!({ "name": "r", "actions": { "enroll": { "self": "LOGIN" } } });
        door.app().post(&path, root, &rule).await.expect(200);
        let mut browser = Browser::new(door.app());
        let login = door.grace.login.as_str();
        let (state, page) = proved(&mut browser, login, "").await;
        let page = page.expect(200);
        page.says(&["Security question"]);
        assert!(!page.text().contains("Authenticator app"));
        let card = [("username", login), ("stateToken", state.as_str())];
        // What is not on offer now is not begun, whoever asks.
        let other = [card[0], card[1], ("choice", "google_otp")];
        browser.submit("/signin/enrol/begin", &other).await.expect(200).says(&["Security question"]);
        let question = [card[0], card[1], ("choice", "okta_question"), ("question", "first_award"), ("answer", "x")];
        browser.submit("/signin/enrol/begin", &question).await.expect(400).says(&["What did you earn"]);
        let question =
            [card[0], card[1], ("choice", "okta_question"), ("question", "first_award"), ("answer", "swimming")];
        let page = browser.submit("/signin/enrol/begin", &question).await.expect(200);
        page.says(&["Set up a second factor", "Authenticator app"]);
        assert!(!browser.has_session(), "what one knows, twice, let somebody in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_set_up_by_a_stranger_an_administrator_or_against_the_policy() {
    let door = Door::new(Engine::Sqlite).await;
    let mut browser = Browser::new(door.app());
    let paths = ["/signin/enrol", "/signin/enrol/begin", "/signin/enrol/activate", "/signin/enrol/resend"];
    // Before the password, of a name that nobody has, without a sign-in.
    for name in [door.grace.login.as_str(), "nobody"] {
        let state = browser.submit("/signin", &[("username", name)]).await.expect(200).hidden("stateToken");
        let form =
            [("username", name), ("stateToken", &state), ("choice", "okta_sms"), ("phoneNumber", "+15554151337")];
        for path in paths {
            browser.submit(path, &form).await.expect(401).says(&["start again"]);
        }
    }
    for path in paths {
        browser.submit(path, &[]).await.expect(200).says(&["Your name to sign in"]);
    }
    // A program's transaction is none of our page's.
    let begun = json!({ "username": door.grace.login, "password": PASSWORD });
    let program = door.post("", &begun).await.expect(200).json();
    assert_eq!(program["status"], "MFA_ENROLL");
    let form = [("stateToken", program["stateToken"].as_str().expect("a token")), ("choice", "google_otp")];
    for path in paths {
        browser.submit(path, &form).await.expect(401);
    }
    assert!(messages(door.app()).await.is_empty(), "a stranger had a code sent");
    // Somebody else's factor, and one that there is not.
    let (state, _) = proved(&mut browser, &door.grace.login, "").await;
    for factor in ["ost00000000000000000", &b64::encode(&[0xff; 300])] {
        let form = [("stateToken", state.as_str()), ("factor", factor), ("firstCode", "000000")];
        browser.submit("/signin/enrol/activate", &form).await.expect(200).says(&["Set up a second factor"]);
    }
    // Whoever became an administrator meanwhile begins nothing any more.
    let (app, env) = (&door.app().app, door.app().app.env());
    let made = app.store.write(door.staff.org, |tx| tx.assign_role(door.grace.id, Role::HelpDesk, "system", &env));
    made.await.expect("the database serves");
    let form = [("stateToken", state.as_str()), ("choice", "google_otp")];
    browser.submit("/signin/enrol/begin", &form).await.expect(401).says(&["start again"]);
    let (_, page) = proved(&mut browser, &door.grace.login, "").await;
    page.expect(403).says(&["no factor", "help desk"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_come_in_by_a_password_adds_the_first_factor_just_after_it() {
    for engine in scratch::engines() {
        let door = Door::new(engine).await;
        door.sign_on(json!({ "access": "ALLOW", "requireFactor": false })).await;
        let mut browser = Browser::new(door.app());
        let (_, page) = proved(&mut browser, &door.grace.login, "/account").await;
        assert_eq!(page.leads_to(), "/account");
        let page = browser.submit("/account/factors/new/google_otp", &[]).await.expect(200);
        let activate = page
            .text()
            .split("action=\"")
            .find(|rest| rest.starts_with("/account/factors/"))
            .map(|rest| rest.split('"').next().expect("an address").to_owned());
        let code = AUTHENTICATOR_APP.code(&secret(&page), door.app().app.env().now).expose().clone();
        let activate = activate.expect("a form");
        assert_eq!(browser.submit(&activate, &[("firstCode", &code)]).await.leads_to(), "/account?done=added");
        // The next one wants the first, and so does taking it away.
        let page = browser.submit("/account/factors/new/okta_sms", &[("phoneNumber", "+15554151337")]).await;
        page.expect(403).says(&["Code of your app"]);
        let remove = activate.replace("activate", "remove");
        browser.submit(&remove, &[]).await.expect(403);

        // Later, or as somebody who administers, a password is not enough.
        let nora = door.staff.with("nora", &[]).await;
        let helper = door.staff.with("helper", &[Role::HelpDesk]).await;
        door.give_password(&nora).await;
        door.give_password(&helper).await;
        let mut late = Browser::new(door.app());
        proved(&mut late, &nora.login, "/account").await.1.leads_to();
        door.app().world.advance_seconds(300);
        late.submit("/account/factors/new/google_otp", &[]).await.expect(403).says(&["Sign out and in again"]);
        let mut administers = Browser::new(door.app());
        let (_, page) = proved(&mut administers, &helper.login, "/account").await;
        if administers.has_session() {
            administers.submit("/account/factors/new/google_otp", &[]).await.expect(403);
        } else {
            page.expect(403);
        }
    }
}
