//! Changes of contracts, methods and parameters.

use super::types::{Point, PointWithZ};
use super::*;

fn changed(old: Contract, new: Contract, changes: &[(&str, &str, Breaks)]) {
    let (old, new) = (old.done(), new.done());
    assert_eq!(found(&compat(&old, &new), "Rule"), expected(changes));
    let back = compat(&new, &old);
    let breaks = expected(changes).into_iter().fold(NOBODY, |all, (.., breaks)| all.and(breaks));
    assert_eq!(Breaks { guests: back.breaks_guests(), hosts: back.breaks_hosts() }, breaks.swapped());
}

fn get(contract: Contract) -> Contract {
    contract.method::<u8>("get")
}

#[test]
fn methods_of_a_guest() {
    let old = || get(Contract::guest());
    changed(old(), old().method::<()>("set"), &[(".set", "method added", GUESTS)]);
    changed(old(), old().method::<()>("set").optional(), &[(".set", "optional method added", NOBODY)]);
    changed(old().method::<()>("set"), old(), &[(".set", "method removed", HOSTS)]);
    changed(old().method::<()>("set").optional(), old(), &[(".set", "optional method removed", NOBODY)]);
    changed(old().optional(), old(), &[(".get", "method became required", GUESTS)]);
    changed(old(), old().optional(), &[(".get", "method became optional", HOSTS)]);
}

#[test]
fn methods_of_the_host() {
    let old = || get(Contract::host());
    changed(old(), old().method::<()>("set"), &[(".set", "method added", HOSTS)]);
    changed(old(), old().method::<()>("set").optional(), &[(".set", "optional method added", HOSTS)]);
    changed(old().method::<()>("set"), old(), &[(".set", "method removed", GUESTS)]);
    changed(old(), old().optional(), &[]);
}

#[test]
fn methods_that_become_asynchronous() {
    let became = "method became asynchronous";
    let guest = || get(Contract::guest());
    changed(guest(), guest().asynchronous(), &[(".get", became, HOSTS)]);
    changed(guest().asynchronous(), guest(), &[(".get", "method became synchronous", GUESTS)]);
    let host = || get(Contract::host());
    changed(host(), host().asynchronous(), &[(".get", became, BOTH)]);
    changed(host().asynchronous(), host(), &[(".get", "method became synchronous", BOTH)]);
    let both = || get(Contract::new(true, true));
    changed(both(), both().asynchronous(), &[(".get", became, BOTH)]);
    changed(host().asynchronous(), host().asynchronous(), &[]);
    for contract in [guest, host, both] {
        assert_ne!(fingerprint(&contract().done()), fingerprint(&contract().asynchronous().done()));
    }
}

#[test]
fn methods_that_take_a_signal() {
    let guest = || get(Contract::guest()).asynchronous();
    changed(guest(), guest().cancellable(), &[(".get", "signal added", HOSTS)]);
    changed(guest().cancellable(), guest(), &[(".get", "signal removed", GUESTS)]);
    let host = || get(Contract::host()).asynchronous();
    changed(host(), host().cancellable(), &[(".get", "signal added", NOBODY)]);
    changed(host().cancellable(), host(), &[(".get", "signal removed", NOBODY)]);
    for contract in [guest, host] {
        assert_ne!(fingerprint(&contract().done()), fingerprint(&contract().cancellable().done()));
    }
}

#[test]
fn the_order_of_methods_is_no_change() {
    let old = Contract::guest().method::<u8>("a").method::<String>("b");
    changed(old, Contract::guest().method::<String>("b").method::<u8>("a"), &[]);
}

#[test]
fn parameters_of_a_guests_method() {
    let old = || get(Contract::guest()).param::<u8>("a");
    changed(
        old(),
        get(Contract::guest()).param::<u8>("b"),
        &[(".get → a", "parameter renamed to `b`", NOBODY)],
    );
    changed(old(), old().param::<u8>("b"), &[(".get → b", "parameter added", HOSTS)]);
    changed(old(), old().param::<Option<Point>>("b"), &[(".get → b", "parameter added", NOBODY)]);
    changed(old(), get(Contract::guest()), &[(".get → a", "parameter removed", GUESTS)]);
}

#[test]
fn parameters_of_the_hosts_method() {
    let old = || get(Contract::host()).param::<u8>("a");
    changed(old(), old().param::<u8>("b"), &[(".get → b", "parameter added", GUESTS)]);
    changed(old(), old().param::<Option<u8>>("b"), &[(".get → b", "parameter added", NOBODY)]);
    changed(old(), old().param::<()>("b"), &[(".get → b", "parameter added", NOBODY)]);
    changed(old(), get(Contract::host()), &[(".get → a", "parameter removed", HOSTS)]);
    changed(old().param::<Option<u8>>("b"), old(), &[(".get → b", "parameter removed", NOBODY)]);
}

#[test]
fn values_have_the_direction_of_who_implements_the_contract() {
    let contract = |of: fn() -> Contract, wide: bool| match wide {
        false => of().method::<u8>("get").param::<Point>("at"),
        true => of().method::<u16>("get").param::<PointWithZ>("at"),
    };
    let changes = |param, result| {
        [(".get → at.z", "required property added", param), (".get → result", "uint8 became uint16", result)]
    };
    let change = |of: fn() -> Contract, changes: [_; 2]| {
        changed(contract(of, false), contract(of, true), &changes);
    };
    change(Contract::guest, changes(HOSTS, HOSTS));
    change(Contract::host, changes(GUESTS, GUESTS));
    change(|| Contract::new(true, true), changes(BOTH, BOTH));
}

#[test]
fn a_new_name_is_another_global() {
    for (of, breaks) in [(Contract::guest as fn() -> Contract, NOBODY), (Contract::host, BOTH)] {
        let old = get(of()).done();
        let compatibility = compat(&old, &get(of()).named("Rule2").done());
        assert_eq!(found(&compatibility, "Rule"), expected(&[("", "contract renamed to `Rule2`", breaks)]));
    }
}

#[test]
fn who_implements_the_contract() {
    let both = || get(Contract::new(true, true));
    changed(both(), get(Contract::guest()), &[("", "the host can no longer implement it", GUESTS)]);
    changed(both(), get(Contract::host()), &[("", "guests can no longer implement it", HOSTS)]);
    changed(both().optional(), get(Contract::host()), &[("", "guests can no longer implement it", NOBODY)]);
    changed(get(Contract::guest()), both(), &[("", "the host can now implement it", HOSTS)]);
    changed(
        get(Contract::guest()),
        get(Contract::host()),
        &[("", "guests can no longer implement it", HOSTS), ("", "the host can now implement it", HOSTS)],
    );
}

#[test]
fn changes_are_shown_one_a_line() {
    let compatibility = compat(&to_guest::<Point>(), &to_guest::<PointWithZ>());
    let line = "Rule.run → value.z: required property added (breaks hosts)\n";
    assert_eq!(compatibility.to_string(), line);
    assert_eq!(Compatibility::default().to_string(), "");
}
