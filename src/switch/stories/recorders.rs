//! A call's audio on its way to a recorder of another house (SIPREC): what is ordered of the endpoint and of who sends, and what the
//! floor hears of it.

use super::*;
use crate::{
    domain::directory::{ForkTarget, MediaFork},
    protocol::{
        forking::{ForkNotice, ForkOrder, ForkPeer},
        sip::CallOffer,
    },
    types::{CallId, ForkEnd, ForkFacts, ForkFailure, ForkId, ForkStop, ForkWord, MediaEncryption, PhoneNumber},
};

const ANSWER: &str =
    "v=0\r\nc=IN IP4 192.0.2.20\r\nm=audio 5000 RTP/AVP 8\r\na=recvonly\r\nm=audio 5002 RTP/AVP 8\r\na=recvonly\r\n";

/// A desk with a caller in talk whose audio is to go to a recorder.
struct Recorded {
    desk: Desk,
    leg: LegId,
    fork: ForkId,
    facts: ForkFacts,
}

/// What the endpoint is to say: an INVITE, or its changes.
struct Asked {
    dialog: DialogId,
    offer: CallOffer,
    metadata: Arc<str>,
}

impl Recorded {
    fn new(encryption: MediaEncryption) -> Self {
        let mut desk = Desk::new();
        let trunk = Trunk { media_encryption: encryption, ..Trunk::new("recorder".parse().unwrap(), "Recorder") };
        desk.legs.trunks.insert(trunk.id.clone(), trunk);
        desk.legs.recorders.host = "centre.example".into();
        let leg = desk.talking();
        let (call, fork) = (CallId::mint(desk.now.wall, &mut desk.rng), ForkId::mint(desk.now.wall, &mut desk.rng));
        let facts = ForkFacts {
            call,
            session: 1,
            is_inbound: true,
            started_at: desk.now.wall,
            customer_number: PhoneNumber::parse("+34911000001", "34").ok(),
            our_number: "1009".into(),
            queue: None,
            agent: Some("ana".parse().unwrap()),
            language: "es".into(),
        };
        Self { desk, leg, fork, facts }
    }

    fn start(&mut self, is_paused: bool) {
        let target = MediaFork {
            id: "recorder".parse().unwrap(),
            name: "Recorder".into(),
            target: ForkTarget::Siprec { trunk: "recorder".parse().unwrap(), number: "srs".into() },
            is_active: true,
            token: None,
        };
        let (leg, fork) = (self.leg, self.fork);
        let facts = Box::new(self.facts.clone());
        let said = self.desk.want(PhoneEffect::StartFork { leg, fork, target: Box::new(target), facts, is_paused });
        assert!(
            matches!(
                said.as_slice(),
                [Said::Fork(ForkOrder::Open { peer: ForkPeer::Recorder { .. }, .. }), Said::Media(MediaOrder::Fork { .. })]
            ),
            "{said:?}"
        );
    }

    fn fork(&mut self, notice: ForkNotice) -> Vec<Said> {
        self.desk.legs.hear_fork(notice, &mut self.desk.rng);
        self.desk.said()
    }

    /// Its ports are there.
    fn opened(&mut self) -> Asked {
        let locals = PerFamily::One(["192.0.2.1:30000", "192.0.2.1:30002"].map(|at| at.parse().unwrap()));
        let keys = Box::new([keys(), keys()]);
        let said = self.fork(ForkNotice::Opened { fork: self.fork, session: 1, locals, keys });
        let [Said::Sip(SipOrder::Record { dialog, target, offer, metadata, .. })] = said.as_slice() else { panic!("{said:?}") };
        assert!(matches!(target, SipTarget::Trunk { number, .. } if &**number == "srs"), "{target:?}");
        Asked { dialog: *dialog, offer: offer.clone(), metadata: metadata.clone() }
    }

    fn answered(&mut self, dialog: DialogId, answer: &str) -> Vec<Said> {
        self.desk.sip(SipNotice::Answered { dialog, answer: answer.into(), signalled_from: THEIRS, is_secure: false })
    }

