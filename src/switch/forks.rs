//! A call that rings at devices of both kinds: telephones want one offer, browsers another (RFC 8827), so it has two dialogs and two
//! media legs, of which the centre knows one. The first that answers takes the call, the other stops ringing (RFC 3261 16.7). When the
//! browser wins, its media leg goes on under the name that the centre knows.

use std::collections::BTreeMap;

use super::legs::{Legs, OutgoingCall};
use crate::{
    domain::{call::EndCause, centre::CentreInput},
    protocol::{
        media::{MediaNotice, MediaOrder, Source},
        sdp::AudioTerms,
        sip::SipTarget,
    },
    types::{LegId, Now, Rng},
};

/// Calls that ring at both kinds.
#[derive(Debug, Default)]
pub(super) struct Forks {
    /// By the leg that the centre knows.
    ringing: BTreeMap<LegId, Fork>,
    /// The same by the browsers' leg.
    by_twin: BTreeMap<LegId, LegId>,
    /// What the media workers call a leg whose browser has won.
    media: BTreeMap<LegId, LegId>,
    /// The other way.
    legs: BTreeMap<LegId, LegId>,
}

#[derive(Debug)]
struct Fork {
    /// The browsers' leg.
    twin: LegId,
    /// Whether the centre has heard of ringing.
    has_rung: bool,
    /// Why the first kind to give up did.
    failed: Option<EndCause>,
}

impl Forks {
    /// The other leg of a call that rings at both kinds: they are one no more.
    pub(super) fn part(&mut self, leg: LegId) -> Option<LegId> {
        let fork = self.ringing.remove(&leg)?;
        self.by_twin.remove(&fork.twin);
        Some(fork.twin)
    }

    /// The order in the media workers' names.
    pub(super) fn by_media(&mut self, mut order: MediaOrder) -> MediaOrder {
        if self.media.is_empty() {
            return order;
        }
        if let MediaOrder::Hear { sources, .. } = &mut order {
            for source in sources {
                if let Source::Leg(leg) = source {
                    *leg = self.media.get(leg).copied().unwrap_or(*leg);
                }
            }
        }
        let is_last = matches!(order, MediaOrder::Close { .. });
        let Some(leg) = order.leg_mut() else { return order };
        if let Some(media) = self.media.get(leg).copied() {
            if is_last {
                self.media.remove(leg);
                self.legs.remove(&media);
            }
            *leg = media;
        }
        order
    }

    /// The centre's name of a leg of the media workers.
    pub(super) fn leg_of(&self, media: LegId) -> LegId {
        self.legs.get(&media).copied().unwrap_or(media)
    }

    /// The notice in the centre's names.
    pub(super) fn by_leg(&self, mut notice: MediaNotice) -> MediaNotice {
        let leg = notice.leg_mut();
        *leg = self.legs.get(leg).copied().unwrap_or(*leg);
        notice
    }
}

impl Legs {
    /// Calls an account whose devices are of both kinds.
    pub(super) fn call_both(&mut self, leg: LegId, call: OutgoingCall, terms: AudioTerms, now: Now, rng: &mut Rng) {
        let Some(account) = call.target.account().cloned() else { return self.call(leg, call, terms, now) };
        let twin = LegId::mint(now.wall, rng);
        let devices = |in_browsers| SipTarget::Devices { account: account.clone(), in_browsers };
        let to_browsers = OutgoingCall { target: devices(true), ..call.clone() };
        self.call(leg, OutgoingCall { target: devices(false), ..call }, terms, now);
        self.call_web(twin, to_browsers, now);
        self.forks.ringing.insert(leg, Fork { twin, has_rung: false, failed: None });
        self.forks.by_twin.insert(twin, leg);
    }

    /// The leg by which the centre knows this one.
    pub(super) fn known_as(&self, leg: LegId) -> LegId {
        self.forks.by_twin.get(&leg).copied().unwrap_or(leg)
    }

