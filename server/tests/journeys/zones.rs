//! Network zones over the API, blocklists, and whose address a request comes from.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, header};
use postern_authn::permission::Role;
use postern_server::config::Config;
use postern_server::listener::Peer;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};
use crate::staff::{Staff, founded, member};

const ZONES: &str = "/api/v1/zones";

/// A request that comes from this address.
pub struct From<'a> {
    pub peer: &'a str,
    pub forwarded: &'a [&'a str],
    pub token: &'a str,
}

impl From<'_> {
    pub fn request(&self, method: Method, path: &str, body: &Value) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        for line in self.forwarded {
            request = request.header("x-forwarded-for", *line);
        }
        if !self.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("SSWS {}", self.token));
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let mut request = request.body(body).unwrap();
        let address = SocketAddr::new(self.peer.parse().unwrap(), 40_000);
        request.extensions_mut().insert(ConnectInfo(Peer(address)));
        request
    }
}

impl Staff {
    async fn zones(&self, method: Method, path: &str, body: Value) -> Answer {
        // Events of one moment have no order.
        self.app.world.advance_seconds(1);
        self.app.call(method, path, &self.root.token, &body).await
    }

    async fn made(&self, body: Value) -> Value {
        self.zones(Method::POST, ZONES, body).await.expect(200).json()
    }

    async fn system_zone(&self, name: &str) -> Value {
        let zones = self.app.get(ZONES, &self.root.token).await.expect(200).json();
        zones.as_array().unwrap().iter().find(|zone| zone["name"] == name).expect("it is there").clone()
    }

    async fn from(&self, peer: &str, forwarded: &[&str], path: &str, token: &str) -> Answer {
        self.app.send(From { peer, forwarded, token }.request(Method::GET, path, &Value::Null)).await
    }

    /// The `ipChain` of the newest event.
    async fn newest_chain(&self) -> Vec<String> {
        let log = "/api/v1/logs?sortOrder=DESCENDING&limit=1";
        let event = self.app.get(log, &self.root.token).await.expect(200).json()[0].clone();
        let chain = event["request"]["ipChain"].as_array().unwrap();
        assert_eq!(event["client"]["ipAddress"], chain.first().map_or(json!(""), |hop| hop["ip"].clone()));
        chain.iter().map(|hop| hop["ip"].as_str().unwrap().to_owned()).collect()
    }
}

fn office(name: &str) -> Value {
    json!({
        "type": "IP",
        "name": name,
        "gateways": [{ "type": "CIDR", "value": "192.0.2.0/24" }, { "type": "RANGE", "value": "2001:db8::1-2001:db8::9" }],
        "proxies": [{ "type": "CIDR", "value": "198.51.100.7/32" }],
    })
}

