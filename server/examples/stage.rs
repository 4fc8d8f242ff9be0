//! A server with its computer for the browser journeys: `tests/browser/stage` starts it with the name of a scene, reads
//! where it is and tells it what the computer and the clock do.
//!
//! Every answer is a line that begins with `STAGE` and goes on as JSON. The clock is the journeys' own and goes on with
//! the real one.

#[path = "../tests/journeys/app.rs"]
#[expect(dead_code, reason = "shared with the journeys, which use the rest")]
mod app;
#[path = "../tests/journeys/computer.rs"]
#[expect(dead_code, reason = "shared with the journeys, which use the rest")]
mod computer;
#[path = "../tests/journeys/harbour.rs"]
#[expect(dead_code, reason = "shared with the journeys, which use the rest")]
mod harbour;
#[path = "../tests/journeys/people.rs"]
#[expect(dead_code, reason = "shared with the journeys, which use the rest")]
mod people;

use std::sync::Arc;
use std::time::Duration;

use postern_authn::factor::totp;
use postern_codes::Secret;
use postern_codes::otp::{self, AUTHENTICATOR_APP};
use postern_server::app::router;
use postern_server::listener::{Connections, Peer};
use postern_store::migrate::Engine;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::app::TestApp;
use crate::computer::Computer;
use crate::harbour::Harbour;

const PASSWORD: &str = "four plain small words";

#[tokio::main]
async fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("locked-out") => an_organisation_with_a_locked_out_person().await,
        Some("not-set-up") => an_installation_that_is_not_set_up().await,
        other => panic!("no such scene: {other:?}"),
    }
}

async fn an_organisation_with_a_locked_out_person() {
    let harbour = Harbour::new(Engine::Sqlite).await;
    let helper = give_hal_a_sign_in(&harbour).await;
    let computer = harbour.computer().await;
    let secret = harbour.register(&computer).await;
    let url = serve(&harbour.app).await;
    say(&json!({ "url": url, "login": "hal", "password": PASSWORD, "appSecret": helper, "person": "Grace Hopper" }));
    for line in lines() {
        say(&obey(&harbour.app, &line, Some((&computer, &secret))).await);
    }
}

async fn an_installation_that_is_not_set_up() {
    let app = TestApp::new(Engine::Sqlite).await;
    let link = app.app.store.system().new_setup_link(&app.app.env()).await.expect("a link");
    let url = serve(&app).await;
    say(&json!({ "url": url, "link": format!("{url}/setup/{}", link.expose()) }));
    for line in lines() {
        say(&obey(&app, &line, None).await);
    }
}

/// Does what a line says; what cannot be understood ends the stage, and with it the journey.
async fn obey(app: &TestApp, line: &str, at: Option<(&Computer, &computer::Secret)>) -> Value {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match (word, at) {
        // No code is taken twice, so the clock moves on to the next.
        ("code", _) => {
            app.world.advance_seconds(30);
            let secret = otp::from_base32(rest).expect("base 32");
            json!(AUTHENTICATOR_APP.code(&secret, app.app.env().now).expose())
        }
        ("wait", _) => {
            app.world.advance_seconds(rest.parse().expect("seconds"));
            Value::Null
        }
        ("type-pin", Some((computer, secret))) => computer.confirm(app, secret, rest).await,
        ("check-in", Some((computer, secret))) => json!(computer.check_in(app, &[secret], 0).await.0),
        (word, _) => panic!("the stage does not know `{word}`"),
    }
}

/// Hal of the help desk gets a password and an app; gives the app's secret.
async fn give_hal_a_sign_in(harbour: &Harbour) -> String {
    let app = &harbour.app.app;
    let env = app.env();
    let secret = totp::new_secret(&env);
    let code = AUTHENTICATOR_APP.code(&secret, env.now);
    let factor = totp::enrol(&harbour.hal, &secret, &code, env.now).expect("the right code");
    let hash = app.passwords.hash(Secret::new(PASSWORD.to_owned()), &env).await.expect("a hash");
    let given = app.store.write(harbour.ada.org, |tx| {
        tx.set_password(harbour.hal.id, hash.expose(), &env)?;
        tx.insert_factor(&factor, &env).map(drop)
    });
    given.await.expect("the database serves");
    otp::base32(&secret).expose().clone()
}

/// Serves on a free port; gives the address.
async fn serve(app: &TestApp) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it listens").port();
    let connections = Connections::on(listener, &app.app.config).expect("plain HTTP on loopback");
    let service = router(Arc::clone(&app.app)).into_make_service_with_connect_info::<Peer>();
    tokio::spawn(async move { axum::serve(connections, service).await });
    let world = Arc::clone(&app.world);
    tokio::spawn(async move {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        loop {
            second.tick().await;
            world.advance_seconds(1);
        }
    });
    format!("http://localhost:{port}")
}

/// What the journey says, until it ends. Waiting for it holds up only this thread; the others serve.
fn lines() -> impl Iterator<Item = String> {
    std::io::stdin().lines().map_while(Result::ok)
}

#[expect(clippy::print_stdout, reason = "the journeys read it")]
fn say(answer: &Value) {
    println!("\nSTAGE {answer}");
}
