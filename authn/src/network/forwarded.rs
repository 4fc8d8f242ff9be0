//! Whose address a request really comes from, behind proxies that add to `X-Forwarded-For`.
//!
//! Each proxy appends the address that it was called from. So the list is read from its right end, which the nearest proxy
//! wrote, as long as whoever wrote an entry is trusted; the first address that is not a trusted proxy's is the client, and
//! what stands left of it, anybody may have written: it is never looked at. RFC 7239 `Forwarded` says the same in another
//! form and is not read at all: where both were, the one that a proxy does not know would be the client's own to write.

use std::net::IpAddr;

use super::canonical;

/// How many proxies a request may come through. Longer chains are nobody's honest set-up.
pub const MAX_HOPS: usize = 16;

/// The way of a request: the client, then the proxies it came through, the nearest last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Where it comes from.
    pub client: IpAddr,
    /// Through whom, in order; empty where the client called us itself.
    pub proxies: Vec<IpAddr>,
}

/// The way of a request from `peer` that carries these `X-Forwarded-For` lines. Where a trusted proxy wrote what is no
/// address, or the chain is too long, the peer's own address counts.
pub fn path<'h>(
    peer: IpAddr,
    lines: impl DoubleEndedIterator<Item = &'h str>,
    trusts: impl Fn(IpAddr) -> bool,
) -> Path {
    let peer = canonical(peer);
    let mut way = vec![peer];
    let entries = lines.rev().flat_map(|line| line.rsplit(','));
    for entry in entries {
        let nearest = way.last().copied().unwrap_or(peer);
        if !trusts(nearest) {
            break;
        }
        let Some(address) = address(entry) else { return Path { client: peer, proxies: Vec::new() } };
        if way.len() > MAX_HOPS {
            return Path { client: peer, proxies: Vec::new() };
        }
        way.push(address);
    }
    let client = way.pop().unwrap_or(peer);
    way.reverse();
    Path { client, proxies: way }
}

/// An address, as proxies write it: alone, or with the port of the connection.
fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim_matches([' ', '\t']);
    if let Ok(address) = entry.parse() {
        return Some(canonical(address));
    }
    let with_port = entry.parse::<std::net::SocketAddr>().map(|address| address.ip());
    let in_brackets = || entry.strip_prefix('[')?.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().ok();
    with_port.ok().or_else(|| in_brackets().map(IpAddr::V6)).map(canonical)
}
