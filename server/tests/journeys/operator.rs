//! An operator at the machine: makes people and tokens, shuts out and lets in, and gives a way back.

use postern_authn::audit;
use postern_codes::Secret;
use postern_codes::otp::{self, AUTHENTICATOR_APP};
use postern_server::operator::{Answer, Command, NewUser, run};
use postern_server::sign_in::set_up::{self, Finished, Form, Prepared};
use postern_server::sign_in::{self, Reply, Step};
use postern_store::scratch::engines;

use crate::app::TestApp;

const ADMIN: &str = "margaret@example.com";

/// A server whose organisation was set up.
async fn set_up(engine: postern_store::migrate::Engine) -> TestApp {
    let test = TestApp::new(engine).await;
    let link = test.app.store.system().new_setup_link(&test.app.env()).await.unwrap();
    let form = Form {
        org_name: "Engines".into(),
        first_name: "Margaret".into(),
        last_name: "Hamilton".into(),
        email: ADMIN.into(),
        password: Secret::new("a stack of printed code".to_owned()),
    };
    assert!(matches!(set_up::prepare(&test.app, &link, form).await.unwrap(), Prepared::Ready));
    let pairing = set_up::pairing(&test.app, &link).await.unwrap().unwrap();
    let code = code(&test, pairing.secret.expose());
    let finished = set_up::finish(&test.app, &audit::Client::default(), &link, &code).await.unwrap();
    assert_eq!(finished, Finished::Done);
    test
}

/// What an app with this secret shows one step from now: the present code counts as used.
fn code(test: &TestApp, secret: &str) -> Secret<String> {
    AUTHENTICATOR_APP.code(&otp::from_base32(secret).unwrap(), test.app.env().now)
}

async fn done(test: &TestApp, command: Command) -> Vec<String> {
    match run(&test.app, command).await.unwrap() {
        Answer::Done(lines) => lines,
        Answer::Refused(why) => panic!("refused: {why}"),
    }
}

async fn refused(test: &TestApp, command: Command) -> String {
    match run(&test.app, command).await.unwrap() {
        Answer::Done(lines) => panic!("done: {lines:?}"),
        Answer::Refused(why) => why,
    }
}

fn last_word(line: &str) -> &str {
    line.rsplit(' ').next().unwrap()
}

fn grace() -> Command {
    let new = NewUser {
        login: "grace@example.com".into(),
        first_name: "Grace".into(),
        last_name: "Hopper".into(),
        email: None,
    };
    Command::UserCreate(new)
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_set_up_an_operator_is_told_to_open_the_link() {
    for engine in engines() {
        let test = TestApp::new(engine).await;
        assert!(refused(&test, Command::UserList { words: None }).await.contains("set-up link"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_makes_people_and_shuts_them_out() {
    for engine in engines() {
        let test = set_up(engine).await;
        done(&test, grace()).await;
        assert!(refused(&test, grace()).await.contains("already"));
        let login = || "grace@example.com".to_owned();
        done(&test, Command::UserSuspend { login: login() }).await;
        assert!(refused(&test, Command::UserSuspend { login: login() }).await.contains("SUSPENDED"));
        done(&test, Command::UserUnsuspend { login: login() }).await;
        done(&test, Command::UserDeactivate { login: login() }).await;
        let listed = done(&test, Command::UserList { words: Some("grace".into()) }).await;
        assert!(listed.len() == 1 && listed[0].starts_with("DEPROVISIONED"), "{listed:?}");
        assert!(refused(&test, Command::UserSuspend { login: "nobody".into() }).await.contains("nobody has"));
        for last in [Command::UserSuspend { login: ADMIN.into() }, Command::UserDeactivate { login: ADMIN.into() }] {
            assert!(refused(&test, last).await.contains("only super administrator"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_token_works_until_it_is_revoked() {
    for engine in engines() {
        let test = set_up(engine).await;
        let create = |grant: &str| Command::TokenCreate {
            login: ADMIN.into(),
            name: "robot".into(),
            grants: vec![grant.to_owned()],
        };
        assert!(refused(&test, create("everything")).await.contains("recovery_pins"));
        let lines = done(&test, create("recovery_pins")).await;
        let (id, token) = (last_word(&lines[0]), last_word(&lines[1]));
        test.get("/api/v1/users/me", token).await.expect(200);
        done(&test, Command::TokenRevoke { id: id.to_owned() }).await;
        test.get("/api/v1/users/me", token).await.refused(401, "E0000011");
        assert!(refused(&test, Command::TokenRevoke { id: id.to_owned() }).await.contains("revoked already"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovered_administrator_signs_in_with_what_the_operator_reads_out() {
    for engine in engines() {
        let test = set_up(engine).await;
        done(&test, grace()).await;
        let not_one = refused(&test, Command::AdminRecover { login: "grace@example.com".into() }).await;
        assert!(not_one.contains("no administrator"));
        let lines = done(&test, Command::AdminRecover { login: ADMIN.into() }).await;
        let (password, secret) = (last_word(&lines[0]).to_owned(), last_word(&lines[1]).to_owned());
        test.world.advance_seconds(30);
        let client = audit::Client::default();
        let (token, _) = sign_in::begin(&test.app, &client, ADMIN).await.unwrap();
        let asked = sign_in::answer(&test.app, &client, &token, Reply::Password(Secret::new(password))).await.unwrap();
        assert!(matches!(asked, Step::Asked(_)));
        let answer = postern_authn::factor::Answer::Code(code(&test, &secret));
        let signed_in = sign_in::answer(&test.app, &client, &token, Reply::Factor(answer)).await.unwrap();
        assert!(matches!(signed_in, Step::SignedIn(_)));
    }
}
