//! What idle programs keep in memory: resident, shared libraries included.

use std::fs;

use anyhow::{Context, Result};
use serde_json::json;

use super::agent::Conversation;
use super::http::Connection;
use super::process::{Scratch, pause};
use super::stage::{configure, free_port, serve, start_agent};
use super::{Built, Measurement};

const TIMES: usize = 5;
/// Calls that a server has answered before it is called idle.
const CALLS: usize = 100;
const IDLE: u64 = 3000;

/// The server, after it answered calls.
pub const SERVER: Measurement = Measurement {
    name: "idle memory, server",
    unit: "MB",
    aim: Some(40.0),
    needs: None,
    take: |built| (0..TIMES).map(|_| server(built)).collect(),
};

/// The agent of a computer that has just joined.
pub const AGENT: Measurement = Measurement {
    name: "idle memory, agent",
    unit: "MB",
    aim: Some(15.0),
    needs: None,
    take: |built| (0..TIMES).map(|number| agent(built, number)).collect(),
};

fn server(built: &Built) -> Result<f64> {
    let (stage, port) = (built.on_sqlite()?, free_port()?);
    configure(&stage.spare(), port, None)?;
    let server = serve(&built.folder, &stage.spare(), port)?;
    let mut connection = Connection::open(port, stage.text("/superAdmin/apiToken")?)?;
    for _ in 0..CALLS {
        connection.must("GET", "/api/v1/users", None)?;
    }
    drop(connection);
    pause(IDLE);
    let megabytes = server.resident()?;
    server.end()?;
    Ok(megabytes)
}

fn agent(built: &Built, number: usize) -> Result<f64> {
    let (stage, folder) = (built.on_sqlite()?, Scratch::new()?);
    let code = stage.super_admin()?.must("POST", "/device-access/api/v1/enrollment-codes", Some(&json!({})))?;
    let code = code["code"].as_str().context("no code in the answer")?;
    let computer = format!("[computer]\nname = \"BENCH-{number}\"\nserial_number = \"BENCH-{number}\"\n");
    fs::write(folder.file("agent.toml"), computer)?;
    let (agent, socket) = start_agent(&built.folder, folder.path())?;
    let server = format!("http://localhost:{}", stage.port);
    let mut conversation = Conversation::open(&socket)?;
    let joined = conversation.must(&json!({ "ask": "enrol", "server": server, "code": code }), "done")?;
    anyhow::ensure!(joined["ok"] == true, "the computer did not join: {joined}");
    conversation.must(&json!({ "ask": "check_in" }), "done")?;
    drop(conversation);
    pause(IDLE);
    agent.resident()
}
