//! IPv4 and IPv6 in offer and answer: an offer is answered in its own family, and ours goes out in the family of each place that
//! it goes to, because a peer of one cannot send to an address of the other. Once somebody has answered the session is of one.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use super::{AudioTerms, Description, NoCommonMedia, SdpSession, offer_answer::chosen_address};
use crate::{
    protocol::media::RemoteMedia,
    types::{IpFamilies, IpFamily, OfFamily, PerFamily},
};

impl SdpSession {
    /// The family of the address at which audio arrives.
    pub fn family(&self) -> IpFamily {
        self.local.family()
    }

    /// The families to choose from in order to answer an offer on these terms; `None` when it cannot be answered at all. Answers nothing yet.
    pub fn families_for(offer: &Description, terms: &AudioTerms, ours: IpFamilies) -> Option<IpFamilies> {
        chosen_address(offer, terms, ours).map(|theirs| ours.prefer(theirs.family()))
    }

    /// Our offer as a peer of each family is to get it.
    pub fn offers(&mut self) -> PerFamily<Arc<str>> {
        let offer = self.offer().into();
        let Some(other) = self.other_local else { return PerFamily::One(offer) };
        PerFamily::Both { v4: offer, v6: self.twin_at(other).offer().into() }
    }

    /// The peer is one of the family that it last answered in, and over that kind of signalling, for good.
    pub fn settle(&mut self) {
        (self.other_local, self.said_otherwise) = (None, None);
    }

    /// Our answer to an offer of the other family, at the port that was opened for it. An error changes nothing.
    pub fn answer_at(&mut self, local: SocketAddr, offer: &Description) -> Result<(String, RemoteMedia), NoCommonMedia> {
        self.other_local = Some(local);
        let answered = self.answer(offer);
        self.settle();
        answered
    }

    pub(super) fn families(&self) -> IpFamilies {
        if self.other_local.is_some() { IpFamilies::Both } else { IpFamilies::Only(self.local.family()) }
    }

    /// Goes over to the family of an address of theirs.
    pub(super) fn follow(&mut self, theirs: IpAddr) {
        if let Some(other) = self.other_local.filter(|other| other.family() == theirs.family() && !theirs.is_unspecified()) {
            self.other_local = Some(std::mem::replace(&mut self.local, other));
        }
    }
}

/// Whether audio can go there from an address of ours. "Nowhere" is of any family (RFC 3264 8.4).
pub(super) fn is_reached(theirs: IpAddr, ours: IpFamilies) -> bool {
    theirs.is_unspecified() || ours.has(theirs.family())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> SdpSession {
        let (v4, v6) = ("198.51.100.5:20000".parse().unwrap(), "[2001:db8::5]:30000".parse().unwrap());
        SdpSession::new(77, PerFamily::Both { v4, v6 })
    }

    fn body(address: &str) -> Description {
        let text = format!("v=0\r\no=- 1 1 IN {address}\r\ns=-\r\nc=IN {address}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n");
        Description::parse(&text).unwrap()
    }

    #[test]
    fn an_offer_is_answered_in_its_own_family() {
        for (theirs, ours) in [("IP4 192.0.2.7", "IP4 198.51.100.5"), ("IP6 2001:db8::7", "IP6 2001:db8::5")] {
            let (answer, agreed) = session().answer(&body(theirs)).unwrap();
            assert!(answer.contains(&format!("c=IN {ours}\r\n")), "{answer}");
            assert_eq!(format!("IP{} {}", if agreed.address.is_ipv4() { 4 } else { 6 }, agreed.address.ip()), theirs);
        }
    }

    #[test]
    fn a_family_that_we_do_not_have_is_refused_and_holding_is_of_any() {
        let only = |family| IpFamilies::Only(family);
        let families = |theirs, ours| SdpSession::families_for(&body(theirs), &AudioTerms::default(), ours);
        assert_eq!(families("IP6 2001:db8::7", only(IpFamily::V4)), None);
        assert_eq!(families("IP4 192.0.2.7", only(IpFamily::V6)), None);
        assert_eq!(families("IP6 2001:db8::7", IpFamilies::Both), Some(only(IpFamily::V6)));
        assert_eq!(families("IP4 0.0.0.0", only(IpFamily::V6)), Some(only(IpFamily::V6)));
    }

    #[test]
    fn each_family_gets_an_offer_of_its_own_and_whoever_answers_settles_it() {
        let mut ours = session();
        let offers = ours.offers();
        let v6 = offers.of(IpFamily::V6);
        assert!(offers.of(IpFamily::V4).contains("c=IN IP4 198.51.100.5\r\nt=0 0\r\nm=audio 20000 "));
        assert!(v6.contains("c=IN IP6 2001:db8::5\r\nt=0 0\r\nm=audio 30000 ") && v6.contains("o=- 38 1 IN IP6 "), "{v6}");
        // One phone is heard before another one takes the call.
        ours.accept(&body("IP6 2001:db8::7")).unwrap();
        assert_eq!(ours.family(), IpFamily::V6);
        ours.accept(&body("IP4 192.0.2.7")).unwrap();
        ours.settle();
        assert_eq!(ours.family(), IpFamily::V4);
        assert!(ours.accept(&body("IP6 2001:db8::7")).is_err(), "the port of the other family is given back");
        assert!(ours.answer(&body("IP6 2001:db8::7")).is_err());
    }

    #[test]
    fn a_session_of_one_family_moves_to_a_port_of_the_other_and_its_next_body_is_a_new_version() {
        let mut ours = session();
        ours.answer(&body("IP4 192.0.2.7")).unwrap();
        ours.settle();
        let local = "[2001:db8::5]:30002".parse().unwrap();
        let (answer, agreed) = ours.answer_at(local, &body("IP6 2001:db8::7")).unwrap();
        assert!(
            answer.contains("o=- 38 2 IN IP6 ") && answer.contains("c=IN IP6 2001:db8::5\r\nt=0 0\r\nm=audio 30002 "),
            "{answer}"
        );
        assert_eq!((agreed.address.to_string().as_str(), ours.family()), ("[2001:db8::7]:4000", IpFamily::V6));
        assert!(ours.answer(&body("IP4 192.0.2.7")).is_err(), "it is of one family again");
        let back = "198.51.100.5:20002".parse().unwrap();
        assert!(ours.answer_at(back, &Description { media: Vec::new() }).is_err());
        assert_eq!(ours.family(), IpFamily::V6, "an offer without audio moves nothing");
    }
}
