//! A server with its computer for the browser journeys and the API's clients: `tests/stage.mjs` starts it with the name
//! of a scene, reads where it is and tells it what the computer and the clock do.
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

use postern_authn::device::Device;
use postern_authn::factor::totp;
use postern_authn::network::{OriginDraft, OriginScope, ScopeGrant, Usage, ZoneDraft};
use postern_authn::policy::{PolicyType, default_policy, order};
use postern_codes::Secret;
use postern_codes::id::{
    Device as DeviceKind, Id, Policy as PolicyKind, PolicyRule, TrustedOrigin as TrustedOriginKind, Zone as ZoneKind,
};
use postern_codes::otp::{self, AUTHENTICATOR_APP};
use postern_server::api::routes::Route;
use postern_server::app::{route_table, router};
use postern_server::config::Config;
use postern_server::listener::{Connections, Peer};
use postern_server::{App, jobs};
use postern_store::migrate::Engine;
use postern_store::session_tokens::SessionGrant;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::app::TestApp;
use crate::computer::Computer;
use crate::harbour::Harbour;
use crate::people::organisation;

const PASSWORD: &str = "four plain small words";

#[tokio::main]
async fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("clients") => an_organisation_for_clients_of_the_api().await,
        Some("fresh") => an_organisation_with_nothing_in_it().await,
        Some("locked-out") => an_organisation_with_a_locked_out_person().await,
        Some("not-set-up") => an_installation_that_is_not_set_up().await,
        Some("routes") => say_routes(),
        other => panic!("no such scene: {other:?}"),
    }
}

async fn an_organisation_with_a_locked_out_person() {
    let harbour = Harbour::new(Engine::Sqlite).await;
    let helper = give_hal_a_sign_in(&harbour).await;
    let computer = harbour.computer().await;
    let secret = harbour.register(&computer).await;
    let url = serve(&harbour.app).await;
    say(
        &json!({ "url": url, "login": "hal", "password": PASSWORD, "appSecret": helper, "person": "Grace Hopper", "caller": harbour.grace.login.as_str() }),
    );
    for line in lines() {
        say(&obey(&harbour.app, &line, Some((&computer, &secret))).await);
    }
}

/// On the database that the second word names: `sqlite`, or `postgres` where the tests have one.
async fn an_organisation_for_clients_of_the_api() {
    let engine = match std::env::args().nth(2).as_deref() {
        None | Some("sqlite") => Engine::Sqlite,
        Some("postgres") => Engine::Postgres,
        other => panic!("no such database: {other:?}"),
    };
    let harbour = Harbour::new(engine).await;
    let computer = harbour.computer().await;
    let secret = harbour.register(&computer).await;
    let mac = a_mac(&harbour).await;
    let (policy, rule) = a_policy(&harbour).await;
    let (zone, origin) = a_zone_and_an_origin(&harbour).await;
    let url = serve(&harbour.app).await;
    say(&json!({
        "url": url, "token": harbour.super_token, "deskToken": harbour.desk_token, "session": harbour.ada.sign_in(&harbour.app).await.expose(),
        "ada": harbour.ada.id, "hal": harbour.hal.id, "grace": harbour.grace.id, "linux": computer.id, "mac": mac,
        "policy": policy, "rule": rule, "zone": zone, "origin": origin, "routes": routes(),
    }));
    for line in lines() {
        say(&obey(&harbour.app, &line, Some((&computer, &secret))).await);
    }
}

async fn an_organisation_with_nothing_in_it() {
    let app = TestApp::new(Engine::Sqlite).await;
    let ada = organisation(&app).await;
    let url = serve(&app).await;
    say(&json!({ "url": url, "session": ada.sign_in(&app).await.expose(), "routes": routes() }));
    for line in lines() {
        say(&obey(&app, &line, None).await);
    }
}

/// A computer of a platform that strict clients of the API know.
async fn a_mac(harbour: &Harbour) -> Id<DeviceKind> {
    let profile = json!({
        "displayName": "OFFICE-MAC", "platform": "MACOS", "serialNumber": "C02-0042", "manufacturer": "Apple",
        "model": "MacBook Air", "osVersion": "15.1", "registered": true, "secureHardwarePresent": true,
    });
    let profile = serde_json::from_value(profile).expect("a profile");
    let mac = Device::enrolled(profile, &harbour.app.app.env());
    let made = harbour.app.app.store.write(harbour.ada.org, |tx| tx.insert_device(&mac));
    made.await.expect("the database serves");
    mac.id
}

