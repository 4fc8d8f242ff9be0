use proptest::prelude::*;

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn parsed(text: &str) -> AddressRange {
    text.parse().unwrap()
}

#[test]
fn a_range_holds_its_ends_and_what_lies_between() {
    for (range, inside, outside) in [
        (
            "192.0.2.0/24",
            &["192.0.2.0", "192.0.2.255", "::ffff:192.0.2.7"][..],
            &["192.0.1.255", "192.0.3.0", "::c000:207"][..],
        ),
        ("192.0.2.7/24", &["192.0.2.0", "192.0.2.255"], &["192.0.3.0"]),
        ("192.0.2.7/32", &["192.0.2.7"], &["192.0.2.6", "192.0.2.8"]),
        ("0.0.0.0/0", &["0.0.0.0", "255.255.255.255"], &["::1", "2001:db8::1"]),
        ("192.0.2.1-192.0.2.9", &["192.0.2.1", "192.0.2.9"], &["192.0.2.0", "192.0.2.10"]),
        ("192.0.2.1", &["192.0.2.1"], &["192.0.2.2"]),
        ("2001:db8::/32", &["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"], &["2001:db9::", "192.0.2.1"]),
        ("2001:db8::1/128", &["2001:db8::1"], &["2001:db8::2"]),
        ("::/0", &["::", "2001:db8::1"], &["192.0.2.1", "::ffff:192.0.2.1"]),
        ("2001:db8::1-2001:db8::9", &["2001:db8::5"], &["2001:db8::a"]),
        ("::ffff:192.0.2.0/120", &["192.0.2.200"], &["192.0.3.0", "::1"]),
        ("::ffff:192.0.2.1-192.0.2.3", &["192.0.2.2"], &["192.0.2.4"]),
    ] {
        let range = parsed(range);
        for address in inside {
            assert!(range.contains(ip(address)), "{address} in {range}");
        }
        for address in outside {
            assert!(!range.contains(ip(address)), "{address} not in {range}");
        }
    }
}

#[test]
fn what_is_no_range_is_refused_by_name() {
    for (form, wrong) in [
        (RangeForm::Cidr, "192.0.2.0"),
        (RangeForm::Cidr, "192.0.2.0/33"),
        (RangeForm::Cidr, "192.0.2.0/-1"),
        (RangeForm::Cidr, "192.0.2.0/+8"),
        (RangeForm::Cidr, "192.0.2.0/"),
        (RangeForm::Cidr, "192.0.2/24"),
        (RangeForm::Cidr, "192.0.2.0/24/8"),
        (RangeForm::Cidr, "2001:db8::/129"),
        (RangeForm::Cidr, "example.com/24"),
        (RangeForm::Cidr, ""),
        (RangeForm::Range, "192.0.2.9-192.0.2.1"),
        (RangeForm::Range, "192.0.2.1-2001:db8::1"),
        (RangeForm::Range, "::-::ffff:192.0.2.1"),
        (RangeForm::Range, "192.0.2.1-"),
        (RangeForm::Range, "192.0.2.0/24"),
        (RangeForm::Range, "192.0.02.1"),
        (RangeForm::Range, "fe80::1%eth0"),
        (RangeForm::Range, "*"),
    ] {
        let refused = AddressRange::parse(form, wrong).unwrap_err().to_string();
        assert!(refused.contains(&format!("`{wrong}`")), "{refused}");
    }
}