    /// A session that the recorder has taken.
    fn up(&mut self) -> DialogId {
        self.start(false);
        let dialog = self.opened().dialog;
        let said = self.answered(dialog, ANSWER);
        let [Said::Fork(ForkOrder::Agree { streams, .. }), Said::Centre(CentreInput::ForkUp { session: 1, .. })] =
            said.as_slice()
        else {
            panic!("{said:?}")
        };
        let ports: Vec<u16> = streams.iter().flatten().map(|stream| stream.address.port()).collect();
        assert_eq!(ports, [5000, 5002]);
        dialog
    }

    fn tell(&mut self, word: ForkWord) -> Vec<Said> {
        self.desk.want(PhoneEffect::TellFork { fork: self.fork, word })
    }

    fn pause(&mut self, is_paused: bool) -> Vec<Said> {
        self.desk.want(PhoneEffect::PauseFork { leg: self.leg, fork: self.fork, is_paused })
    }

    /// The floor stops it when the call is over, and nothing is left.
    fn stop(mut self) -> Vec<Said> {
        let said = self.desk.want(PhoneEffect::StopFork { leg: self.leg, fork: self.fork, why: ForkStop::CallEnded });
        self.desk.want(PhoneEffect::HangUp { leg: self.leg });
        assert!(self.desk.legs.is_empty());
        said
    }
}

/// The one change that is said: offer and description.
fn rerecorded(said: &[Said]) -> (&str, &str) {
    let mut changes = said.iter().filter_map(|said| match said {
        Said::Sip(SipOrder::Rerecord { offer, metadata, .. }) => Some((&**offer, &**metadata)),
        _ => None,
    });
    let change = changes.next().unwrap_or_else(|| panic!("{said:?}"));
    assert!(changes.next().is_none(), "{said:?}");
    change
}

fn end(said: &[Said]) -> ForkEnd {
    let [Said::Fork(ForkOrder::GiveUp { end, .. }), Said::Centre(CentreInput::ForkEnded { session: 1, end: told, .. })] = said
    else {
        panic!("{said:?}")
    };
    assert_eq!(end, told);
    *end
}

#[test]
fn a_recorder_is_asked_when_the_ports_are_there_and_sent_to_what_it_takes_when_it_has_answered() {
    let mut recorded = Recorded::new(MediaEncryption::Optional);
    recorded.start(false);
    let asked = recorded.opened();
    let sdp = asked.offer.over(Transport::Udp, IpFamily::V4).unwrap();
    // The caller speaks A-law.
    assert!(sdp.contains("m=audio 30000 RTP/AVP 8 0\r\n") && sdp.contains("m=audio 30002 RTP/AVP 8 0\r\n"), "{sdp}");
    assert!(!sdp.contains("a=crypto:"), "{sdp}");
    assert_eq!(asked.offer.over(Transport::Tls, IpFamily::V4).unwrap().matches("a=crypto:").count(), 6);
    for address in ["sip:+34911000001@centre.example", "sip:ana@centre.example"] {
        assert!(asked.metadata.contains(&format!("<nameID aor=\"{address}\">")), "{}", asked.metadata);
    }
    let said = recorded.answered(asked.dialog, ANSWER);
    assert!(matches!(said.as_slice(), [Said::Fork(ForkOrder::Agree { .. }), Said::Centre(CentreInput::ForkUp { .. })]));
    let said = recorded.stop();
    assert!(
        matches!(
            said.as_slice(),
            [Said::Media(MediaOrder::StopFork { .. }), Said::Sip(SipOrder::Cancel { .. }), Said::Fork(ForkOrder::Stop { .. })]
        ),
        "{said:?}"
    );
}

#[test]
fn what_must_be_encrypted_is_not_offered_where_others_can_read_the_keys() {
    let mut recorded = Recorded::new(MediaEncryption::Required);
    recorded.start(false);
    let asked = recorded.opened();
    assert!(asked.offer.in_clear.is_none());
    assert!(asked.offer.over(Transport::Tls, IpFamily::V4).unwrap().contains("RTP/SAVP"));
    assert_eq!(end(&recorded.answered(asked.dialog, ANSWER).split_off(1)), ForkEnd::Failed(ForkFailure::Refused));
    recorded.stop();
}