/// A network zone, and a trusted origin.
async fn a_zone_and_an_origin(harbour: &Harbour) -> (Id<ZoneKind>, Id<TrustedOriginKind>) {
    let env = harbour.app.app.env();
    let made = harbour.app.app.store.write(harbour.ada.org, |tx| {
        let name = "Office".parse().expect("a name");
        let range = "198.51.100.0/24".parse().expect("a range");
        let zone = ZoneDraft::new(name, Usage::Policy, vec![range], Vec::new()).expect("a zone");
        let grant = ScopeGrant { scope: OriginScope::Cors, apps: Vec::new() };
        let (name, address) = ("App".parse().expect("a name"), "https://app.example.com".parse().expect("an origin"));
        let origin = OriginDraft::new(name, address, vec![grant]).expect("an origin");
        let zone = tx.insert_zone(&zone, true, &env)?.expect("a free name");
        Ok((zone, tx.insert_trusted_origin(&origin, "stage", &env)?.expect("a free name")))
    });
    made.await.expect("the database serves")
}

/// A policy about passwords, for everybody, with a rule.
async fn a_policy(harbour: &Harbour) -> (Id<PolicyKind>, Id<PolicyRule>) {
    let env = harbour.app.app.env();
    let ids = (Id::new(&env), Id::new(&env));
    let made = harbour.app.app.store.write(harbour.ada.org, |tx| {
        let before = tx.policies_to_change(PolicyType::Password)?;
        let mut after = before.clone();
        let mut policy = default_policy(PolicyType::Password, ids, tx.everyone()?.0, env.now);
        (policy.name, policy.is_system) = ("Pilots".to_owned(), false);
        for rule in &mut policy.rules {
            (rule.name, rule.is_system) = ("From anywhere".to_owned(), false);
        }
        order::put(&mut after, policy, None);
        tx.keep_policies(PolicyType::Password, &before, &after)
    });
    made.await.expect("the database serves");
    ids
}

/// Every route, as method and path.
fn routes() -> Value {
    let route = |route: Route| json!({ "method": route.method.as_str(), "path": route.path });
    route_table().into_iter().map(route).collect()
}

#[expect(clippy::print_stdout, reason = "tests/conformance/description/cut.py reads it")]
fn say_routes() {
    println!("{}", routes());
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
        ("now", _) => json!(app.app.env().now.unix_seconds() * 1000),
        ("session-token", _) => json!(session_token_of(app, rest).await),
        ("token", _) => json!(token_of(app, rest).await),
        ("type-pin", Some((computer, secret))) => computer.confirm(app, secret, rest).await,
        ("check-in", Some((computer, secret))) => json!(computer.check_in(app, &[secret], 0).await.0),
        ("work", _) => {
            jobs::once(&app.app).await.expect("the jobs run");
            Value::Null
        }
        ("messages", _) => {
            jobs::once(&app.app).await.expect("the jobs run");
            json!(app.mails.take())
        }
        (word, _) => panic!("the stage does not know `{word}`"),
    }
}

/// A further token of somebody's.
async fn token_of(app: &TestApp, id: &str) -> String {
    let org = app.app.org().await.expect("there is an organisation");
    let (id, name) = (id.parse().expect("an id"), "journey".parse().expect("a name"));
    let made = app.app.store.write(org, |tx| tx.insert_token(id, &name, &[], &app.app.env()));
    made.await.expect("the database serves").1.expose().clone()
}

/// What a sign-in over the API would end with: the right to open one session of somebody's.
async fn session_token_of(app: &TestApp, id: &str) -> String {
    let (org, env) = (app.app.org().await.expect("there is an organisation"), app.app.env());
    let grant = SessionGrant { user: id.parse().expect("an id"), factor_at: Some(env.now), amr: "pwd otp mfa".into() };
    let made = app.app.store.write(org, |tx| tx.insert_session_token(&grant, &env));
    made.await.expect("the database serves").expose().clone()
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
        for person in [harbour.hal.id, harbour.grace.id] {
            tx.set_password(person, hash.expose(), &env)?;
        }
        tx.insert_factor(&factor, &env).map(drop)
    });
    given.await.expect("the database serves");
    otp::base32(&secret).expose().clone()
}

/// Serves on a free port, under its own address; gives that.
async fn serve(app: &TestApp) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://localhost:{}", listener.local_addr().expect("it listens").port());
    let config: Config = toml::from_str(&format!("public_url = '{url}'")).expect("a configuration");
    let connections = Connections::on(listener, &config).expect("plain HTTP on loopback");
    let (world, mails) = (Arc::clone(&app.world), Arc::clone(&app.mails));
    let served = App::new(app.scratch.store.clone(), world, config, mails);
    let service = router(Arc::new(served)).into_make_service_with_connect_info::<Peer>();
    tokio::spawn(async move { axum::serve(connections, service).await });
    let world = Arc::clone(&app.world);
    tokio::spawn(async move {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        loop {
            second.tick().await;
            world.advance_seconds(1);
        }
    });
    url
}

/// What the journey says, until it ends. Waiting for it holds up only this thread; the others serve.
fn lines() -> impl Iterator<Item = String> {
    std::io::stdin().lines().map_while(Result::ok)
}

#[expect(clippy::print_stdout, reason = "the journeys read it")]
fn say(answer: &Value) {
    println!("\nSTAGE {answer}");
}
