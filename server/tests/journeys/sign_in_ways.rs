//! Other ways to sign in at our own page: which are offered, a code that is sent, an answer, a backup code.

use postern_authn::factor::Kind;
use postern_codes::Secret;
use postern_server::api::backup_codes;
use postern_server::factors::Doer;
use postern_store::migrate::Engine;
use postern_store::scratch;

use crate::app::{Answer, TestApp};
use crate::browser::Browser;
use crate::factors_at_a_computer::further_factors;
use crate::people::{Person, client, organisation};
use crate::sent_codes::{code_of, messages};

/// Ada, who has an app, a telephone, a question and backup codes; the first of them.
async fn ada(engine: Engine) -> (TestApp, Person, String) {
    let app = TestApp::new(engine).await;
    let ada = organisation(&app).await;
    further_factors(&app, ada.org, ada.id).await;
    let user = app.app.store.read(ada.org, |tx| tx.user(ada.id)).await.expect("the database serves").expect("Ada");
    let made = backup_codes::generate(&app.app, ada.org, &Doer::signing_in(&user, &client()), &user).await;
    let code = made.expect("ten codes")[0].expose().clone();
    messages(&app).await;
    (app, ada, code)
}

/// Signs in up to the second question; the token of the sign-in and the page.
async fn proved(browser: &mut Browser<'_>, ada: &Person) -> (String, Answer) {
    let state = browser.submit("/signin", &[("username", &ada.login)]).await.expect(200).hidden("stateToken");
    let fields = [("username", ada.login.as_str()), ("stateToken", &state), ("password", &ada.password)];
    (state.clone(), browser.submit("/signin", &fields).await.expect(200))
}

