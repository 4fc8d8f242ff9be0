//! What administrators set, changed by several of them in the same moment: nothing is lost, and whoever comes second is told.

use axum::http::Method;
use postern_store::scratch;
use serde_json::{Value, json};

use crate::accounts::join_all;
use crate::app::{Answer, TestApp};
use crate::browser::Browser;
use crate::people::organisation;
use crate::staff::Staff;

const ZONES: &str = "/api/v1/zones";

impl Staff {
    async fn at_once(&self, calls: &[(Method, &str, Value)]) -> Vec<u16> {
        let calls =
            calls.iter().map(|(method, path, body)| self.app.call(method.clone(), path, &self.root.token, body));
        let mut statuses: Vec<u16> = join_all(calls).await.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        statuses
    }

    async fn new_zone(&self, name: &str) -> String {
        let made = self.app.post(ZONES, &self.root.token, &zone(name)).await.expect(200).json();
        format!("{ZONES}/{}", made["id"].as_str().expect("an id"))
    }
}

fn zone(name: &str) -> Value {
    json!({ "type": "IP", "name": name, "gateways": [{ "type": "CIDR", "value": "192.0.2.0/24" }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_say_different_things_of_the_organisation_each_is_heard() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        let said = [
            ("companyName", "Harbour"),
            ("city", "Porto"),
            ("accentColor", "#7a3e9d"),
            ("supportPhoneNumber", "+49 30 123456"),
            ("phoneNumber", "+351 22 000"),
            ("website", "https://harbour.example"),
        ];
        let calls = said.map(|(name, text)| (Method::POST, "/api/v1/org", json!({ name: text })));
        assert_eq!(staff.at_once(&calls).await, [200; 6]);
        let org = staff.app.get("/api/v1/org", &staff.root.token).await.expect(200).json();
        for (name, text) in said {
            assert_eq!(org[name], text, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_do_the_same_to_a_zone_one_is_refused_and_none_meets_a_fault() {
    for engine in scratch::engines() {
        let staff = Staff::new(engine).await;
        for turn in 0..4 {
            let [one, other] =
                [staff.new_zone(&format!("One {turn}")).await, staff.new_zone(&format!("Two {turn}")).await];
            let same = zone(&format!("Same {turn}"));
            let renamed = [(Method::PUT, one.as_str(), same.clone()), (Method::PUT, other.as_str(), same)];
            assert_eq!(staff.at_once(&renamed).await, [200, 400]);
            let deactivate = format!("{one}/lifecycle/deactivate");
            staff.app.post(&deactivate, &staff.root.token, &Value::Null).await.expect(200);
            let deleted = [(Method::DELETE, one.as_str(), Value::Null), (Method::DELETE, one.as_str(), Value::Null)];
            assert_eq!(staff.at_once(&deleted).await, [204, 404]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_save_one_form_in_the_same_moment_one_is_shown_what_the_other_saved() {
    for engine in scratch::engines() {
        let app = TestApp::new(engine).await;
        let ada = organisation(&app).await;
        let mut first = Browser::of(&app, &ada).await;
        let fields = [("name", "Office"), ("usage", "POLICY"), ("gateways", "192.0.2.0/24"), ("proxies", "")];
        let page = first.submit("/admin/security/networks/new", &fields).await.leads_to().to_owned();
        let mut browsers = Vec::new();
        for _ in 0..4 {
            // No code of an app is taken twice.
            app.world.advance_seconds(30);
            let mut browser = Browser::of(&app, &ada).await;
            let version = browser.open(&page).await.expect(200).hidden("version");
            browsers.push((browser, version));
        }
        let saves = browsers.iter_mut().enumerate().map(|(number, (browser, version))| {
            let name = format!("Office {number}");
            let page = page.clone();
            async move {
                let fields = [
                    ("name", name.as_str()),
                    ("usage", "POLICY"),
                    ("gateways", "192.0.2.0/24"),
                    ("proxies", ""),
                    ("was-name", "Office"),
                    ("was-gateways", "192.0.2.0/24"),
                    ("was-proxies", ""),
                    ("version", version.as_str()),
                ];
                browser.submit(&page, &fields).await
            }
        });
        let mut statuses: Vec<u16> =
            join_all(saves).await.iter().map(|answer: &Answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 412, 412, 412]);
    }
}
