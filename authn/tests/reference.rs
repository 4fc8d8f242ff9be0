//! The pages of the reference that derive from the lists of this crate. `cargo xtask generate` has these tests write them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use postern_authn::audit::EventType;
use postern_authn::factor::{Category, Kind};
use postern_authn::limit::Limit;
use postern_authn::limit::requests::{BUCKETS, RequestLimit};
use postern_authn::permission::{Permission, Role};

#[test]
fn the_page_of_events_is_fresh() {
    let mut page = String::from(
        "# Events of the record\n\nEvery change and every refusal writes its event in the transaction that makes it. \
         `GET /api/v1/logs`, and Reports in the\nconsole, read them. The severity is that of a success; a failure is at \
         least a warning.\n\n| `eventType` | says | severity |\n| --- | --- | --- |\n",
    );
    let mut events = EventType::ALL.to_vec();
    events.sort_by_key(|event| event.as_str());
    for event in events {
        let severity = format!("{:?}", event.severity()).to_uppercase();
        writeln!(page, "| `{event}` | {} | {severity} |", event.message()).expect("a string takes everything");
    }
    assert_page("events.md", &page);
}

#[test]
fn the_page_of_factors_is_fresh() {
    let mut page = String::from(
        "# Factors\n\nEvery type of factor. An organisation allows each provider or not: \
         `POST /api/v1/org/factors/NAME/lifecycle/activate`\nand `.../deactivate`; `LIST` says what a new one does not \
         allow, and why.\n\n| `factorType` | what it is | provider: name | proves | against false pages | bound to a \
         device | without a network | comes by |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n",
    )
    .replace("`LIST` says", "the list below says");
    let yes = |is: bool| if is { "yes" } else { "no" };
    for kind in Kind::ALL {
        let (factor, traits) = (kind.factor(), kind.factor().traits());
        let providers: Vec<_> = factor
            .providers()
            .iter()
            .map(|own| {
                let name = if own.org_factor.is_empty() {
                    "not in the API".to_owned()
                } else {
                    format!("`{}`", own.org_factor)
                };
                format!("{}: {name}", own.name)
            })
            .collect();
        let proves = match (traits.category, traits.verifies_user) {
            (Category::Possession, true) => {
                "something held and, where the device makes sure of its owner, something else"
            }
            (Category::Possession, false) => "something held",
            (Category::Knowledge, _) => "something known",
            (Category::Inherence, _) => "who one is",
            (Category::Vouched, _) => "that somebody vouched",
        };
        let channel = factor.channel().map_or("", |channel| channel.as_str());
        writeln!(
            page,
            "| `{kind}` | {} | {} | {proves} | {} | {} | {} | {channel} |",
            factor.label(),
            providers.join(", "),
            yes(traits.is_phishing_resistant),
            yes(traits.is_device_bound),
            yes(traits.works_offline),
        )
        .expect("a string takes everything");
    }
    page.push_str("\n## Not allowed in a new organisation\n\n| name | why |\n| --- | --- |\n");
    for (_, provider) in postern_authn::factor::org_factors() {
        if let Some(why) = provider.off_because {
            writeln!(page, "| `{}` | {why} |", provider.org_factor).expect("a string takes everything");
        }
    }
    assert_page("factors.md", &page);
}

#[test]
fn the_page_of_limits_is_fresh() {
    let mut page = String::from(
        "# Limits\n\nCounted in the database, whatever the session, route or server. An organisation sets other counts \
         with\n`PUT /device-access/api/v1/limits`; the time stays.\n\n| limit | count | in | what a refusal says |\n\
         | --- | --- | --- | --- |\n",
    );
    for limit in Limit::ALL {
        let allowance = limit.default_allowance();
        let span = match allowance.window.as_secs() {
            86_400 => "a day".to_owned(),
            3600 => "an hour".to_owned(),
            60 => "a minute".to_owned(),
            seconds @ ..60 => format!("{seconds} seconds"),
            seconds => format!("{} minutes", seconds / 60),
        };
        writeln!(page, "| `{}` | {} | {span} | {} |", limit.name(), allowance.count, limit.message())
            .expect("a string takes everything");
    }
    page.push_str(
        "\n## Requests\n\nCounted in each server's memory, in windows of a minute that begin with the first request; set in the same \
         place. One API token\nmay use up half of a part of the API unless `/api/v1/principal-rate-limits` says otherwise. \
         Where a burst is, five times as\nmuch is served before anybody is refused.\n\n| limit | count | of what |\n\
         | --- | --- | --- |\n",
    );
    for bucket in BUCKETS {
        let path = if bucket.path.is_empty() { "everything else".to_owned() } else { format!("`{}`", bucket.path) };
        let method = bucket.method.map(|method| format!("{method} ")).unwrap_or_default();
        let burst = if bucket.burst > 1 { ", with a burst" } else { "" };
        writeln!(page, "| `{}` | {} | {method}{path}{burst} |", bucket.name, bucket.count)
            .expect("a string takes everything");
    }
    for limit in RequestLimit::ALL {
        let meaning = limit.meaning().trim_end_matches('.');
        writeln!(page, "| `{}` | {} | {meaning} |", limit.name(), limit.count()).expect("a string takes everything");
    }
    assert_page("limits.md", &page);
}

#[test]
fn the_page_of_permissions_is_fresh() {
    let roles = row(|role| format!(" `{role}` |"));
    let divider = row(|_| " --- |".to_owned());
    let mut page = format!(
        "# Permissions and standard roles\n\n`okta.devices.manage` includes issuing recovery PINs unless the organisation \
         switches that off.\n\n| permission | lets |{roles}\n| --- | --- |{divider}\n"
    );
    for permission in Permission::ALL {
        let has = |role: &Role| if role.permissions().contains(permission) { " yes |" } else { " |" }.to_owned();
        writeln!(page, "| `{permission}` | {} |{}", permission.meaning().trim_end_matches('.'), row(has))
            .expect("a string takes everything");
    }
    assert_page("permissions.md", &page);
}

/// One cell a role.
fn row(cell: impl Fn(&Role) -> String) -> String {
    Role::ALL.iter().map(cell).collect()
}

/// Compares a page with the committed one; with `UPDATE=1` writes it.
fn assert_page(name: &str, page: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference").join(name);
    let page = format!("<!-- Written by `cargo xtask generate`. -->\n{page}");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &page).expect("the page can be written");
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == page, "docs/reference/{name} is stale: run `cargo xtask generate`");
}