#[test]
fn a_range_is_kept_as_it_was_written() {
    let range: AddressRange = serde_json::from_str(r#"{"type":"CIDR","value":" 192.0.2.7/24 "}"#).unwrap();
    assert_eq!(serde_json::to_string(&range).unwrap(), r#"{"type":"CIDR","value":"192.0.2.7/24"}"#);
}

#[test]
fn the_first_address_from_the_right_that_is_no_proxy_is_the_client() {
    let trusted: Ranges = [parsed("10.0.0.0/8"), parsed("2001:db8:ff::/48")].iter().collect();
    let client = |peer: &str, lines: &[&str]| {
        path(ip(peer), lines.iter().copied(), |hop| trusted.contains(hop)).client.to_string()
    };
    for (peer, lines, wanted) in [
        // Nobody asked a stranger.
        ("203.0.113.5", &[][..], "203.0.113.5"),
        ("203.0.113.5", &["198.51.100.1"], "203.0.113.5"),
        ("203.0.113.5", &["10.0.0.1, 198.51.100.1"], "203.0.113.5"),
        // One proxy, several, several lines.
        ("10.0.0.1", &[], "10.0.0.1"),
        ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", &["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", &["198.51.100.1", "10.0.0.3,10.0.0.2"], "198.51.100.1"),
        ("2001:db8:ff::1", &["2001:db8::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
        // Whatever the client wrote itself stands left of what the proxy wrote.
        ("10.0.0.1", &["192.0.2.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", &["10.0.0.9, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", &["garbage, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", &["garbage", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", &[",,,\u{7f}\u{e9}, 198.51.100.1"], "198.51.100.1"),
        // Proxies write ports, and IPv6 in brackets.
        ("10.0.0.1", &["198.51.100.1:52011"], "198.51.100.1"),
        ("10.0.0.1", &["[2001:db8::7]:52011"], "2001:db8::7"),
        ("10.0.0.1", &["[2001:db8::7]"], "2001:db8::7"),
        // A caller from within.
        ("10.0.0.1", &["10.0.0.7"], "10.0.0.7"),
        ("10.0.0.1", &["10.0.0.7, 10.0.0.2"], "10.0.0.7"),
        // A proxy that writes no address.
        ("10.0.0.1", &["unknown"], "10.0.0.1"),
        ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", &["198.51.100.1, "], "10.0.0.1"),
        ("10.0.0.1", &[""], "10.0.0.1"),
        ("10.0.0.1", &["for=198.51.100.1"], "10.0.0.1"),
        ("10.0.0.1", &["198.51.100.1;10.0.0.2"], "10.0.0.1"),
        ("10.0.0.1", &["0xc6336401"], "10.0.0.1"),
        ("10.0.0.1", &["3325256705"], "10.0.0.1"),
    ] {
        assert_eq!(client(peer, lines), wanted, "{peer} {lines:?}");
    }
}

#[test]
fn a_chain_is_bounded() {
    let chain = vec!["10.0.0.2"; 100_000].join(",");
    let way = path(ip("10.0.0.1"), std::iter::once(chain.as_str()), |_| true);
    assert_eq!(way, Path { client: ip("10.0.0.1"), proxies: Vec::new() });
    let chain = vec!["10.0.0.2"; forwarded::MAX_HOPS].join(",");
    let way = path(ip("10.0.0.1"), std::iter::once(chain.as_str()), |_| true);
    assert_eq!((way.client, way.proxies.len()), (ip("10.0.0.2"), forwarded::MAX_HOPS));
    assert_eq!(way.proxies.last(), Some(&ip("10.0.0.1")), "the nearest stands last");
}

#[test]
fn an_origin_is_what_a_browser_writes() {
    for (text, wanted) in [
        ("https://App.Example.com", "https://app.example.com"),
        ("https://app.example.com/", "https://app.example.com"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("http://app.example.com:443", "http://app.example.com:443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
        ("http://192.0.2.1", "http://192.0.2.1"),
        ("capacitor://localhost", "capacitor://localhost"),
    ] {
        assert_eq!(text.parse::<WebOrigin>().unwrap().as_str(), wanted);
    }
    for wrong in [
        "",
        "null",
        "*",
        "https://",
        "https://*",
        "https://*.example.com",
        "https://a.example/x",
        "https://a.example?x",
        "https://a.example#x",
        "https://u@a.example",
        "https://a.example:",
        "https://a.example:0",
        "https://a.example:065",
        "https://a.example:99999",
        "https://a..example",
        "https://a.example//",
        "javascript://a",
        "file://a",
        "https://a example",
        "https://a.example\n",
        "//a.example",
        "a.example",
        "https://[::1",
        "https://-a.example",
    ] {
        // Space around it is dropped like everywhere.
        assert!(wrong.trim() != wrong || wrong.parse::<WebOrigin>().is_err(), "{wrong:?}");
    }
}

#[test]
fn a_zone_holds_something_and_not_too_much() {
    let draft = |usage, gateways: usize, proxies: usize| {
        let some = |count| vec![parsed("192.0.2.1"); count];
        ZoneDraft::new("Office".parse().unwrap(), usage, some(gateways), some(proxies)).map(drop)
    };
    assert_eq!(draft(Usage::Policy, 150, 0), Ok(()));
    assert_eq!(draft(Usage::Policy, 0, 1), Ok(()));
    assert_eq!(draft(Usage::Policy, 0, 0), Err(BadZone::Nothing));
    assert_eq!(draft(Usage::Policy, 151, 0), Err(BadZone::TooMany("gateways", 150)));
    assert_eq!(draft(Usage::Blocklist, 1000, 0), Ok(()));
    assert_eq!(draft(Usage::Blocklist, 1, 1), Err(BadZone::BlockedProxies));
    assert!("x".repeat(128).parse::<ZoneName>().is_ok());
    for wrong in ["", " ", "a\nb", &"x".repeat(129)] {
        assert_eq!(wrong.parse::<ZoneName>(), Err(BadZone::Name), "{wrong:?}");
    }
}

fn any_v4() -> impl Strategy<Value = IpAddr> {
    // Few enough that ranges meet.
    (0u32..600).prop_map(|low| IpAddr::V4((0x0a00_0000 + low).into()))
}

fn any_address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any_v4(),
        (0u128..600).prop_map(|low| IpAddr::V6(((0x2001_0db8 << 96) + low).into())),
        any::<u128>().prop_map(|bits| IpAddr::V6(bits.into()))
    ]
}

fn any_range() -> impl Strategy<Value = AddressRange> {
    prop_oneof![
        (any_address(), 0u32..=32).prop_map(|(address, length)| {
            let length = if address.is_ipv4() { length } else { length * 4 };
            parsed(&format!("{address}/{length}"))
        }),
        (any_v4(), any_v4()).prop_map(|(one, other)| parsed(&format!("{}-{}", one.min(other), one.max(other)))),
    ]
}

proptest! {
    #[test]
    fn many_ranges_hold_what_one_of_them_holds(
        ranges in prop::collection::vec(any_range(), 0..20),
        address in any_address(),
    ) {
        let all: Ranges = ranges.iter().collect();
        prop_assert_eq!(all.contains(address), ranges.iter().any(|range| range.contains(address)));
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC*|[0-9a-f:./,\\[\\] -]{0,60}") {
        let _ = AddressRange::parse(RangeForm::Cidr, &text);
        let _ = AddressRange::parse(RangeForm::Range, &text);
        let _ = text.parse::<WebOrigin>();
        let _ = path(ip("10.0.0.1"), std::iter::once(text.as_str()), |_| true);
    }

    #[test]
    fn what_a_stranger_writes_changes_nothing(peer in any_address(), lines in prop::collection::vec("\\PC*|[0-9., ]{0,40}", 0..4)) {
        let way = path(peer, lines.iter().map(String::as_str), |_| false);
        prop_assert_eq!(way, Path { client: canonical(peer), proxies: Vec::new() });
    }

    #[test]
    fn what_stands_left_of_the_client_changes_nothing(
        client in any_v4(),
        written in prop::collection::vec("\\PC*|[0-9., ]{0,40}", 0..4),
        hops in 0usize..4,
    ) {
        // The client's own lines, then what the proxies appended to the last one.
        let proxy: IpAddr = ip("192.0.2.1");
        let mut lines = written;
        let mut appended = vec![client.to_string()];
        appended.extend(std::iter::repeat_n("192.0.2.2".to_owned(), hops));
        let appended = appended.join(", ");
        match lines.last_mut() {
            Some(last) => *last = format!("{last}, {appended}"),
            None => lines.push(appended),
        }
        let way = path(proxy, lines.iter().map(String::as_str), |hop| parsed("192.0.2.0/24").contains(hop));
        prop_assert_eq!(way.client, client);
        prop_assert_eq!(way.proxies.len(), hops + 1);
    }
}
