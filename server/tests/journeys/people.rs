//! People for journeys: an organisation set up by its link, and an administrator who signs in as one does.

use postern_authn::audit::Client;
use postern_authn::factor::Answer as FactorAnswer;
use postern_codes::Secret;
use postern_codes::id::{Id, Org, User};
use postern_codes::otp::{self, AUTHENTICATOR_APP};
use postern_server::sign_in::set_up::{self, Finished, Form, Prepared};
use postern_server::sign_in::{self, Reply, Step};

use crate::app::TestApp;

/// Somebody with password and app.
pub struct Person {
    pub id: Id<User>,
    pub org: Id<Org>,
    pub login: String,
    pub password: String,
    pub app_secret: Secret<Vec<u8>>,
}

impl Person {
    /// What their app shows now.
    pub fn code(&self, app: &TestApp) -> Secret<String> {
        AUTHENTICATOR_APP.code(&self.app_secret, app.app.env().now)
    }

    /// A code that their app shows at no moment near this one.
    pub fn wrong_code(&self, app: &TestApp) -> Secret<String> {
        let now = app.app.env().now;
        let near: Vec<String> = (-2..=2)
            .map(|steps: i64| {
                let at = postern_codes::Timestamp::from_unix_seconds(now.unix_seconds() + steps * 30);
                AUTHENTICATOR_APP.code(&self.app_secret, at).expose().clone()
            })
            .collect();
        let wrong = (0..6).map(|number| format!("{number:06}")).find(|code| !near.contains(code));
        Secret::new(wrong.expect("five codes are near, six are tried"))
    }

    /// Signs in; gives the session's token.
    pub async fn sign_in(&self, app: &TestApp) -> Secret<String> {
        let token = self.prove_password(app).await;
        let step =
            sign_in::answer(&app.app, &client(), &token, Reply::Factor(FactorAnswer::Code(self.code(app)))).await;
        match step.expect("the database serves") {
            Step::SignedIn(session) => session,
            Step::Asked(question) => panic!("asked for more: {question:?}"),
            Step::Expired(_) => panic!("the password is expired"),
            Step::Checked(_) | Step::Granted(_) | Step::Recovered(_) | Step::Stands => panic!("no program leads it"),
            Step::Refused(refusal) => panic!("refused: {refusal:?}"),
        }
    }

    /// Begins and proves the password; gives the sign-in's token.
    pub async fn prove_password(&self, app: &TestApp) -> Secret<String> {
        let (token, question) = sign_in::begin(&app.app, &client(), &self.login).await.expect("it begins");
        assert!(question.is_password());
        let reply = Reply::Password(Secret::new(self.password.clone()));
        match sign_in::answer(&app.app, &client(), &token, reply).await.expect("the database serves") {
            Step::Asked(question) => assert!(!question.is_password()),
            Step::Expired(_) => panic!("the password is expired"),
            Step::Checked(_) | Step::Granted(_) | Step::Recovered(_) | Step::Stands => panic!("no program leads it"),
            Step::Refused(refusal) => panic!("refused: {refusal:?}"),
            Step::SignedIn(_) => panic!("a password alone signed in"),
        }
        token
    }
}

/// Where requests of tests come from.
pub fn client() -> Client {
    Client { ip: "192.0.2.7".into(), user_agent: "journey".into(), ..Client::default() }
}

/// What Ada answers on the first page.
pub fn form() -> Form {
    Form {
        org_name: "Harbour Lights".into(),
        first_name: "Ada".into(),
        last_name: "Lindqvist".into(),
        email: "Ada@harbour.example".into(),
        password: Secret::new("four plain small words".into()),
    }
}

/// Makes an organisation by its set-up link. The first code is used up; the clock moves on to the next.
pub async fn organisation(app: &TestApp) -> Person {
    let link = app.app.store.system().new_setup_link(&app.app.env()).await.expect("a link");
    assert!(matches!(set_up::prepare(&app.app, &link, form()).await.expect("it serves"), Prepared::Ready));
    let pairing = set_up::pairing(&app.app, &link).await.expect("it serves").expect("the first page was answered");
    let app_secret = otp::from_base32(pairing.secret.expose()).expect("base 32");
    let code = AUTHENTICATOR_APP.code(&app_secret, app.app.env().now);
    let finished = set_up::finish(&app.app, &client(), &link, &code).await.expect("it serves");
    assert_eq!(finished, Finished::Done);
    app.world.advance_seconds(30);
    let org = app.app.org().await.expect("there is an organisation");
    let login = form().email;
    let read = app.app.store.read(org, |tx| tx.user_by_login(&login.parse().expect("a login"))).await;
    let id = read.expect("it serves").expect("Ada is there").id;
    Person { id, org, login, password: form().password.expose().clone(), app_secret }
}