#[test]
fn a_transfer_a_pause_and_a_question_are_said_to_the_recorder_each_with_all_of_it() {
    let mut recorded = Recorded::new(MediaEncryption::Never);
    let dialog = recorded.up();
    recorded.desk.now = recorded.desk.now.plus_millis(5_000);
    let luis = || ForkWord::Agent { agent: Some("luis".parse().unwrap()), queue: None };
    let said = recorded.tell(luis());
    let (offer, metadata) = rerecorded(&said);
    assert!(offer.contains("a=sendonly\r\n"));
    assert_eq!(
        (metadata.matches("<participant ").count(), metadata.matches("<disassociate-time>").count()),
        (3, 2),
        "{metadata}"
    );
    assert!(recorded.tell(luis()).iter().all(|said| matches!(said, Said::Fork(_))), "no news");

    let said = recorded.pause(true);
    // Nothing is sent from now on, before anybody has heard of it.
    assert!(matches!(
        said[..2],
        [Said::Media(MediaOrder::PauseFork { is_paused: true, .. }), Said::Fork(ForkOrder::Tell { .. })]
    ));
    let (offer, _) = rerecorded(&said);
    assert_eq!(offer.matches("a=inactive\r\n").count(), 2, "{offer}");
    let quiet = ANSWER.replace("recvonly", "inactive");
    let said = recorded.desk.sip(SipNotice::ReofferAnswered { dialog, answer: Some(quiet.into()) });
    let [Said::Fork(ForkOrder::Agree { streams, .. })] = said.as_slice() else { panic!("{said:?}") };
    assert!(streams.iter().flatten().all(|stream| !stream.is_receiving));
    let said = recorded.pause(false);
    assert_eq!(rerecorded(&said).0.matches("a=sendonly\r\n").count(), 2);
    assert_eq!(recorded.desk.sip(SipNotice::ReofferAnswered { dialog, answer: None }).len(), 0, "all stays as it was");

    let said = recorded.desk.sip(SipNotice::MetadataAsked { dialog });
    assert!(rerecorded(&said).1.contains("sip:luis@centre.example"));
    recorded.stop();
}

#[test]
fn what_changes_while_the_recorder_has_not_answered_is_said_when_it_has() {
    let mut recorded = Recorded::new(MediaEncryption::Never);
    recorded.start(true);
    let asked = recorded.opened();
    assert_eq!(asked.offer.over(Transport::Udp, IpFamily::V4).unwrap().matches("a=inactive\r\n").count(), 2);
    assert!(!recorded.pause(false).iter().any(|said| matches!(said, Said::Sip(_))));
    assert!(!recorded.tell(ForkWord::Agent { agent: None, queue: None }).iter().any(|said| matches!(said, Said::Sip(_))));
    let said = recorded.answered(asked.dialog, &ANSWER.replace("recvonly", "inactive"));
    let (offer, metadata) = rerecorded(&said);
    assert!(offer.contains("a=sendonly\r\n") && metadata.contains("<disassociate-time>"), "{metadata}");
    recorded.stop();
}

#[test]
fn a_recorder_may_move_and_has_nobody_to_transfer() {
    let mut recorded = Recorded::new(MediaEncryption::Never);
    let dialog = recorded.up();
    let offer = Some(ANSWER.replace("5000", "6000").into());
    let said = recorded.desk.sip(SipNotice::Reoffered { dialog, offer, is_secure: false });
    let [Said::Fork(ForkOrder::Agree { streams, .. }), Said::Sip(SipOrder::AnswerReoffer { answer: Some(answer), .. })] =
        said.as_slice()
    else {
        panic!("{said:?}")
    };
    assert_eq!(streams[0].as_ref().unwrap().address.port(), 6000);
    assert_eq!(answer.matches("a=sendonly\r\n").count(), 2, "{answer}");
    for (offer, is_answered) in [(Some("m=video 1 RTP/AVP 31\r\n".into()), false), (None, true)] {
        let said = recorded.desk.sip(SipNotice::Reoffered { dialog, offer, is_secure: false });
        let [Said::Sip(SipOrder::AnswerReoffer { answer, .. })] = said.as_slice() else { panic!("{said:?}") };
        assert_eq!(answer.is_some(), is_answered);
    }
    recorded.stop();
}

