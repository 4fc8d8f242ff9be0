//! Samples of the screens of networks, limits, tokens and settings of security.

use super::*;
use crate::api::org::{Fact, Wrong};

/// The screens, each in the states that look different.
pub fn screens() -> Vec<(&'static str, String)> {
    let token = tokens::Row {
        token: Link::new("Ticket system", "#"),
        grants: "Makes recovery PINs".into(),
        owner: Link::new("Ada Byron", "/admin/people/00u1"),
        network: "Only from Office.".into(),
        created: days_ago(30),
        last_used: Some(ago(4000)),
        expires: in_an_hour(),
    };
    let features = features::Features {
        shell: shell(Place::Features),
        notice: None,
        features: vec![features::Feature {
            name: "Desktop MFA recovery".into(),
            about: "A help desk can let a person without their factor into their own computer for a while, with a PIN."
                .into(),
            is_on: true,
            action: Some("#".into()),
        }],
    };
    vec![
        ("limits", drawn(&limits_page(false))),
        ("limits-edit", drawn(&limits_page(true))),
        ("organisation", drawn(&organisation_page(false))),
        ("organisation-edit", drawn(&organisation_page(true))),
        ("networks", drawn(&networks_page())),
        ("network", drawn(&network_page())),
        ("origins", drawn(&origins_page())),
        ("origin", drawn(&origin_page())),
        ("features", drawn(&features)),
        ("security", drawn(&security(false))),
        ("security-edit", drawn(&security(true))),
        (
            "tokens",
            drawn(&tokens::Tokens {
                shell: shell(Place::Tokens),
                filters: Filters::new(tokens::ADDRESS),
                heads: Heads::new().plain("Token".into()).plain("Acts as".into()),
                rows: vec![token],
                empty: Empty { title: "Nothing".into(), next: "Make one.".into(), act: None },
                pages: pages(),
                new: Some(token_new::ADDRESS),
            }),
        ),
        ("form", drawn(&form())),
        (
            "token-made",
            drawn(&token_new::Made {
                shell: shell(Place::Tokens),
                token: Link::new("Ticket system", "#"),
                once: Once { label: "Token".into(), secret: Secret::new("00aBcDeFgHiJkLm".into()) },
            }),
        ),
        (
            "token",
            drawn(&token::Token {
                shell: shell(Place::Tokens),
                name: "Ticket system".into(),
                owner: Link::new("Ada Byron", "/admin/people/00u1"),
                roles: "Super administrator".into(),
                last_used: Some(ago(4000)),
                expires: in_an_hour(),
                share: Some("30 % of the requests of a limit.".into()),
                set_share: Some("#".into()),
                facts: Facts { facts: vec![("Network".into(), "Anywhere".into())] },
                edit: Some("#".into()),
                revoke: Some("#".into()),
                recent: Some(record()),
            }),
        ),
    ]
}

pub fn organisation_page(is_editing: bool) -> organisation::Organisation {
    let text = |fact: Fact| match fact {
        Fact::CompanyName => "Harbour Lights".to_owned(),
        Fact::SupportPhoneNumber => "+49 30 123456".to_owned(),
        Fact::Language => "de".to_owned(),
        Fact::AccentColor => "#ffcc00".to_owned(),
        _ => String::new(),
    };
    let faint = "#ffcc00".parse::<accent::Colour>().unwrap().judge(accent::Mode::Light).unwrap_err();
    let wrong = if is_editing { vec![(Fact::AccentColor, Wrong::Faint(faint))] } else { Vec::new() };
    let blocks = organisation::blocks(text, &wrong);
    organisation::Organisation {
        shell: shell(Place::Organisation),
        notice: None,
        before: Vec::new(),
        summary: Summary::of(blocks.iter().flat_map(|block| &block.fields)),
        blocks,
        accent: accent::Accent::of("#7a3e9d".parse().ok(), None),
        may_edit: true,
        is_editing,
    }
}

pub fn limits_page(is_editing: bool) -> limits::Limits {
    let field = Field::new("sign_in", "Sign-in attempts in a name", Kind::Number(1, 10_000)).optional();
    limits::Limits {
        shell: shell(Place::Limits),
        notice: None,
        summary: None,
        before: Vec::new(),
        groups: vec![limits::Group {
            heading: "Actions".into(),
            about: "Counted for a person.".into(),
            rows: vec![limits::Row {
                field: field.hint("20 in 60 seconds."),
                present: "30, in place of 20".into(),
                events: Link::new("See its refusals", "#"),
            }],
        }],
        shares: (!is_editing).then(|| limits::Shares {
            rest: "50 % of the requests of a limit, as every token.".into(),
            rows: vec![(Link::new("Ticket system", "#"), "30 % of the requests of a limit.".into())],
            pages: Pages { next: None, ..pages() },
        }),
        may_edit: true,
        is_editing,
    }
}