    /// What the centre shall hear of a leg: of two that ring for one call, only what concerns both.
    pub(super) fn of_fork(&mut self, input: CentreInput) -> Option<CentreInput> {
        let subject = match &input {
            CentreInput::LegRinging { leg }
            | CentreInput::LegEarlyMedia { leg }
            | CentreInput::LegAnswered { leg }
            | CentreInput::LegFailed { leg, .. }
            | CentreInput::LegEnded { leg, .. }
            | CentreInput::LegAudio { leg, .. } => *leg,
            _ => return Some(input),
        };
        let leg = self.known_as(subject);
        let Some(fork) = self.forks.ringing.get_mut(&leg) else { return Some(input) };
        let is_twin = subject == fork.twin;
        match input {
            CentreInput::LegRinging { .. } => {
                let is_first = !std::mem::replace(&mut fork.has_rung, true);
                is_first.then_some(CentreInput::LegRinging { leg })
            }
            CentreInput::LegAnswered { .. } => {
                let other = self.forks.part(leg);
                if is_twin {
                    self.hang_up(leg, 480, true);
                    self.take_over(subject, leg);
                } else if let Some(twin) = other {
                    self.hang_up(twin, 480, true);
                }
                Some(CentreInput::LegAnswered { leg })
            }
            CentreInput::LegFailed { cause, .. } => match fork.failed {
                None => {
                    fork.failed = Some(cause);
                    None
                }
                Some(first) => {
                    self.forks.part(leg);
                    Some(CentreInput::LegFailed { leg, cause: telling(first, cause) })
                }
            },
            CentreInput::LegEnded { .. } => self.of_fork(CentreInput::LegFailed { leg: subject, cause: EndCause::Lost }),
            // Nothing is heard of either before the answer.
            _ => None,
        }
    }

    /// A device refused: a 6xx speaks for the person, whatever else rings (RFC 3261 16.7). The leg of which the centre is to hear.
    pub(super) fn refused(&mut self, leg: LegId, status: u16) -> LegId {
        let known = self.known_as(leg);
        if status < 600 {
            return leg;
        }
        let Some(twin) = self.forks.part(known) else { return leg };
        self.hang_up_alone(if leg == known { twin } else { known }, 480, false);
        known
    }

    /// The browsers' leg goes on as the one that the centre knows.
    fn take_over(&mut self, twin: LegId, leg: LegId) {
        self.forks.media.insert(leg, twin);
        self.forks.legs.insert(twin, leg);
        self.rename(twin, leg);
    }
}

