//! Subscriptions over a restart: what is written down, and that the dialog goes on as if nothing had been.

use std::sync::Arc;

use super::{
    subscriptions::{Phone, WATCHER, header},
    world::{US, World, access, address},
};
use crate::protocol::sip::{DialogElement, DialogState, Ha1, SipOrder, SubscriptionSnapshot, Transport};

/// What is written down now, as it is read again.
fn written(world: &mut World) -> Vec<SubscriptionSnapshot> {
    let endpoint = &mut world.sides[US].endpoint;
    let kept = endpoint.take_changed_subscriptions().into_iter().filter_map(|tag| endpoint.subscription_snapshot(tag));
    kept.map(|kept| serde_json::from_str(&serde_json::to_string(&kept).expect("JSON")).expect("as it was written")).collect()
}

/// Another process, a moment later.
fn restarted(before: &World, kept: Vec<SubscriptionSnapshot>, change: impl Fn(&mut World)) -> World {
    let mut after = World::new(77);
    after.now = before.now.plus_millis(1_500);
    change(&mut after);
    after.sides[US].endpoint.take_up_subscriptions(kept, after.now);
    after.collect();
    after.run(100);
    after
}

#[test]
fn a_watcher_is_told_all_anew_in_its_old_dialog_and_may_go_on_with_it() {
    let mut world = World::new(1);
    let mut watcher = Phone::new(WATCHER, "101");
    let ok = watcher.subscribe(&mut world, "102", "dialog;id=7", 600, "");
    let session = header(&ok, "Session-ID:").to_owned();
    assert!(!session.starts_with("00000000") && session.ends_with(";remote=00000000000000000000000000000000"), "{session}");
    let told = watcher.notified(&mut world, "200 OK");
    let before = told.last().expect("a NOTIFY");
    assert_eq!(header(before, "Session-ID:"), session, "RFC 7989: a name of our own");
    world.run(200_000);
    let kept = written(&mut world);
    assert_eq!(kept.len(), 1);
    assert!(!world.sides[US].endpoint.has_changed_subscriptions());

    let mut world = restarted(&world, kept, |_| {});
    let told = watcher.notified(&mut world, "200 OK");
    let [after] = told.as_slice() else { panic!("{told:?}") };
    for name in ["From:", "To:", "Call-ID:", "Session-ID:", "Event:", "Contact:"] {
        assert_eq!(header(after, name), header(before, name), "{after}");
    }
    let number = |notify: &str| header(notify, "CSeq:").trim_end_matches(" NOTIFY").parse::<u32>().expect("a number");
    assert!(number(after) > number(before) + 16, "{after}");
    assert!(after.contains("version=\"33\" state=\"full\" entity=\"sip:102@centre\""), "{after}");
    assert_eq!(header(after, "Subscription-State:"), "active;expires=399");

    // The telephone goes on with it as it always did, and so does another restart.
    let tag = format!(";{}", header(before, "From:").split_once(';').expect("our tag").1);
    let ok = watcher.subscribe(&mut world, "102", "dialog;id=7", 300, &tag);
    assert!(ok.starts_with("SIP/2.0 200"), "{ok}");
    assert_eq!(watcher.notified(&mut world, "200 OK").len(), 1);
    let kept = written(&mut world);
    let mut world = restarted(&world, kept, |_| {});
    assert_eq!(watcher.notified(&mut world, "481 Gone").len(), 1);
    assert!(written(&mut world).is_empty());
    world.assert_empty();
}

#[test]
fn what_may_not_go_on_is_not_taken_up() {
    let mut world = World::new(1);
    let mut watcher = Phone::new(WATCHER, "101");
    watcher.subscribe(&mut world, "102", "dialog", 600, "");
    watcher.notified(&mut world, "200 OK");
    let kept = written(&mut world);
    type Change = fn(&mut World);
    let cases: [(&str, Change); 3] = [
        ("another password", |world| {
            let mut other = access(address("10.0.0.2:5060"), Transport::Udp);
            other.phones.get_mut("101").expect("a phone").secret = Some(Ha1::new("101", "centre", "new"));
            world.sides[US].endpoint.set_access(Arc::new(other));
        }),
        ("nobody to watch", |world| {
            let mut other = access(address("10.0.0.2:5060"), Transport::Udp);
            other.phones.remove("102");
            world.sides[US].endpoint.set_access(Arc::new(other));
        }),
        ("too late", |world| world.now.mono = world.now.mono + 600_000),
    ];
    for (why, change) in cases {
        let mut after = restarted(&world, kept.clone(), change);
        assert!(after.stray.is_empty(), "{why}: {:?}", after.stray);
        let endpoint = &mut after.sides[US].endpoint;
        let tags = endpoint.take_changed_subscriptions();
        assert_eq!(tags.len(), 1, "{why}: what is no longer true is noted");
        assert!(tags.into_iter().all(|tag| endpoint.subscription_snapshot(tag).is_none()), "{why}");
        assert_eq!(endpoint.stats().subscriptions, 0);
    }
}

#[test]
fn each_new_number_is_not_written_down_but_the_last_is_never_far() {
    let mut world = World::new(1);
    let mut watcher = Phone::new(WATCHER, "101");
    watcher.subscribe(&mut world, "102", "dialog", 600, "");
    watcher.notified(&mut world, "200 OK");
    assert_eq!(written(&mut world).len(), 1);
    let mut times = 0;
    for _ in 0..40 {
        let names = Vec::from([DialogElement {
            id: format!("x{}", world.now.mono.as_millis()).into(),
            names: None,
            is_initiator: false,
            state: DialogState::Confirmed,
        }]);
        world.order(US, SipOrder::Publish { account: "102".into(), elements: names });
        world.run(1_100);
        assert_eq!(watcher.notified(&mut world, "200 OK").len(), 1);
        times += written(&mut world).len();
    }
    assert_eq!(times, 2, "every sixteenth");
}