/// The id of the factor behind a button.
fn behind(page: &Answer, label: &str) -> String {
    let page = page.text();
    let before = page.split(label).next().expect("a page");
    assert!(before.len() < page.len(), "no `{label}` in {page}");
    let id = before.rsplit("name=\"factor\" value=\"").next().and_then(|rest| rest.split('"').next());
    id.expect("a factor").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_sent_signs_its_person_in() {
    for engine in scratch::engines() {
        let (app, ada, _) = ada(engine).await;
        let mut browser = Browser::new(&app);
        let (state, page) = proved(&mut browser, &ada).await;
        page.says(&["Enter the code of your app", "Use another way"]);
        let card = [("username", ada.login.as_str()), ("stateToken", &state), ("to", "/account")];
        let ways = browser.submit("/signin/ways", &card).await.expect(200);
        ways.says(&["Code of your app", "Text message to +1 XXX-XXX-1337", "A backup code", "/account"]);
        assert!(!ways.text().contains("5554151337"), "the number is shown whole to whoever knows a password");
        let sms = behind(&ways, "Text message to");
        let asking = [&card[..], &[("factor", sms.as_str())]].concat();
        let asked = browser.submit("/signin/factor", &asking).await.expect(200);
        asked.says(&["Enter the code of the text message", "on its way to +1 XXX-XXX-1337", "Send another code"]);
        let sent = messages(&app).await;
        assert_eq!(sent.len(), 1, "{sent:?}");
        let code = code_of(&sent[0]);
        browser.submit("/signin/factor", &asking).await.expect(429).says(&["E0000109", "Wait"]);

        let wrong = [&asking[..], &[("answer", "000000")]].concat();
        browser.submit("/signin/answer", &wrong).await.expect(403).says(&["on its way to"]);
        let right = [&asking[..], &[("answer", code.as_str())]].concat();
        assert_eq!(browser.submit("/signin/answer", &right).await.leads_to(), "/account");
        assert!(browser.has_session());
        // The sign-in is over: nothing of it can be answered again, in another tab or by the way back.
        browser.submit("/signin/answer", &right).await.expect(401).says(&["start again"]);
        browser.submit("/signin/ways", &card).await.expect(401).says(&["start again"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_code_does_it_too_and_what_one_knows_does_not() {
    for engine in scratch::engines() {
        let (app, ada, backup) = ada(engine).await;
        let mut browser = Browser::new(&app);
        let (state, _) = proved(&mut browser, &ada).await;
        let card = [("username", ada.login.as_str()), ("stateToken", &state)];
        let ways = browser.submit("/signin/ways", &card).await.expect(200);
        let factor = behind(&ways, "A backup code");
        let asking = [card[0], card[1], ("factor", factor.as_str())];
        browser.submit("/signin/factor", &asking).await.expect(200).says(&["Enter a backup code"]);
        let wrong = [&asking[..], &[("answer", "AAAA-AAAA-AAAA-AAAA")]].concat();
        browser.submit("/signin/answer", &wrong).await.expect(401).says(&["Enter a backup code", "wrong"]);
        let right = [&asking[..], &[("answer", backup.as_str())]].concat();
        browser.submit("/signin/answer", &right).await.leads_to();
        assert!(browser.has_session());

        // A password and an answer are two things that one knows: the policy wants something that one has.
        let mut browser = Browser::new(&app);
        let (state, _) = proved(&mut browser, &ada).await;
        let card = [("username", ada.login.as_str()), ("stateToken", &state)];
        let ways = browser.submit("/signin/ways", &card).await.expect(200);
        assert!(!ways.text().contains("security question"), "{}", ways.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_app_chooses_at_once() {
    for engine in scratch::engines() {
        let (app, ada, _) = ada(engine).await;
        let gone = app.app.store.write(ada.org, |tx| {
            let now = app.app.env().now;
            for factor in tx.factors_of(ada.id)?.into_iter().filter(|factor| factor.kind == Kind::Totp) {
                tx.retire_factor(factor.id, now)?;
            }
            Ok(())
        });
        gone.await.expect("the database serves");
        let (_, page) = proved(&mut Browser::new(&app), &ada).await;
        page.says(&["How do you want to show", "Text message to +1 XXX-XXX-1337", "A backup code"]);
        assert!(!page.text().contains("Code of your app"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_that_gave_the_password_is_no_way_and_it_is_said_why() {
    for engine in scratch::engines() {
        let (app, ada, backup) = ada(engine).await;
        let env = app.app.env();
        let hash = app.app.passwords.hash(Secret::new(ada.password.clone()), &env).await.expect("it hashes");
        let given = app.app.store.write(ada.org, |tx| {
            let user = tx.user(ada.id)?.expect("Ada");
            tx.give_password(&user, (hash.expose(), true), &env).map(drop)
        });
        given.await.expect("the database serves");
        let mut browser = Browser::new(&app);
        let (state, _) = proved(&mut browser, &ada).await;
        let card = [("username", ada.login.as_str()), ("stateToken", &state)];
        let ways = browser.submit("/signin/ways", &card).await.expect(200);
        assert!(!ways.text().contains("Text message"), "{}", ways.text());
        let answer = [card[0], card[1], ("factor", &behind(&ways, "A backup code")), ("answer", &backup)];
        let retire = async |kinds: &[Kind]| {
            let gone = app.app.store.write(ada.org, |tx| {
                let now = app.app.env().now;
                for factor in tx.factors_of(ada.id)?.into_iter().filter(|factor| kinds.contains(&factor.kind)) {
                    tx.retire_factor(factor.id, now)?;
                }
                Ok(())
            });
            gone.await.expect("the database serves");
        };
        retire(&[Kind::Totp]).await;
        browser.submit("/signin/answer", &answer).await.leads_to();
        // Something else was proved: from here on the telephone is a way again.
        let (_, page) = proved(&mut Browser::new(&app), &ada).await;
        page.says(&["Text message to +1 XXX-XXX-1337"]);

        let given = app.app.store.write(ada.org, |tx| {
            let user = tx.user(ada.id)?.expect("Ada");
            tx.give_password(&user, (hash.expose(), true), &env).map(drop)
        });
        given.await.expect("the database serves");
        retire(&[Kind::BackupCodes, Kind::Email]).await;
        let mut browser = Browser::new(&app);
        let state = browser.submit("/signin", &[("username", &ada.login)]).await.expect(200).hidden("stateToken");
        let fields = [("username", ada.login.as_str()), ("stateToken", &state), ("password", &ada.password)];
        browser.submit("/signin", &fields).await.expect(403).says(&["came by your telephone", "no second proof"]);
        assert!(!browser.has_session());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn before_anything_is_proved_nothing_is_told_or_sent() {
    for engine in scratch::engines() {
        let (app, ada, _) = ada(engine).await;
        let mut browser = Browser::new(&app);
        let sms = app.app.store.read(ada.org, |tx| tx.factors_of(ada.id)).await.expect("the database serves");
        let sms = sms.into_iter().find(|factor| factor.kind == Kind::Sms).expect("a telephone").id.to_string();
        for name in [ada.login.as_str(), "nobody"] {
            let page = browser.submit("/signin", &[("username", name)]).await.expect(200);
            assert!(!page.text().contains("another way"));
            let state = page.hidden("stateToken");
            let card = [("username", name), ("stateToken", state.as_str()), ("factor", sms.as_str())];
            for path in ["/signin/ways", "/signin/factor", "/signin/answer"] {
                browser.submit(path, &card).await.expect(401).says(&["start again"]);
            }
        }
        for path in ["/signin/ways", "/signin/factor", "/signin/answer"] {
            browser.submit(path, &[("stateToken", "nonsense"), ("factor", &sms)]).await.expect(401);
            browser.submit(path, &[]).await.expect(200).says(&["Your name to sign in"]);
        }
        assert!(messages(&app).await.is_empty(), "a stranger had a code sent");
        // Somebody else's factor is none here; an end of the sign-in ends it for every way.
        let (state, _) = proved(&mut browser, &ada).await;
        let card = [("username", ada.login.as_str()), ("stateToken", &state)];
        let foreign = [card[0], card[1], ("factor", "ost00000000000000000")];
        browser.submit("/signin/factor", &foreign).await.expect(401).says(&["start again"]);
        app.world.advance_seconds(600);
        browser.submit("/signin/ways", &card).await.expect(401).says(&["start again"]);
    }
}