fn blocked(name: &str, block: &str) -> Value {
    json!({ "type": "IP", "name": name, "usage": "BLOCKLIST", "gateways": [{ "type": "CIDR", "value": block }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_is_made_found_changed_switched_and_deleted() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let made = staff.made(office("Office")).await;
        assert_eq!(
            (&made["status"], &made["usage"], &made["system"]),
            (&json!("ACTIVE"), &json!("POLICY"), &json!(false))
        );
        assert_eq!(made["gateways"], office("")["gateways"], "as they were written");
        assert!(made["_links"]["deactivate"].is_object() && made["_links"]["activate"].is_null(), "{made}");
        let path = format!("{ZONES}/{}", made["id"].as_str().unwrap());
        assert_eq!(staff.app.get(&path, &staff.root.token).await.expect(200).json(), made);

        staff.app.world.advance_seconds(60);
        let mut body = office("Head office");
        body["proxies"] = Value::Null;
        let changed = staff.zones(Method::PUT, &path, body).await.expect(200).json();
        assert_eq!((&changed["name"], &changed["proxies"]), (&json!("Head office"), &json!([])));
        assert_ne!(changed["lastUpdated"], made["lastUpdated"]);

        for (act, status) in [("deactivate", "INACTIVE"), ("deactivate", "INACTIVE"), ("activate", "ACTIVE")] {
            let answer = staff.zones(Method::POST, &format!("{path}/lifecycle/{act}"), Value::Null).await;
            assert_eq!(answer.expect(200).json()["status"], status);
        }
        staff.zones(Method::DELETE, &path, Value::Null).await.expect(204);
        staff.zones(Method::DELETE, &path, Value::Null).await.refused(404, "E0000007");
        let events = staff.app.get("/api/v1/logs", &staff.root.token).await.expect(200).json();
        let events = events.as_array().unwrap().iter().map(|event| event["eventType"].as_str().unwrap());
        let events: Vec<&str> = events.filter(|kind| kind.starts_with("zone.")).collect();
        assert_eq!(events, ["zone.create", "zone.update", "zone.deactivate", "zone.activate", "zone.delete"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_zone_is_refused_and_named() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        staff.made(office("Office")).await;
        let with = |change: fn(&mut Value)| {
            let mut body = office("Other");
            change(&mut body);
            body
        };
        for (body, said) in [
            (office("oFFICE"), "name: An object with this field already exists"),
            (office("blockedipzone"), "name: An object with this field already exists"),
            (office(""), "name: a zone's name has 1 to 128 characters"),
            (office(&"x".repeat(129)), "name: a zone's name has 1 to 128 characters"),
            (with(|body| body["name"] = Value::Null), "name: The field cannot be left blank"),
            (with(|body| body["type"] = Value::Null), "type: The field cannot be left blank"),
            (with(|body| body["type"] = "NET".into()), "type: must be IP"),
            (with(|body| body["type"] = "DYNAMIC".into()), "data about addresses that this server does not have"),
            (with(|body| body["type"] = "DYNAMIC_V2".into()), "data about addresses that this server does not have"),
            (with(|body| body["usage"] = "ALLOW".into()), "usage: must be POLICY or BLOCKLIST"),
            (with(|body| body["usage"] = "BLOCKLIST".into()), "proxies: a blocklist has no proxies"),
            (with(|body| body["status"] = "ON".into()), "status: must be"),
            (
                with(|body| body["gateways"][0]["value"] = "192.0.2.300/24".into()),
                "gateways: `192.0.2.300/24` is no range",
            ),
            (with(|body| body["gateways"][1]["value"] = "192.0.2.9-192.0.2.1".into()), "`192.0.2.9-192.0.2.1`"),
            (with(|body| body["proxies"][0]["value"] = Value::Null), "proxies: `` is no range"),
            (with(|body| body["gateways"][0]["type"] = "LIST".into()), "gateways: type must be CIDR or RANGE"),
            (
                with(|body| {
                    body["gateways"] = json!([]);
                    body["proxies"] = Value::Null;
                }),
                "gateways: an IP zone needs gateways or proxies",
            ),
        ] {
            let answer = staff.zones(Method::POST, ZONES, body).await;
            answer.refused(400, "E0000001");
            assert!(answer.text().contains(said), "{said}: {}", answer.text());
        }
        staff.app.call(Method::POST, ZONES, &staff.root.token, &json!([])).await.refused(400, "E0000001");
        staff.app.get(&format!("{ZONES}?filter=colour+eq+%22red%22"), &staff.root.token).await.refused(400, "E0000031");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn zones_are_listed_in_pages_and_filtered() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        for name in ["A", "B"] {
            staff.app.world.advance_seconds(1);
            staff.made(office(name)).await;
        }
        let names = async |query: &str| {
            let zones = staff.app.get(&format!("{ZONES}{query}"), &staff.root.token).await.expect(200).json();
            zones.as_array().unwrap().iter().map(|zone| zone["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let mut all = names("?limit=-1").await;
        assert_eq!(all.split_off(3), ["A", "B"]);
        all.sort();
        assert_eq!(all, ["BlockedIpZone", "DefaultExemptIpZone", "LegacyIpZone"]);
        assert_eq!(names("?filter=usage+eq+%22BLOCKLIST%22").await, ["BlockedIpZone"]);
        assert_eq!(names("?filter=system+eq+false").await, ["A", "B"]);
        assert_eq!(names("?filter=system+eq+true+and+name+sw+%22legacy%22").await, ["LegacyIpZone"]);
        let page = staff.app.get(&format!("{ZONES}?limit=4"), &staff.root.token).await.expect(200);
        let links: Vec<_> = page.headers.get_all(header::LINK).iter().map(|link| link.to_str().unwrap()).collect();
        let next = links.last().unwrap().strip_prefix("<http://localhost:8080").unwrap().split('>').next().unwrap();
        let rest = staff.app.get(next, &staff.root.token).await.expect(200);
        assert_eq!((page.json().as_array().unwrap().len(), rest.json()[0]["name"].as_str()), (4, Some("B")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn zones_of_the_system_are_filled_and_nothing_else() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        for name in ["BlockedIpZone", "DefaultExemptIpZone", "LegacyIpZone"] {
            let zone = staff.system_zone(name).await;
            let path = format!("{ZONES}/{}", zone["id"].as_str().unwrap());
            let mut body = zone.clone();
            body["gateways"] = json!([{ "type": "RANGE", "value": "203.0.113.9" }]);
            body["useAsExemptList"] = true.into();
            let filled = staff.zones(Method::PUT, &path, body.clone()).await.expect(200).json();
            assert_eq!((&filled["gateways"], &filled["system"]), (&body["gateways"], &json!(true)));
            for (member, value) in
                [("name", "Mine"), ("usage", if name == "BlockedIpZone" { "POLICY" } else { "BLOCKLIST" })]
            {
                let mut other = body.clone();
                other[member] = value.into();
                staff.zones(Method::PUT, &path, other).await.refused(400, "E0000001");
            }
            staff
                .zones(Method::POST, &format!("{path}/lifecycle/deactivate"), Value::Null)
                .await
                .refused(400, "E0000001");
            staff.zones(Method::DELETE, &path, Value::Null).await.refused(400, "E0000001");
        }
        let mut body = staff.system_zone("DefaultExemptIpZone").await;
        body["useAsExemptList"] = false.into();
        let path = format!("{ZONES}/{}", body["id"].as_str().unwrap());
        staff.zones(Method::PUT, &path, body).await.refused(400, "E0000001");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_stays_while_something_speaks_of_it() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let mut body = office("Office");
        body["proxies"] = Value::Null;
        let made = staff.made(body.clone()).await;
        let (id, path) =
            (made["id"].as_str().unwrap().parse().unwrap(), format!("{ZONES}/{}", made["id"].as_str().unwrap()));
        let store = &staff.app.scratch.store;
        let restricted = json!({ "name": "night run", "network": { "connection": "ZONE", "include": [id] } });
        let night = staff.with("night", &[Role::ReadOnly]).await;
        let list = staff.app.get("/api/v1/api-tokens", &staff.root.token).await.expect(200).json();
        let own = list.as_array().unwrap().iter().find(|token| token["userId"] == night.id.as_str());
        let token = format!("/api/v1/api-tokens/{}", own.unwrap()["id"].as_str().unwrap());
        staff.zones(Method::PUT, &token, restricted).await.expect(200);
        let policy = json!({ "type": "OKTA_SIGN_ON", "name": "Watch" });
        let policy = staff.app.post("/api/v1/policies", &staff.root.token, &policy).await.expect(200).json();
        let policy = format!("/api/v1/policies/{}", policy["id"].as_str().unwrap());
        let rule = json!({ "type": "SIGN_ON", "name": "in", "conditions": { "network": { "connection": "ZONE", "include": [id] } },
            "actions": { "signon": { "access": "ALLOW" } } });
        staff.app.post(&format!("{policy}/rules"), &staff.root.token, &rule).await.expect(200);
        for is_policy in [true, false] {
            staff.zones(Method::DELETE, &path, Value::Null).await.refused(400, "E0000001");
            body["usage"] = "BLOCKLIST".into();
            staff.zones(Method::PUT, &path, body.clone()).await.refused(400, "E0000001");
            if is_policy {
                staff.zones(Method::DELETE, &policy, Value::Null).await.expect(204);
            } else {
                let free = json!({ "name": "night run", "network": { "connection": "ANYWHERE" } });
                staff.zones(Method::PUT, &token, free).await.expect(200);
            }
        }
        let found = store.read(staff.org, |tx| tx.zones_containing("192.0.2.200".parse().unwrap())).await.unwrap();
        assert_eq!(found, [id]);
        staff.zones(Method::PUT, &path, body).await.expect(200);
        let found = store.read(staff.org, |tx| tx.zones_containing("192.0.2.200".parse().unwrap())).await.unwrap();
        assert_eq!(found, [], "a blocklist is no zone of a policy");
        staff.zones(Method::DELETE, &path, Value::Null).await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organisations_zones_are_not_there() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let elsewhere = founded(&staff.app, "Elsewhere").await;
        let zones = staff.app.scratch.store.read(elsewhere, |tx| tx.zones()).await.unwrap();
        let (path, token) = (format!("{ZONES}/{}", zones[0].id), &staff.root.token);
        for (method, path) in [
            (Method::GET, path.clone()),
            (Method::PUT, path.clone()),
            (Method::DELETE, path.clone()),
            (Method::POST, format!("{path}/lifecycle/activate")),
            (Method::POST, format!("{path}/lifecycle/deactivate")),
        ] {
            staff.app.call(method, &path, token, &office("Mine")).await.refused(404, "E0000007");
        }
        let stranger = member(&staff.app, elsewhere, "stranger", &[Role::Super]).await;
        staff.app.get(ZONES, &stranger.token).await.refused(401, "E0000011");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_address_is_refused_everywhere_by_every_server() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let second = staff.app.second_server();
        let (token, path) = (staff.root.token.clone(), "/api/v1/users/me");
        let request = |peer| From { peer, forwarded: &[], token: &token }.request(Method::GET, path, &Value::Null);
        for peer in ["203.0.113.5", "::ffff:203.0.113.5", "2001:db8::1"] {
            staff.app.send(request(peer)).await.expect(200);
            Answer::of(&second, request(peer)).await.expect(200);
        }
        let zone = staff.made(blocked("Bad", "203.0.113.0/24")).await;
        for peer in ["203.0.113.5", "::ffff:203.0.113.5"] {
            staff.app.send(request(peer)).await.refused(403, "E0000006");
        }
        staff.app.send(request("2001:db8::1")).await.expect(200);
        for path in ["/signin", "/admin", "/static/style.css", "/nowhere", "/device-access/api/v1/enroll"] {
            let answer = staff.from("203.0.113.5", &[], path, "").await;
            assert_eq!(answer.status, 403, "{path}");
        }
        assert!(staff.from("203.0.113.5", &[], "/signin", "").await.text().contains("blocked"), "a page says why");
        Answer::of(&second, request("203.0.113.5")).await.expect(200);
        staff.app.world.advance_seconds(5);
        Answer::of(&second, request("203.0.113.5")).await.refused(403, "E0000006");

        let mut exempt = staff.system_zone("DefaultExemptIpZone").await;
        exempt["gateways"] = json!([{ "type": "RANGE", "value": "203.0.113.5" }]);
        exempt["useAsExemptList"] = true.into();
        let exempt_path = format!("{ZONES}/{}", exempt["id"].as_str().unwrap());
        staff.zones(Method::PUT, &exempt_path, exempt).await.expect(200);
        staff.app.send(request("203.0.113.5")).await.expect(200);
        staff.app.send(request("203.0.113.6")).await.refused(403, "E0000006");
        let path = format!("{ZONES}/{}/lifecycle/deactivate", zone["id"].as_str().unwrap());
        staff.zones(Method::POST, &path, Value::Null).await.expect(200);
        staff.app.send(request("203.0.113.6")).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_shuts_themselves_out() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let (peer, token) = ("203.0.113.5", staff.root.token.as_str());
        let call = async |method, path: &str, body: Value| {
            staff.app.world.advance_seconds(1);
            staff.app.send(From { peer, forwarded: &[], token }.request(method, path, &body)).await
        };
        let answer = call(Method::POST, ZONES, blocked("Bad", "203.0.113.0/24")).await;
        answer.refused(403, "E0000006");
        assert!(answer.text().contains("the address that you come from"), "{}", answer.text());
        let refusal = staff.app.get("/api/v1/logs?sortOrder=DESCENDING&limit=1", token).await.json()[0].clone();
        assert_eq!(
            (&refusal["eventType"], &refusal["outcome"]["reason"]),
            (&json!("zone.create"), &json!("own_address"))
        );

        // Neither by a detour.
        let mut sleeping = blocked("Bad", "203.0.113.0/24");
        sleeping["status"] = "INACTIVE".into();
        let made = call(Method::POST, ZONES, sleeping.clone()).await.expect(200).json();
        let path = format!("{ZONES}/{}", made["id"].as_str().unwrap());
        call(Method::POST, &format!("{path}/lifecycle/activate"), Value::Null).await.refused(403, "E0000006");
        sleeping["status"] = "ACTIVE".into();
        call(Method::PUT, &path, sleeping).await.refused(403, "E0000006");
        let mut policy = blocked("Office", "203.0.113.0/24");
        policy["usage"] = "POLICY".into();
        let made = call(Method::POST, ZONES, policy.clone()).await.expect(200).json();
        policy["usage"] = "BLOCKLIST".into();
        call(Method::PUT, &format!("{ZONES}/{}", made["id"].as_str().unwrap()), policy).await.refused(403, "E0000006");
        let mut own = staff.system_zone("BlockedIpZone").await;
        own["gateways"] = json!([{ "type": "CIDR", "value": "0.0.0.0/0" }]);
        let own_path = format!("{ZONES}/{}", own["id"].as_str().unwrap());
        call(Method::PUT, &own_path, own.clone()).await.refused(403, "E0000006");

        // Who is exempt may, and may then not leave the exemption.
        let mut exempt = staff.system_zone("DefaultExemptIpZone").await;
        exempt["gateways"] = json!([{ "type": "RANGE", "value": "203.0.113.5" }]);
        exempt["useAsExemptList"] = true.into();
        let exempt_path = format!("{ZONES}/{}", exempt["id"].as_str().unwrap());
        call(Method::PUT, &exempt_path, exempt.clone()).await.expect(200);
        call(Method::PUT, &own_path, own).await.expect(200);
        exempt["gateways"] = json!([]);
        call(Method::PUT, &exempt_path, exempt).await.refused(403, "E0000006");
        call(Method::GET, "/api/v1/users/me", Value::Null).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_believed_a_stranger_is_not() {
    for engine in scratch::engines() {
        let config = Config { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..Config::default() };
        let staff = Staff::at(TestApp::configured(engine, config).await).await;
        staff.made(office("Office")).await;
        let nobody = staff.with("nobody", &[]).await;
        // A refusal of somebody without a role is on record with where it came from.
        let chain = async |peer: &str, forwarded: &[&str]| {
            staff.app.world.advance_seconds(1);
            staff.from(peer, forwarded, ZONES, &nobody.token).await.refused(403, "E0000006");
            staff.newest_chain().await
        };
        assert_eq!(chain("203.0.113.5", &["198.51.100.99"]).await, ["203.0.113.5"], "a stranger's word");
        assert_eq!(chain("10.0.0.1", &["203.0.113.5"]).await, ["203.0.113.5", "10.0.0.1"], "of postern.toml");
        assert_eq!(chain("198.51.100.7", &["203.0.113.5"]).await, ["203.0.113.5", "198.51.100.7"], "of a zone");
        let through_both = chain("10.0.0.1", &["192.0.2.66, 203.0.113.5, 198.51.100.7"]).await;
        assert_eq!(through_both, ["203.0.113.5", "198.51.100.7", "10.0.0.1"]);
        assert_eq!(chain("10.0.0.1", &["unknown"]).await, ["10.0.0.1"]);
        // A gateway's word is taken from whoever has an API token.
        assert_eq!(chain("192.0.2.9", &["203.0.113.5"]).await, ["203.0.113.5", "192.0.2.9"]);
        assert_eq!(chain("10.0.0.1", &["203.0.113.5, 192.0.2.9"]).await, ["203.0.113.5", "192.0.2.9", "10.0.0.1"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_behind_a_gateway_cannot_say_to_be_elsewhere() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        staff.made(office("Office")).await;
        staff.made(blocked("Bad", "203.0.113.0/24")).await;
        // Without a token a gateway is an address like any other: its word neither shuts out nor lets in.
        assert_eq!(staff.from("192.0.2.9", &["203.0.113.5"], "/signin", "").await.status, 200);
        assert_eq!(staff.from("203.0.113.5", &["192.0.2.9"], "/signin", "").await.status, 403);
        let made_up = format!("00{}", "x".repeat(40));
        staff.from("203.0.113.5", &["192.0.2.9"], "/api/v1/users/me", &made_up).await.refused(403, "E0000006");
        staff.from("192.0.2.9", &["203.0.113.5"], "/api/v1/users/me", &made_up).await.refused(401, "E0000011");
        // A program with a token speaks for whom it names.
        staff.from("192.0.2.9", &["203.0.113.5"], "/api/v1/users/me", &staff.root.token).await.refused(403, "E0000006");
        // An inactive zone is no gateway.
        let zones = staff.app.get(&format!("{ZONES}?filter=name+eq+%22Office%22"), &staff.root.token).await.json();
        let path = format!("{ZONES}/{}/lifecycle/deactivate", zones[0]["id"].as_str().unwrap());
        staff.zones(Method::POST, &path, Value::Null).await.expect(200);
        staff.from("192.0.2.9", &["203.0.113.5"], "/api/v1/users/me", &staff.root.token).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_used_from_its_zones_alone_and_they_stay_while_it_lives() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let boss = staff.with("boss", &[Role::Org]).await;
        let zone = staff.made(office("Office")).await;
        let path = format!("{ZONES}/{}", zone["id"].as_str().unwrap());
        let tokens = staff.app.get("/api/v1/api-tokens", &staff.root.token).await.expect(200).json();
        let own = tokens.as_array().unwrap().iter().find(|token| token["userId"] == boss.id.as_str()).unwrap();
        let own = format!("/api/v1/api-tokens/{}", own["id"].as_str().unwrap());
        let change = async |network: Value| {
            let body = json!({ "name": "journey", "network": network });
            staff.app.call(Method::PUT, &own, &staff.root.token, &body).await
        };
        let (inside, outside) = ("192.0.2.200", "203.0.113.9");
        let (me, token) = ("/api/v1/users/me", &boss.token);
        for (network, let_in, kept_out) in [
            (json!({ "connection": "ZONE", "include": [zone["id"]] }), inside, outside),
            (json!({ "connection": "ZONE", "exclude": [zone["id"]] }), outside, inside),
        ] {
            change(network).await.expect(200);
            staff.from(let_in, &[], me, token).await.expect(200);
            staff.from(kept_out, &[], me, token).await.refused(403, "E0000006");
            // Whose word is not taken about others says nothing by it.
            staff.from(kept_out, &[let_in], me, token).await.refused(403, "E0000006");
            staff.zones(Method::DELETE, &path, Value::Null).await.refused(400, "E0000001");
        }
        let event = "/api/v1/logs?limit=1&filter=eventType+eq+%22system.api_token.request_outside_allowed_range%22";
        let event = staff.app.get(event, &staff.root.token).await.expect(200).json()[0].clone();
        assert_eq!(event["outcome"]["result"], "FAILURE");
        change(json!({ "connection": "ZONE", "include": ["nzo00000000000000000"] })).await.refused(400, "E0000001");
        staff.app.call(Method::DELETE, &own, &staff.root.token, &Value::Null).await.expect(204);
        staff.zones(Method::DELETE, &path, Value::Null).await.expect(204);
    }
}