/// Of two refusals the one that says more: a person's no, then busy.
fn telling(first: EndCause, second: EndCause) -> EndCause {
    let weight = |cause| match cause {
        EndCause::Refused => 3,
        EndCause::Busy => 2,
        EndCause::NoAnswer => 1,
        _ => 0,
    };
    if weight(first) > weight(second) { first } else { second }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::centre::{Heard, PhoneEffect},
        protocol::sip::{Devices, DialogId, SipNotice, SipOrder},
        switch::legs::Said,
        types::{CallContext, IpFamily, PerFamily},
    };

    const WEB: &str = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n";
    const PLAIN: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

    struct Desk {
        legs: Legs,
        rng: Rng,
        now: Now,
        leg: LegId,
        twin: LegId,
        telephone: DialogId,
        browser: DialogId,
    }

    impl Desk {
        /// An account with a telephone and a browser is called, and both have their INVITE.
        fn calling() -> Self {
            let (mut legs, mut rng, now) = (Legs::new(), Rng::seeded(1), Now::default());
            let leg = LegId::mint(now.wall, &mut rng);
            let context = CallContext::default();
            let call =
                PhoneEffect::CallPhone { leg, account: "101".into(), caller: None, caller_name: None, ring_secs: 20, context };
            legs.carry_out(call, &|_| Devices::Both, now, &mut rng);
            let orders: Vec<Said> = std::iter::from_fn(|| legs.poll()).collect();
            let [Said::Media(MediaOrder::Open { leg: own, .. }), Said::Media(MediaOrder::OfferBrowser { leg: twin })] =
                orders[..]
            else {
                panic!("{orders:?}")
            };
            assert_eq!(own, leg);
            legs.hear_media(
                MediaNotice::Opened {
                    leg,
                    locals: PerFamily::One("198.51.100.5:20000".parse().unwrap()),
                    keys: crate::switch::stories::keys(),
                },
                now,
                &mut rng,
            );
            legs.hear_media(MediaNotice::BrowserOffered { leg: twin, offer: WEB.into() }, now, &mut rng);
            let said: Vec<Said> = std::iter::from_fn(|| legs.poll()).collect();
            let invited = |in_browsers: bool| {
                said.iter().find_map(|said| match said {
                    Said::Sip(SipOrder::Invite { dialog, target, offer, .. })
                        if *target == (SipTarget::Devices { account: "101".into(), in_browsers }) =>
                    {
                        assert_eq!(offer.secure.of(IpFamily::V4).contains("SAVPF"), in_browsers);
                        Some(*dialog)
                    }
                    _ => None,
                })
            };
            let (telephone, browser) = (invited(false).expect("the telephone"), invited(true).expect("the browser"));
            Self { legs, rng, now, leg, twin, telephone, browser }
        }

        fn sip(&mut self, notice: SipNotice) -> Vec<Said> {
            self.legs.hear_sip(notice, self.now, &mut self.rng);
            self.said()
        }

        fn said(&mut self) -> Vec<Said> {
            std::iter::from_fn(|| self.legs.poll()).collect()
        }

        fn answered(&mut self, dialog: DialogId, answer: &str) -> Vec<Said> {
            self.sip(SipNotice::Answered {
                dialog,
                answer: answer.into(),
                signalled_from: [192, 0, 2, 9].into(),
                is_secure: false,
            })
        }

        fn is_cancelled(&self, said: &[Said], dialog: DialogId) -> bool {
            let cancel = SipOrder::Cancel { dialog, is_answered_elsewhere: true };
            said.iter().any(|said| matches!(said, Said::Sip(order) if *order == cancel))
        }

        fn ends_clean(&mut self, dialog: DialogId) {
            let said = self.sip(SipNotice::Ended { dialog, is_lost: false });
            assert!(matches!(said.last(), Some(Said::Centre(CentreInput::LegEnded { leg, .. })) if *leg == self.leg));
            assert!(self.legs.is_empty() && self.legs.forks.media.is_empty() && self.legs.forks.legs.is_empty());
            assert!(self.legs.forks.ringing.is_empty() && self.legs.forks.by_twin.is_empty());
        }
    }

    #[test]
    fn both_kinds_ring_and_the_browser_that_answers_goes_on_under_the_leg_that_the_centre_knows() {
        let mut desk = Desk::calling();
        let rung = desk.sip(SipNotice::Ringing { dialog: desk.browser, answer: None, is_secure: false });
        assert!(matches!(rung[..], [Said::Centre(CentreInput::LegRinging { leg })] if leg == desk.leg), "{rung:?}");
        assert!(
            desk.sip(SipNotice::Ringing { dialog: desk.telephone, answer: None, is_secure: false }).is_empty(),
            "told once"
        );
        let said = desk.answered(desk.browser, WEB);
        assert!(desk.is_cancelled(&said, desk.telephone), "{said:?}");
        assert!(matches!(said.last(), Some(Said::Centre(CentreInput::LegAnswered { leg })) if *leg == desk.leg), "{said:?}");
        let (leg, twin) = (desk.leg, desk.twin);
        let hear = PhoneEffect::Hear { leg, heard: vec![Heard::Leg(leg)] };
        desk.legs.carry_out(hear, &|_| Devices::Both, desk.now, &mut desk.rng);
        let said = desk.said();
        let [Said::Media(MediaOrder::Hear { leg: named, sources })] = said.as_slice() else { panic!("{said:?}") };
        assert_eq!((*named, sources.as_slice()), (twin, &[Source::Leg(twin)][..]));
        desk.legs.hear_media(MediaNotice::Digit { leg: twin, digit: '5' }, desk.now, &mut desk.rng);
        let said = desk.said();
        assert!(matches!(said[..], [Said::Centre(CentreInput::Digit { leg: of, digit: '5' })] if of == leg), "{said:?}");
        desk.ends_clean(desk.browser);
    }

    #[test]
    fn the_telephone_that_answers_stops_the_browsers_ringing() {
        let mut desk = Desk::calling();
        let said = desk.answered(desk.telephone, PLAIN);
        assert!(desk.is_cancelled(&said, desk.browser), "{said:?}");
        assert!(matches!(said.last(), Some(Said::Centre(CentreInput::LegAnswered { leg })) if *leg == desk.leg));
        desk.ends_clean(desk.telephone);
    }

    #[test]
    fn one_kind_that_fails_leaves_the_other_ringing_and_the_last_says_why() {
        for browser_first in [false, true] {
            let mut desk = Desk::calling();
            let (first, second) = if browser_first { (desk.browser, desk.telephone) } else { (desk.telephone, desk.browser) };
            let said = desk.sip(SipNotice::Failed { dialog: first, status: 486 });
            assert!(!said.iter().any(|said| matches!(said, Said::Centre(_))), "{said:?}");
            let said = desk.sip(SipNotice::Failed { dialog: second, status: 480 });
            let Some(Said::Centre(CentreInput::LegFailed { leg, cause: EndCause::Busy })) = said.last() else {
                panic!("{said:?}")
            };
            assert_eq!(*leg, desk.leg);
            assert!(desk.legs.is_empty() && desk.legs.forks.ringing.is_empty() && desk.legs.forks.by_twin.is_empty());
        }
    }

    #[test]
    fn a_person_who_declines_at_one_kind_is_not_rung_at_the_other() {
        for is_browser in [false, true] {
            let mut desk = Desk::calling();
            let (first, second) = if is_browser { (desk.browser, desk.telephone) } else { (desk.telephone, desk.browser) };
            let said = desk.sip(SipNotice::Failed { dialog: first, status: 603 });
            let is_stopped = |said: &Said| matches!(said, Said::Sip(SipOrder::Cancel { dialog, .. }) if *dialog == second);
            assert!(said.iter().any(is_stopped), "{said:?}");
            let Some(Said::Centre(CentreInput::LegFailed { leg, cause: EndCause::Refused })) = said.last() else {
                panic!("{said:?}")
            };
            assert_eq!(*leg, desk.leg);
            assert!(desk.legs.is_empty() && desk.legs.forks.ringing.is_empty() && desk.legs.forks.by_twin.is_empty());
        }
    }

    #[test]
    fn a_telephone_whose_port_does_not_open_in_time_leaves_the_browser_ringing() {
        let (mut legs, mut rng, now) = (Legs::new(), Rng::seeded(1), Now::default());
        let leg = LegId::mint(now.wall, &mut rng);
        let context = CallContext::default();
        let call =
            PhoneEffect::CallPhone { leg, account: "101".into(), caller: None, caller_name: None, ring_secs: 20, context };
        legs.carry_out(call, &|_| Devices::Both, now, &mut rng);
        let twin = legs.forks.ringing[&leg].twin;
        legs.hear_media(MediaNotice::BrowserOffered { leg: twin, offer: WEB.into() }, now, &mut rng);
        while legs.poll().is_some() {}
        let later = now.plus_millis(10_000);
        legs.timeout(later);
        let said: Vec<Said> = std::iter::from_fn(|| legs.poll()).collect();
        assert!(matches!(said[..], [Said::Media(MediaOrder::Close { leg: closed })] if closed == leg), "{said:?}");
        assert!(legs.forks.ringing.contains_key(&leg));
    }

    #[test]
    fn a_browser_answers_after_the_telephone_has_failed() {
        let mut desk = Desk::calling();
        desk.sip(SipNotice::Failed { dialog: desk.telephone, status: 486 });
        let said = desk.answered(desk.browser, WEB);
        assert!(matches!(said.last(), Some(Said::Centre(CentreInput::LegAnswered { leg })) if *leg == desk.leg), "{said:?}");
        desk.ends_clean(desk.browser);
    }

    #[test]
    fn giving_up_when_the_telephone_has_failed_stops_the_browser() {
        let mut desk = Desk::calling();
        desk.sip(SipNotice::Failed { dialog: desk.telephone, status: 486 });
        desk.legs.carry_out(PhoneEffect::HangUp { leg: desk.leg }, &|_| Devices::Both, desk.now, &mut desk.rng);
        let said = desk.said();
        assert!(said.iter().any(|said| matches!(said, Said::Sip(SipOrder::Cancel { dialog, .. }) if *dialog == desk.browser)));
        assert!(desk.legs.is_empty() && desk.legs.forks.ringing.is_empty() && desk.legs.forks.by_twin.is_empty());
    }

    #[test]
    fn giving_up_stops_both() {
        let mut desk = Desk::calling();
        let cancel = PhoneEffect::Cancel { leg: desk.leg, is_answered_elsewhere: false };
        desk.legs.carry_out(cancel, &|_| Devices::Both, desk.now, &mut desk.rng);
        let said = desk.said();
        let cancelled = said.iter().filter(|said| matches!(said, Said::Sip(SipOrder::Cancel { .. }))).count();
        assert_eq!(cancelled, 2, "{said:?}");
        assert!(desk.legs.is_empty() && desk.legs.forks.ringing.is_empty() && desk.legs.forks.by_twin.is_empty());
    }
}