#[test]
fn however_a_recorder_ends_or_refuses_it_the_call_goes_on() {
    for (status, expected) in [
        (603, ForkEnd::Declined),
        (488, ForkEnd::Failed(ForkFailure::Refused)),
        (403, ForkEnd::Failed(ForkFailure::Refused)),
        (408, ForkEnd::Failed(ForkFailure::Unreachable)),
        (503, ForkEnd::Failed(ForkFailure::Unreachable)),
    ] {
        let mut recorded = Recorded::new(MediaEncryption::Never);
        recorded.start(false);
        let dialog = recorded.opened().dialog;
        assert_eq!(end(&recorded.desk.sip(SipNotice::Failed { dialog, status })), expected, "{status}");
        assert!(recorded.desk.legs.get(recorded.leg).is_some());
        recorded.stop();
    }
    for (is_lost, expected) in [(false, ForkEnd::Declined), (true, ForkEnd::Failed(ForkFailure::Lost))] {
        let mut recorded = Recorded::new(MediaEncryption::Never);
        let dialog = recorded.up();
        let said = recorded.desk.sip(SipNotice::Ended { dialog, is_lost });
        assert_eq!(end(&said[said.len() - 2..]), expected);
        assert!(recorded.desk.legs.get(recorded.leg).is_some());
        recorded.stop();
    }
    let mut recorded = Recorded::new(MediaEncryption::Never);
    recorded.start(false);
    let dialog = recorded.opened().dialog;
    let said = recorded.answered(dialog, "v=0\r\nc=IN IP4 192.0.2.20\r\nm=audio 0 RTP/AVP 8\r\n");
    assert!(matches!(said[0], Said::Sip(SipOrder::Cancel { .. })), "an answered one is hung up: {said:?}");
    assert_eq!(end(&said[1..]), ForkEnd::Failed(ForkFailure::Refused));
    recorded.stop();
}

#[test]
fn whoever_records_is_told_when_the_process_makes_way_and_the_call_goes_on() {
    let mut recorded = Recorded::new(MediaEncryption::Never);
    let dialog = recorded.up();
    recorded.desk.legs.end_recorders();
    let said = recorded.desk.said();
    let [Said::Sip(SipOrder::Cancel { dialog: ended, .. }), Said::Fork(ForkOrder::Stop { why, .. })] = said.as_slice() else {
        panic!("{said:?}")
    };
    assert_eq!((*ended, *why), (dialog, ForkStop::Restart));
    assert!(recorded.desk.legs.get(recorded.leg).is_some());
    recorded.stop();
}

#[test]
fn a_session_that_whoever_sends_has_lost_is_hung_up_and_the_floor_hears_of_it() {
    let mut recorded = Recorded::new(MediaEncryption::Never);
    let dialog = recorded.up();
    let lost = ForkEnd::Failed(ForkFailure::Lost);
    let said = recorded.fork(ForkNotice::Ended { fork: recorded.fork, session: 1, end: lost });
    let [Said::Sip(SipOrder::Cancel { dialog: ended, .. }), Said::Centre(CentreInput::ForkEnded { session: 1, end, .. })] =
        said.as_slice()
    else {
        panic!("{said:?}")
    };
    assert_eq!((*ended, *end), (dialog, lost));
    recorded.stop();
}

#[test]
fn ports_that_do_not_come_in_time_are_no_session_and_come_too_late() {
    let mut recorded = Recorded::new(MediaEncryption::Never);
    recorded.start(false);
    assert_eq!(end(&recorded.desk.wait(MEDIA_OPEN_MS_MAX)), ForkEnd::Failed(ForkFailure::Busy));
    let locals = PerFamily::One(["192.0.2.1:30000", "192.0.2.1:30002"].map(|at| at.parse().unwrap()));
    let late = ForkNotice::Opened { fork: recorded.fork, session: 1, locals, keys: Box::new([keys(), keys()]) };
    assert!(recorded.fork(late).is_empty());
    recorded.stop();
}
