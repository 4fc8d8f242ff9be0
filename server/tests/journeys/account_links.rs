//! Mailed links and the pages behind them: first passwords, forgotten and expired ones, and what a stranger makes of them.

use axum::http::Method;
use postern_store::deliveries::Carrier;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::accounts::{join_all, waiting};
use crate::app::{Answer, TestApp};
use crate::browser::Browser;
use crate::people::organisation;
use crate::staff::Staff;

const PASSWORD: &str = "four plain small words";
const ANOTHER: &str = "quite another long one";

/// The path of the one link among the mail that waits.
fn link_in(mail: &[(String, String, String)]) -> String {
    let said = mail.iter().flat_map(|(_, _, text)| text.lines());
    let links: Vec<_> = said.filter_map(|line| line.strip_prefix("http://localhost:8080/")).collect();
    assert_eq!(links.len(), 1, "{mail:?}");
    format!("/{}", links[0])
}

async fn choose(app: &TestApp, link: &str, password: &str) -> Answer {
    Browser::new(app).submit(link, &[("password", password)]).await
}

async fn proves(staff: &Staff, login: &str, password: &str) -> bool {
    let change = json!({ "oldPassword": { "value": password }, "newPassword": { "value": "one that is never kept" } });
    let answer = staff.act(Method::POST, &format!("/{login}/credentials/change_password"), change).await;
    answer.status == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_chooses_a_password_by_their_link_once() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let id = staff.standing("PROVISIONED", "grace@acme.example").await;
        let link = link_in(&staff.mail().await);
        for _ in 0..3 {
            let page = Browser::new(&staff.app).open(&link).await.expect(200);
            page.says(&["Welcome: choose a password", "grace@acme.example", "12 characters or more"]);
            assert_eq!(page.headers["referrer-policy"], "same-origin");
        }
        choose(&staff.app, &link, "short").await.expect(400).says(&["at least 12 characters"]);
        choose(&staff.app, &link, "my name is hopper").await.expect(400).says(&["must not contain your name"]);
        assert_eq!(staff.status(&id).await, "PROVISIONED", "a weak one uses nothing up");
        choose(&staff.app, &link, PASSWORD).await.expect(200).says(&["Your password is set", "/signin"]);
        assert_eq!(staff.status(&id).await, "ACTIVE");
        Browser::new(&staff.app).open(&link).await.expect(404).says(&["This link does not work"]);
        choose(&staff.app, &link, ANOTHER).await.expect(404).says(&["This link does not work"]);
        let logs = staff.app.get("/api/v1/logs?limit=1000", &staff.root.token).await.expect(200).text();
        assert!(!logs.contains(link.rsplit('/').next().unwrap()), "a token is in no record");
        assert!(proves(&staff, "grace@acme.example", PASSWORD).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_guessed_old_replaced_or_for_something_else_does_nothing() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let id = staff.standing("PROVISIONED", "grace@acme.example").await;
        let first = link_in(&staff.mail().await);
        let token = first.rsplit('/').next().unwrap().to_owned();
        let over = async |link: &str| {
            Browser::new(&staff.app).open(link).await.expect(404).says(&["This link does not work"]);
            choose(&staff.app, link, PASSWORD).await.expect(404);
        };
        over("/welcome/guessed").await;
        over(&format!("/reset/{token}")).await;
        over(&format!("/expired/{token}")).await;
        staff.app.get(&format!("/not-me/{token}"), "").await.expect(404);

        let again = staff.act(Method::POST, &format!("/{id}/lifecycle/reactivate"), Value::Null).await.expect(200);
        let url = again.json()["activationUrl"].as_str().unwrap().to_owned();
        assert!(url.ends_with(again.json()["activationToken"].as_str().unwrap()), "{url}");
        over(&first).await;
        let second = url.strip_prefix("http://localhost:8080").unwrap().to_owned();
        staff.act(Method::POST, &format!("/{id}/lifecycle/deactivate"), Value::Null).await.expect(200);
        over(&second).await;
        let activate = format!("/{id}/lifecycle/activate?sendEmail=false");
        let third = staff.act(Method::POST, &activate, Value::Null).await.expect(200).json();
        let third = third["activationUrl"].as_str().unwrap().strip_prefix("http://localhost:8080").unwrap().to_owned();
        over(&second).await;
        staff.app.world.advance_seconds(7 * 86_400);
        over(&third).await;
        assert_eq!(staff.status(&id).await, "PROVISIONED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_use_one_link_at_once_one_wins() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        staff.standing("PROVISIONED", "grace@acme.example").await;
        let link = link_in(&staff.mail().await);
        let passwords = [PASSWORD, ANOTHER, "a third that is long", "a fourth that is long"];
        let answers = join_all(passwords.iter().map(|password| choose(&staff.app, &link, password))).await;
        let won: Vec<usize> = (0..4).filter(|number| answers[*number].status == 200).collect();
        assert_eq!(won.len(), 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
        assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 200 | 404)));
        assert!(proves(&staff, "grace@acme.example", passwords[won[0]]).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_makes_the_password_void_until_another_is_chosen() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let env = app.app.env();
        let (user, token) = (ada.id, "journey".parse().unwrap());
        let made = app.app.store.write(ada.org, |tx| tx.insert_token(user, &token, &[], &env)).await.unwrap();
        let token = made.1.expose().clone();
        let mut before = Browser::of(&app, &ada).await;
        waiting(&app).await;
        let reset = "/api/v1/users/me/lifecycle/reset_password?sendEmail=true";
        app.post(reset, &token, &Value::Null).await.expect(200);
        before.open("/admin").await.expect(200);
        let sign_in = async |password: &str| {
            let mut browser = Browser::new(&app);
            let page = browser.submit("/signin", &[("username", &ada.login)]).await;
            let state = page.hidden("stateToken");
            let fields = [("username", ada.login.as_str()), ("stateToken", &state), ("password", password)];
            browser.submit("/signin", &fields).await
        };
        sign_in(&ada.password).await.expect(401).says(&["Name and password do not fit"]);
        Browser::new(&app).submit("/forgot", &[("username", &ada.login)]).await.expect(200);
        let link = link_in(&waiting(&app).await);
        choose(&app, &link, &ada.password).await.expect(400).says(&["present password"]);
        choose(&app, &link, ANOTHER).await.expect(200);
        before.open("/admin").await.leads_to();
        sign_in(ANOTHER).await.expect(200).says(&["Enter the code of your app"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_password_leads_to_a_new_one_and_lets_nobody_in() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let env = app.app.env();
        let user = app.app.store.read(ada.org, |tx| tx.user(ada.id)).await.unwrap().unwrap();
        let step = postern_authn::user::Lifecycle::ExpirePassword;
        app.app.store.write(ada.org, |tx| tx.move_user(&user, step, env.now)).await.unwrap().unwrap();
        let mut browser = Browser::new(&app);
        let page = browser.submit("/signin", &[("username", &ada.login)]).await;
        let state = page.hidden("stateToken");
        let fields = [("username", ada.login.as_str()), ("stateToken", &state), ("password", &ada.password)];
        let led = browser.submit("/signin", &fields).await.leads_to().to_owned();
        assert!(led.starts_with("/expired/") && !browser.has_session(), "{led}");
        browser.open(&led).await.expect(200).says(&["Your password is expired: choose another"]);
        browser.submit("/signin", &fields).await.expect(401).says(&["start again"]);
        choose(&app, &led, &ada.password).await.expect(400).says(&["present password"]);
        app.world.advance_seconds(599);
        let mut other = Browser::new(&app);
        let page = other.submit("/signin", &[("username", &ada.login)]).await;
        let fields =
            [("username", ada.login.as_str()), ("stateToken", &page.hidden("stateToken")), ("password", &ada.password)];
        let second = other.submit("/signin", &fields).await.leads_to().to_owned();
        choose(&app, &led, ANOTHER).await.expect(200);
        choose(&app, &second, "a third that is long").await.expect(404);
        app.world.advance_seconds(1);
        let ada = crate::people::Person { password: ANOTHER.to_owned(), ..ada };
        ada.sign_in(&app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_forgot_is_answered_like_anybody_and_mailed_if_they_are_somebody() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let id = staff.standing("ACTIVE", "grace@acme.example").await;
        for state in ["STAGED", "PROVISIONED", "SUSPENDED", "DEPROVISIONED"] {
            staff.standing(state, &format!("{}@acme.example", state.to_lowercase())).await;
        }
        staff.mail().await;
        let asked = async |name: &str| Browser::new(&staff.app).submit("/forgot", &[("username", name)]).await;
        asked("").await.expect(400);
        let known = asked(" Grace@ACME.example ").await.expect(200).text();
        let mail = staff.mail().await;
        let link = link_in(&mail);
        assert_eq!(mail[0].0, "grace@acme.example");
        for nobody in ["nobody@acme.example", "staged@acme.example", "suspended@acme.example", "two words", "\u{1f6aa}"]
        {
            assert_eq!(asked(nobody).await.expect(200).text(), known, "{nobody}");
        }
        assert!(staff.mail().await.is_empty());
        assert_eq!(staff.status(&id).await, "ACTIVE", "a stranger's wish changes nothing");
        asked("grace@acme.example").await.expect(200);
        asked("grace@acme.example").await.expect(200);
        asked("grace@acme.example").await.expect(429).says(&["Wait a little"]);
        for _ in 0..3 {
            asked("nobody-else@acme.example").await.expect(200);
        }
        asked("nobody-else@acme.example").await.expect(429).says(&["Wait a little"]);
        choose(&staff.app, &link, ANOTHER).await.expect(200);
        for later in staff.mail().await.iter().filter(|(_, _, text)| text.contains("/reset/")) {
            let written = later.2.lines().find(|line| line.contains("/reset/")).unwrap();
            let path = written.strip_prefix("http://localhost:8080").unwrap();
            choose(&staff.app, path, PASSWORD).await.expect(404);
        }
        assert!(proves(&staff, "grace@acme.example", ANOTHER).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_password_signs_in_and_is_hashed_anew() {
    let bcrypt = json!({ "algorithm": "BCRYPT", "workFactor": 4, "salt": "9MhUBpYvA8ZcRzxNAzYJKO",
                         "value": "RIZiq68MSLCT9d7ffCdZia2M8vgx6HK" });
    let md5 = json!({ "algorithm": "MD5", "value": "CY9rzUYh03PK3k6DJie09g==" });
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let env = app.app.env();
        let name = "journey".parse().unwrap();
        let made = app.app.store.write(ada.org, |tx| tx.insert_token(ada.id, &name, &[], &env)).await.unwrap();
        for (login, hash, right) in [("b@acme.example", &bcrypt, "a"), ("m@acme.example", &md5, "test")] {
            let body = crate::accounts::body(login, &json!({ "password": { "hash": hash } }));
            let person = app.post("/api/v1/users", made.1.expose(), &body).await.expect(200).json();
            assert_eq!(person["status"], "ACTIVE");
            let id = person["id"].as_str().unwrap().parse().unwrap();
            let kept = async || {
                let sealed = app.app.store.read(ada.org, |tx| tx.user_password(id)).await.unwrap().unwrap();
                String::from_utf8(app.app.store.keyring().open(&sealed).unwrap().expose().clone()).unwrap()
            };
            let try_it = async |password: &str| {
                let mut browser = Browser::new(&app);
                let page = browser.submit("/signin", &[("username", login)]).await;
                let state = page.hidden("stateToken");
                browser.submit("/signin", &[("username", login), ("stateToken", &state), ("password", password)]).await
            };
            try_it("wrong").await.expect(401).says(&["do not fit"]);
            assert!(kept().await.starts_with('{'));
            try_it(right).await.expect(200).says(&["Set up a second factor"]);
            assert!(kept().await.starts_with("$argon2id$"), "it is ours from the first right sign-in on");
            try_it("wrong").await.expect(401);
            try_it(right).await.expect(200);
            let shown = app.get(&format!("/api/v1/users/{login}"), made.1.expose()).await.expect(200).text();
            assert!(!shown.contains("argon2") && !shown.contains("RIZiq68"), "{shown}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_mail_fails_what_was_done_stands_and_the_message_waits() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let id = staff.standing("PROVISIONED", "grace@acme.example").await;
        let now = staff.app.app.env().now;
        let claimed = staff.app.app.store.system().claim_deliveries(Carrier::Mail, now).await.unwrap();
        assert_eq!(claimed.len(), 1);
        // The server that took it stopped: nobody says what became of it.
        assert_eq!(staff.status(&id).await, "PROVISIONED");
        assert!(staff.mail().await.is_empty(), "it is hidden for two minutes");
        staff.app.world.advance_seconds(121);
        let link = link_in(&staff.mail().await);
        choose(&staff.app, &link, PASSWORD).await.expect(200);
        assert_eq!(staff.status(&id).await, "ACTIVE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_uses_no_link_up() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        staff.standing("PROVISIONED", "grace@acme.example").await;
        let link = link_in(&staff.mail().await);
        let request = axum::http::Request::post(&link).header("sec-fetch-site", "cross-site");
        let body = axum::body::Body::from("password=four+plain+small+words");
        staff.app.send(request.body(body).unwrap()).await.expect(403);
        choose(&staff.app, &link, PASSWORD).await.expect(200);
    }
}
