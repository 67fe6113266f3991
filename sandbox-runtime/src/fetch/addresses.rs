//! The addresses of the public internet, and all others.
//!
//! The tables are those of IANA's registries of special-purpose addresses for IPv4 (RFC 6890 and its updates) and IPv6. An address
//! of IPv6 that carries one of IPv4 is public only if the address inside is. Beside them stands an address that a cloud has
//! taken out of its public ones, for a service of each machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The networks of IPv4 that are not public, by their first address and the length of their prefix.
const SPECIAL_V4: [(Ipv4Addr, u32); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Shared by the customers of a carrier. Some clouds have their metadata here.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local: the metadata of most clouds.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // Azure's agent of each machine: its settings and certificates, DNS and DHCP.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved and broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The networks inside of 2000::/3 that are not public. No address outside of 2000::/3 is.
const SPECIAL_V6: [(Ipv6Addr, u32); 5] = [
    // Assignments of the IETF: Teredo, benchmarks, ORCHID.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4 carries an address of IPv4. Relays for it are not in use any more (RFC 7526).
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether an address is one of the public internet.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    !SPECIAL_V4.iter().any(|(network, prefix)| (bits ^ u32::from(*network)) >> (32 - prefix) == 0)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Mapped addresses (::ffff:0:0/96) reach IPv4, and so does the translation of NAT64 (64:ff9b::/96).
    if let Some(inner) = address.to_ipv4_mapped().or_else(|| translated(address)) {
        return is_public_v4(inner);
    }
    let bits = u128::from(address);
    let is_in = |network: Ipv6Addr, prefix: u32| (bits ^ u128::from(network)) >> (128 - prefix) == 0;
    is_in(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)
        && !SPECIAL_V6.iter().any(|(network, prefix)| is_in(*network, *prefix))
}

/// The address of IPv4 inside of an address of NAT64's well-known prefix (RFC 6052).
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = address.segments() else { return None };
    Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().expect("it is there"))
    }

    #[test]
    fn public_addresses_are_public() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.216.34",
            "100.63.255.255",
            "100.128.0.0",
            "168.63.129.15",
            "168.63.129.17",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:4860:4860::8888",
            "2001:200::",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(public(address), "{address}");
        }
    }

    /// The first and the last address of each network, and what stands beside it, come from the tables themselves.
    #[test]
    fn the_first_and_the_last_address_of_a_special_network_are_not_public() {
        for (network, prefix) in SPECIAL_V4 {
            let last = Ipv4Addr::from(u32::from(network) | (u32::MAX.checked_shr(prefix).unwrap_or(0)));
            for address in [network, last] {
                assert!(!is_public(address.into()), "{address}");
                assert!(!is_public(address.to_ipv6_mapped().into()), "mapped {address}");
                let [a, b, c, d] = address.octets().map(u16::from);
                let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a << 8 | b, c << 8 | d);
                assert!(!is_public(nat64.into()), "translated {address}");
            }
        }
        for (network, prefix) in SPECIAL_V6 {
            let last = Ipv6Addr::from(u128::from(network) | (u128::MAX >> prefix));
            assert!(!is_public(network.into()) && !is_public(last.into()), "{network}");
        }
    }

    /// The services that clouds give each machine: who asks them gets credentials of the machine.
    #[test]
    fn the_metadata_of_clouds_is_not_public() {
        for (cloud, address) in [
            ("AWS, Azure, Google and most others", "169.254.169.254"),
            ("AWS", "fd00:ec2::254"),
            ("AWS, tasks of containers", "169.254.170.2"),
            ("AWS, identities of pods", "169.254.170.23"),
            ("AWS, identities of pods", "fd00:ec2::23"),
            ("AWS, names", "fd00:ec2::253"),
            ("Azure, the agent", "168.63.129.16"),
            ("Google", "fd20:ce::254"),
            ("Alibaba", "100.100.100.200"),
            ("Oracle", "192.0.0.192"),
            ("Oracle", "fd00:c1::a9fe:a9fe"),
            ("Tencent", "169.254.0.23"),
            ("Scaleway", "169.254.42.42"),
            ("Scaleway", "fd00:42::42"),
            ("Akamai", "fd00:a9fe:a9fe::1"),
            ("OpenStack", "fe80::a9fe:a9fe"),
            ("Rancher", "169.254.169.250"),
            ("names of nodes of Kubernetes", "169.254.20.10"),
        ] {
            assert!(!public(address), "{cloud}: {address}");
        }
    }

    #[test]
    fn other_addresses_are_not_public() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "100.100.100.200",
            "192.168.0.1",
            "172.31.255.255",
            "255.255.255.255",
            "224.0.0.1",
            "::",
            "::1",
            "::127.0.0.1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "100::1",
            "5f00::1",
            "4000::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }
}
