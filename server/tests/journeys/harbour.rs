//! An organisation that is ready for recovery: Ada the super administrator, Hal of the help desk, Grace with her computer.

use axum::http::Method;
use postern_authn::factor::totp;
use postern_authn::permission::Role;
use postern_authn::token::Grant;
use postern_authn::user::{Profile, Status, User};
use postern_codes::otp::AUTHENTICATOR_APP;
use postern_codes::{Env, Id, Secret as Hidden};
use postern_store::deliveries::Carrier;
use postern_store::migrate::Engine;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};
use crate::computer::{Computer, Secret};
use crate::people::{Person, organisation};

/// The organisation and what its people hold.
pub struct Harbour {
    pub app: TestApp,
    pub ada: Person,
    pub super_token: String,
    pub hal: User,
    pub desk_token: String,
    pub grace: User,
    grace_app: Hidden<Vec<u8>>,
}

impl Harbour {
    /// Recovery PINs are on, time PINs are taken for a secret in a file, and nobody is registered yet.
    pub async fn new(engine: Engine) -> Self {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let env = app.app.env();
        let (hal, grace) = (person(&env, "hal", "Hal", "Okonkwo"), person(&env, "grace", "Grace", "Hopper"));
        let grace_app = totp::new_secret(&env);
        let first = AUTHENTICATOR_APP.code(&grace_app, env.now);
        let factor = totp::enrol(&grace, &grace_app, &first, env.now).expect("the right code");
        let made = app.app.store.write(ada.org, |tx| {
            for user in [&hal, &grace] {
                assert!(tx.insert_user(user, "API", ada.id.as_str(), &env)?);
            }
            tx.insert_factor(&factor, &env)?;
            tx.assign_role(hal.id, Role::HelpDesk, ada.id.as_str(), &env)?;
            let name = "journey".parse().expect("a name");
            let (_, super_token) =
                tx.insert_token(ada.id, &name, &[Grant::RecoveryPins, Grant::ResetWithoutCase], &env)?;
            let (_, desk_token) =
                tx.insert_token(hal.id, &name, &[Grant::RecoveryPins, Grant::ResetWithoutCase], &env)?;
            Ok((super_token.expose().clone(), desk_token.expose().clone()))
        });
        let (super_token, desk_token) = made.await.expect("the database serves");
        let harbour = Self { app, ada, super_token, hal, desk_token, grace, grace_app };
        harbour.app.world.advance_seconds(30);
        harbour.switch(true).await;
        harbour.settings(&json!({ "RecoveryMode": "TIME" })).await;
        harbour
    }

    /// Switches recovery PINs.
    pub async fn switch(&self, is_on: bool) {
        let body = json!({ "desktopMFARecoveryPinEnabled": is_on });
        let path = "/device-access/api/v1/desktop-mfa/recovery-pin-settings";
        self.app.call(Method::PUT, path, &self.super_token, &body).await.expect(200);
    }

    /// Sets the device settings.
    pub async fn settings(&self, settings: &Value) {
        let path = "/device-access/api/v1/device-settings";
        self.app.call(Method::PUT, path, &self.super_token, settings).await.expect(200);
    }

    /// Lets a limit be reached a hundred times.
    pub async fn loosen(&self, limits: &[&str]) {
        let counts: Value = limits.iter().map(|name| ((*name).to_owned(), json!(100))).collect();
        self.app.call(Method::PUT, "/device-access/api/v1/limits", &self.super_token, &counts).await.expect(200);
    }

    /// A code that enrols one computer.
    pub async fn code(&self, wanted: Value) -> String {
        let made = self.app.post("/device-access/api/v1/enrollment-codes", &self.super_token, &wanted).await;
        made.expect(201).json()["code"].as_str().expect("a code").to_owned()
    }

    /// A computer that enrolled.
    pub async fn computer(&self) -> Computer {
        let code = self.code(json!({})).await;
        Computer::enrol(&self.app, &code, "PF3X-0042").await
    }

    /// What Grace's app shows now; the clock moves on before, since no code is taken twice.
    pub fn grace_code(&self) -> String {
        self.app.world.advance_seconds(30);
        AUTHENTICATOR_APP.code(&self.grace_app, self.app.app.env().now).expose().clone()
    }

    /// Registers Grace at a computer, with a code of her app.
    pub async fn register(&self, computer: &Computer) -> Secret {
        let verdict = computer.show_factor(&self.app, "grace", &self.grace_code()).await;
        computer.register(&self.app, "grace", json!({ "factorVerdict": verdict })).await
    }

    /// The path of Grace's PINs at a computer.
    pub fn pins(&self, computer: &Computer) -> String {
        format!("/device-access/api/v1/devices/{}/users/{}/recovery-pins", computer.id, self.grace.id)
    }

    /// Asks for a PIN of Grace's as the help desk.
    pub async fn ask(&self, computer: &Computer, body: &Value) -> Answer {
        self.app.post(&self.pins(computer), &self.desk_token, body).await
    }

    /// A time PIN of Grace's, in a half minute of its own: its record and the PIN.
    pub async fn issue(&self, computer: &Computer) -> (Value, String) {
        self.app.world.advance_seconds(30);
        let issued = self.ask(computer, &json!({ "mode": "TIME", "reason": "phone lost" })).await.expect(201).json();
        let pin = issued["pin"].as_str().expect("a PIN").to_owned();
        (issued, pin)
    }

    /// What a PIN's record says now.
    pub async fn status(&self, computer: &Computer, issued: &Value) -> Value {
        let id = issued["id"].as_str().expect("an id");
        self.app.get(&format!("{}/{id}", self.pins(computer)), &self.desk_token).await.expect(200).json()
    }

    /// Outcome reasons of every event of a type, in order; `SUCCESS` where there is none.
    pub async fn events(&self, kind: &str) -> Vec<String> {
        let read = self.app.app.store.write(self.ada.org, |tx| {
            while tx.place_events()? > 0 {}
            tx.events(&postern_store::audit::EventQuery::default(), 10_000)
        });
        let events = read.await.expect("the database serves").into_iter();
        let of_kind = events.filter(|event| event.body.event_type == kind);
        of_kind.map(|event| event.body.outcome["reason"].as_str().unwrap_or("SUCCESS").to_owned()).collect()
    }

    /// Mail that waits to leave, as (recipient, subject, text).
    pub async fn mail(&self) -> Vec<(String, String, String)> {
        let claimed = self.app.app.store.system().claim_deliveries(Carrier::Mail, self.app.app.env().now).await;
        let open = |due: postern_store::deliveries::DueDelivery| {
            let plain = self.app.app.store.keyring().open(&due.message).expect("it opens");
            let message: Value = serde_json::from_slice(plain.expose()).expect("JSON");
            let text = |name: &str| message[name].as_str().expect("a text").to_owned();
            (due.recipient, text("subject"), text("text"))
        };
        claimed.expect("the database serves").into_iter().map(open).collect()
    }
}

fn person(env: &Env, login: &str, first_name: &str, last_name: &str) -> User {
    let profile = Profile {
        first_name: first_name.into(),
        last_name: last_name.into(),
        email: format!("{login}@harbour.example"),
        further: std::collections::BTreeMap::new(),
    };
    User::new(Id::new(env), login.parse().expect("a login"), profile, Status::Active, env.now)
}