pub fn networks_page() -> networks::Zones {
    networks::Zones {
        shell: shell(Place::Networks),
        tabs: part::Tabs {
            label: "Networks".into(),
            tabs: vec![part::Tab { label: "Network zones".into(), href: "#".into(), is_current: true }],
        },
        here: "You come from 192.0.2.7.".into(),
        here_in: vec![Link::new("Office", "#")],
        filters: Filters::new("/admin/security/networks"),
        rows: vec![networks::ZoneRow {
            zone: Link::new("Office", "#"),
            usage: State::new(Tone::Plain, "Policies and tokens"),
            ranges: "192.0.2.0/24".into(),
            state: State::new(Tone::Good, "Active"),
            is_system: true,
        }],
        empty: Empty { title: "None".into(), next: "Make one.".into(), act: None },
        pages: pages(),
        may_create: true,
    }
}

pub fn network_page() -> networks::Sheet {
    let fields = vec![
        Field::new("name", "Name", Kind::Text).holding("Office"),
        Field::new("gateways", "Addresses", Kind::Lines).holding("192.0.2.0/24").refused("No address: moon"),
    ];
    networks::Sheet {
        shell: shell(Place::Networks),
        crumbs: vec![Link::new("Networks", "#")],
        title: "Office".into(),
        lead: "Ranges of addresses under a name.".into(),
        state: Some(State::new(Tone::Good, "Active")),
        notice: Some(meanwhile::notice()),
        summary: part::Summary::of(&fields),
        action: "#".into(),
        back: "#".into(),
        before: vec![("version".into(), "1".into())],
        fields,
        ticks: None,
        may_edit: true,
        uses: Some(vec![Link::new("Crew", "#")]),
        acts: vec![act("Deactivate Office", true)],
        delete: Some(Link::new("Delete Office", "#")),
    }
}

pub fn origins_page() -> networks::Origins {
    networks::Origins {
        shell: shell(Place::Networks),
        tabs: part::Tabs { label: "Networks".into(), tabs: Vec::new() },
        filters: Filters::new("/admin/security/networks/origins"),
        rows: vec![networks::OriginRow {
            name: Link::new("App", "#"),
            origin: "https://app.example.com".into(),
            scopes: "Call the API".into(),
            state: State::new(Tone::Good, "Active"),
        }],
        empty: Empty { title: "None".into(), next: "Trust one.".into(), act: None },
        pages: pages(),
        may_create: true,
    }
}

pub fn origin_page() -> networks::Sheet {
    let tick = part::Tick { value: "CORS".into(), label: "Call the API".into(), about: None, is_on: true };
    networks::Sheet {
        crumbs: vec![Link::new("Networks", "#"), Link::new("Trusted origins", "#")],
        title: "App".into(),
        lead: "Web pages of others.".into(),
        state: None,
        notice: None,
        summary: None,
        fields: vec![Field::new("name", "Name", Kind::Text).holding("App")],
        ticks: Some(part::Ticks::new("scope", "What it may do".into(), vec![tick])),
        uses: None,
        acts: vec![act("Trust App no longer", true)],
        delete: Some(Link::new("Delete App", "#")),
        ..network_page()
    }
}

pub fn security(is_editing: bool) -> security::Security {
    let switch = || Kind::Choice(vec![("true".into(), "Enabled".into()), ("false".into(), "Disabled".into())]);
    security::Security {
        shell: shell(Place::SecurityGeneral),
        notice: None,
        may_edit: true,
        is_editing,
        blocks: vec![
            security::Block {
                heading: "Device access".into(),
                about: "What computers of this organisation may do when a factor is gone.".into(),
                fields: vec![
                    Field::new("desktopMFARecoveryPinEnabled", "Desktop MFA recovery PIN", switch()).holding("true"),
                    Field::new("desktopMFAEnforceNumberMatchingChallengeEnabled", "Number matching", switch())
                        .holding("false")
                        .hint("A push at the desktop asks for the number on its screen."),
                ],
            },
            security::Block {
                heading: "Device settings".into(),
                about: "Sent to every computer, signed.".into(),
                fields: vec![
                    Field::new("DeviceRecoveryPINDuration", "DeviceRecoveryPINDuration", Kind::Number(1, 7200))
                        .holding("60")
                        .hint("Minutes that a PIN keeps working after its first use."),
                    Field::new("AdminPhone", "AdminPhone", Kind::Text)
                        .optional()
                        .hint("Shown behind \"Contact admin\"."),
                ],
            },
        ],
    }
}

pub fn form() -> FormPage {
    let tick = |value: &str, is_on| Tick { value: value.into(), label: "A zone".into(), about: None, is_on };
    FormPage {
        shell: shell(Place::Tokens),
        list: Link::new("API tokens", "#"),
        title: "Make a token".into(),
        lead: "It is shown once.".into(),
        notice: None,
        action: "#".into(),
        kept: vec![("version".into(), "1".into())],
        asked: vec![
            Asked::Field(token_new::name_field("").refused("Write a name.")),
            Asked::Ticks(Ticks::new("include", "Zones".into(), vec![tick("one", true), tick("two", false)])),
        ],
        save: "Make the token".into(),
        back: "#".into(),
    }
}
