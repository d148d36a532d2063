//! Which addresses belong to the inner network: a URL that a user names must not reach what only the service can.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is anything but one of the public internet.
#[must_use]
pub fn is_inner(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_inner_v4(address),
        IpAddr::V6(address) => is_inner_v6(address),
    }
}

fn is_inner_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_loopback()
        || address.is_private()
        // Clouds answer for their metadata at one of these.
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        // Shared by the customers of a provider.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19))
}

fn is_inner_v6(address: Ipv6Addr) -> bool {
    if let Some(inside) = embedded(address) {
        return is_inner_v4(inside);
    }
    let first = address.segments()[0];
    // What is public lies in 2000::/3; of that, 2001:db8::/32 is for documentation and 2001::/23 for protocols.
    let is_global = first & 0xe000 == 0x2000;
    let second = address.segments()[1];
    !is_global || (first == 0x2001 && (second == 0x0db8 || second < 0x0200))
}

/// The IPv4 address that a translator would make of it.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(w, x, y, z)
    };
    match (a, b) {
        (0, 0) if c == 0 && d == 0 && e == 0 && f == 0xffff => Some(v4(g, h)),
        (0x0064, 0xff9b) if c == 0 && d == 0 && e == 0 && f == 0 => Some(v4(g, h)),
        (0x2002, high) => Some(v4(high, c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::is_inner;

    #[test]
    fn only_public_addresses_are_not_inner() {
        for inner in [
            "127.0.0.1",
            "127.255.1.2",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "0.0.0.0",
            "0.1.2.3",
            "192.0.0.8",
            "198.19.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(is_inner(inner.parse().unwrap()), "{inner}");
        }
        for public in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
            "2606:4700:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(!is_inner(public.parse().unwrap()), "{public}");
        }
    }
}
