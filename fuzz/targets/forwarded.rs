//! `X-Forwarded-For`: whatever a client writes, it is believed only as far as trusted proxies wrote it.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use postern_authn::network::path;

fuzz_target!(|text: &str| {
    let peer = IpAddr::from([192, 0, 2, 1]);
    let trusted = |address: IpAddr| matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 192);
    let found = path(peer, text.lines(), trusted);
    assert!(found.proxies.len() <= 16);
    assert!(found.proxies.iter().all(|proxy| trusted(*proxy)), "{found:?}");
    // What a stranger writes before the entries of the trusted proxies changes nothing.
    if !trusted(found.client) {
        let more = format!("198.51.100.9, {text}");
        let first = text.lines().next().is_some_and(|line| !line.is_empty());
        assert!(!first || path(peer, more.lines(), trusted) == found, "{text:?}");
    }
    assert_eq!(path(peer, text.lines(), |_| false).client, peer);
});
